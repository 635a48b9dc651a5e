"""Programs that write slowly, each in its own way: none is disturbed before it has finished."""

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath

import pytest

from pacd.files.atomic import being_written
from pacd.intake.audit import look
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler

QUIET_S = 10.0
PAUSE_S = 3_600.0
SIZE_BYTES = 8_192


@contextmanager
def appending(path: Path) -> Iterator[None]:
    """As cp, dd and scp write: from the front, with pauses."""
    with path.open("wb", buffering=0) as file:
        file.write(b"fLaC")
        yield


@contextmanager
def filling(path: Path) -> Iterator[None]:
    """As torrent clients write: the full size is there at once (posix_fallocate(3))."""
    with path.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, SIZE_BYTES)
        os.pwrite(file.fileno(), b"\xff\xf8", SIZE_BYTES // 2)
        yield


@contextmanager
def mapping(path: Path) -> Iterator[None]:
    """By memory, the file itself closed: inotify(7) tells of no write to it."""
    with path.open("w+b") as file:
        file.truncate(SIZE_BYTES)
        memory = mmap.mmap(file.fileno(), SIZE_BYTES)
    memory[:4] = b"fLaC"
    yield
    memory.close()


@pytest.mark.parametrize("writer", [appending, filling, mapping])
def test_w11_a_writer_that_pauses_for_an_hour(
    tmp_path: Path, writer: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """w11: whoever has the file open, or in memory, to write to it has not finished."""
    path = tmp_path / "01.flac"
    settler = Settler(QUIET_S, being_written)

    def restless(now_s: float) -> list[str]:
        entries = look(tmp_path, PurePosixPath(), Ignore()).entries
        late_ns = path.stat().st_ctime_ns + round(now_s * 1e9)
        return list(settler.restless(tmp_path, entries, now_s=now_s, wall_ns=late_ns))

    with writer(path):
        for hour in range(4):
            assert ["01.flac"] == restless(hour * PAUSE_S)
    assert [] == restless(4 * PAUSE_S)
