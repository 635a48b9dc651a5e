"""Whole copies of the database; a copy bears its final name only once it is on the disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pacd.errors import StoreError
from pacd.files.ownership import give
from pacd.store.connection import Connection

SCRATCH_MARK: Final = ".unfinished"


def scratch_of(target: Path) -> Path:
    """The name under which what becomes target is made; one writer, so one name is enough."""
    return target.with_name(f".{target.name}{SCRATCH_MARK}")


@contextmanager
def publishing(target: Path) -> Iterator[Path]:
    """
    Yield an empty private file that takes target's place when the block ends well.

    It is the daemon's, also where root makes it; SQLite gives a log to the owner of its database
    (3.40, unixOpen and unixOpenSharedMemory; tests/integration/store/test_backups.py).

    Raises:
        StoreError: The directory cannot be written; target is as it was.
    """
    scratch = scratch_of(target)
    try:
        sweep(target)
        _make(scratch)
        yield scratch
        sync(scratch)
        scratch.replace(target)
        sync(target.parent)
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written: {error.strerror or error}. Give the daemon's user "
            "room and the right to write in its directory."
        ) from error
    finally:
        with suppress(OSError):  # what failed first is told; the next attempt sweeps again
            sweep(target)


def _make(scratch: Path) -> None:
    made = os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    try:
        give(made, scratch.parent)
    finally:
        os.close(made)


def sweep(target: Path) -> None:
    """Remove what a killed attempt to make target left behind."""
    scratch = scratch_of(target)
    for companion in ("", "-journal", "-wal", "-shm"):
        Path(f"{scratch}{companion}").unlink(missing_ok=True)


def write_copy(source: Connection, target: Path) -> None:
    """
    Put a consistent copy of a database in target's place: one file, no log beside it.

    Atomic; others may write to the source meanwhile.
    """
    with publishing(target) as scratch:
        source.copy_to(scratch)


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
