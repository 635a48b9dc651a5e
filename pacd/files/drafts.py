"""
Folders of a recycle bin that have no name of their own yet, and who is at them.

Whoever fills one has it locked, and so has who ends what another has left (flock(2)): the kernel
knows of all that have it open, also of those that /proc does not show, and lets go of it however
they end.  Where a file system has no such locks, the names of processes have to do.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pacd.errors import OccupiedError
from pacd.files.atomic import scratch_name

OURS_ALONE: Final = 0o700
"""A file from a private folder is not to be had through the bin."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def inside(folder: int, name: str) -> Iterator[int]:
    """Open a folder in an open folder; no link leads there."""
    inner = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield inner
    finally:
        os.close(inner)


def stands(inner: int, name: str) -> bool:
    """Whether anything in an open folder bears a name."""
    try:
        os.stat(name, dir_fd=inner, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def names(folder: int) -> list[str]:
    """All that an open folder holds."""
    return os.listdir(folder)


@contextmanager
def begun(folder: int) -> Iterator[tuple[str, int]]:
    """
    Make a folder, and yield its name and itself, open and locked until the block ends.

    Raises:
        OccupiedError: Somebody took it for left over before it was locked, and removes it.
    """
    name = scratch_name()
    os.mkdir(name, OURS_ALONE, dir_fd=folder)
    with held(folder, name) as inner:
        if inner is None:
            raise OccupiedError("somebody else removes what is new in the recycle bin just now")
        yield name, inner


@contextmanager
def held(folder: int, name: str) -> Iterator[int | None]:
    """
    Yield a folder that was begun, open and locked until the block ends.

    None where somebody else is at it, or it has lost that name meanwhile.
    """
    try:
        inner = os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        yield None
        return
    try:
        yield inner if _locked(inner) and _bears(inner, folder, name) else None
    finally:
        os.close(inner)


def _locked(inner: int) -> bool:
    """Lock an open folder; False if somebody else has."""
    try:
        fcntl.flock(inner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno != errno.EWOULDBLOCK  # any other: there are no locks here
    return True


def _bears(inner: int, folder: int, name: str) -> bool:
    """Whether an open folder has its name still: who had it locked before may have ended it."""
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(inner))
