"""Hands a file to a program that writes it: the file itself, not its name."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pacd.errors import ToolError

_VERY_FILE: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# open(2): a link; a socket, or a device without a driver; a folder.
_NOT_FILES: Final = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR})


@contextmanager
def handed(target: Path) -> Iterator[Path]:
    """
    Open a file that a program is to write, and yield a path by which it does (X2).

    Programs open their output by name and follow links.  Whoever may write in the folder could
    exchange it for one, at any moment; this path leads to what was opened here (proc(5),
    "/proc/pid/fd"), which is a file with no other name.

    Raises:
        ToolError: It is a link already, or anything else than that.
        OSError: The disk is full, or fails.
    """
    try:
        descriptor = os.open(target, _VERY_FILE, 0o600)
    except OSError as error:
        if error.errno not in _NOT_FILES:
            raise
        raise ToolError(f"{target.name} cannot be written: {error.strerror}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise ToolError(f"{target.name} is not a file of PAC's own: nothing is written to it")
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
    finally:
        os.close(descriptor)
