"""Whether files wait for room on a disk; has them tried as soon as there is some."""

import errno
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pacd.domain.policy import DaemonPolicy
from pacd.engine.awaiting import Kept, Want, kept_waiting, pieces
from pacd.errors import FailureKind
from pacd.files.room import NO_ROOM, Room, probe
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store


class Cramped:
    """Remembers how much room there was where files wait for more; of the engine's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: dict[Path, Room] | None = None  # nobody knows what was before the start

    def look(
        self, policy: DaemonPolicy, ids: Mapping[str, int], want: Want, *, now: datetime
    ) -> tuple[Problem, ...]:
        """
        Return a problem for each root that files wait for; have those visited that may go well.

        They may where a file can be made again, or twice as much is free as there ever was since
        they were tried.  Where that never shows, as with a quota on a part, they wait for their
        retries: they would be tried again at each look.
        """
        before, noted = self._noted, dict[Path, Room]()
        problems = list[Problem]()
        for root, kept in self._by_root(policy, ids, now).items():
            room = probe(root)
            first = NO_ROOM if before is None else room
            then = before.get(root, first) if before else first
            if room.free.lacks(policy.min_free_bytes) or room.error:
                noted[root] = NO_ROOM
                problems += _full(root, room, kept, policy.min_free_bytes)
            elif room.exceeds(then):
                noted[root] = room
                for each in kept:
                    each.hasten(self._store, want, now=now)
            else:
                noted[root] = room.least(then)
                problems += _tight(root, room, kept)
        self._noted = noted
        return tuple(problems)

    def _by_root(
        self, policy: DaemonPolicy, ids: Mapping[str, int], now: datetime
    ) -> Mapping[Path, list[Kept]]:
        found = defaultdict[Path, list[Kept]](list)
        for kept in kept_waiting(self._store, policy, ids, FailureKind.NO_SPACE, now=now):
            found[kept.root].append(kept)
        return found


def _full(root: Path, room: Room, kept: Iterable[Kept], reserve_bytes: int) -> Iterator[Problem]:
    """What is used up; below the reserve that is told of anyway (engine.overview)."""
    if room.free.lacks(reserve_bytes):
        return
    how = f"{pieces(sum(each.files for each in kept))} for it"
    if room.error == errno.EDQUOT:
        what = f"The quota of pacd's user on the disk of {root} is used up: {how}."
        fix = "Raise it (setquota, edquota) or remove files there; PAC goes on by itself."
    elif room.without_inodes:
        what = f"The disk of {root} has no inode left, of which each file takes one: {how}."
        fix = (
            f"Remove files there (`df -i {root}` counts them), or make a file system with more "
            "inodes; PAC goes on by itself."
        )
    else:
        what = f"The disk of {root} is full: {how}."
        fix = "Free some space there; PAC goes on by itself."
    yield Problem(kind=ProblemKind.DISK_FULL, what=what, fix=fix, path=str(root))


def _tight(root: Path, room: Room, kept: Iterable[Kept]) -> Iterator[Problem]:
    """What found no room although some is left: it is too large, or a part has a quota."""
    later = sum(each.later for each in kept)
    if later:
        yield Problem(
            kind=ProblemKind.DISK_FULL,
            what=f"{pieces(later)} for more room below {root}, on whose disk "
            f"{room.free.size_bytes >> 20} MiB are free.",
            fix="Free more space there, or raise the quota of that part (`quota` tells); PAC tries "
            "again by itself, and at once after `pacctl scan`.",
            path=str(root),
        )
