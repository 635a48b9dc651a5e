"""What is made of what a disk says of its room."""

import errno
import math

import pytest

from pacd.files.room import NO_ROOM, Free, Room

GIB = 1 << 30
LOTS = Free(100 * GIB, 1e6)


@pytest.mark.parametrize(
    ("free", "lacks"),
    [
        (Free(GIB, 1_024), ""),
        (Free(GIB - 1, 1_024), "less free space than the reserve"),
        (Free(GIB, 1_023), "fewer free inodes, of which each file takes one, than the reserve"),
        (Free(GIB, math.inf), ""),
    ],
)
def test_w23_a_reserve_is_of_bytes_and_of_inodes(free: Free, lacks: str) -> None:
    """w23: a disk on which no file can be made any more is as full as one without a byte."""
    assert lacks == free.lacks(GIB)
    assert not free.lacks(0)


@pytest.mark.parametrize(
    ("now", "exceeds"),
    [
        (Room(LOTS, 1 << 20), False),
        (Room(LOTS, 8 << 20), True),
        (Room(Free(2 * LOTS.size_bytes - 1, LOTS.files), 1 << 20), False),
        (Room(Free(2 * LOTS.size_bytes, LOTS.files), 1 << 20), True),
        (Room(Free(LOTS.size_bytes, 2 * LOTS.files), 1 << 20), True),
        (Room(Free(LOTS.size_bytes, math.inf), 64 << 10), True),
    ],
)
def test_w18_what_counts_as_more_room(now: Room, exceeds: bool) -> None:
    """w18: what did not fit is not tried again because of each byte that comes and goes."""
    assert exceeds == now.exceeds(Room(LOTS, 1 << 20))


def test_w18_any_room_is_more_than_none() -> None:
    """w18: what failed for want of room is tried as soon as a file can be made again."""
    bare = Room(Free(0, math.inf), 0)

    assert bare.exceeds(NO_ROOM)
    assert not bare.exceeds(bare)
    assert Room(Free(1, 2), 3) == Room(Free(1, 9), 3).least(Room(Free(4, 2), 5))


@pytest.mark.parametrize(
    ("room", "without"),
    [
        (Room(Free(GIB, 0), 0, errno.ENOSPC), True),
        (Room(Free(GIB, 0), 0, errno.EDQUOT), False),
        (Room(Free(0, 9), 0, errno.ENOSPC), False),
        (Room(Free(GIB, 0), 1 << 20), False),
    ],
)
def test_w18_bytes_may_be_free_and_inodes_not(room: Room, without: bool) -> None:
    """w18: who is told to free some space would look at 100 GiB and not believe it."""
    assert without == room.without_inodes
