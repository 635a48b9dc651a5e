"""Gives up root's rights for a while: whoever runs the tests, a locked folder is locked."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def nobody() -> Iterator[None]:
    """Be nobody; who is not root has nothing to give up."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def common_folder() -> Iterator[Path]:
    """A folder that everybody may enter and write; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="pacd-"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o777)
        shutil.rmtree(folder)


def give_away(folder: Path) -> None:
    """Let nobody own a folder with all it holds, where that can be said."""
    if os.geteuid() == 0:
        for path in [folder, *folder.rglob("*")]:
            os.lchown(path, NOBODY, NOBODY)


def without_override() -> None:
    """Let root's rights be those of modes and owners for good: in a process that is to end."""
    _override(granted=False)


@contextmanager
def no_override() -> Iterator[None]:
    """
    Have modes bind this thread though it is root's; unlike nobody() it may import what it likes.

    Workers take them back when they are started: give them without_override() as their set-up.
    """
    _override(granted=False)
    try:
        yield
    finally:
        _override(granted=True)


def _override(*, granted: bool) -> None:
    """Take CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, or do without (capset(2), version 3)."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets):
        raise OSError(ctypes.get_errno(), "capget")
    both = 1 << 1 | 1 << 2
    sets[0] = sets[0] | (both & sets[1]) if granted else sets[0] & ~both
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")
