"""Looks at files and opens regular ones; whatever else bears a name is refused."""

import errno
import fcntl
import os
import signal
import stat
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from pacd.domain.change import FolderId, Observation
from pacd.errors import NotRegularError, OccupiedError, SourceChangedError, VerifyError
from pacd.files.folders import StrayPathError, entered, within

# open(2): a link; a socket, or a device without a driver; a folder.
_NOT_FILES: Final = frozenset({errno.ELOOP, errno.ENXIO, errno.EISDIR})
_VERY_FILE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def observe(path: Path) -> Observation:
    """
    Look at a file without opening it.

    Raises:
        NotRegularError: It is a link, a pipe, a device or a directory.
        OSError: There is nothing, or it may not be looked at.
    """
    return _observation(path, path.lstat())


def open_regular(path: Path) -> BinaryIO:
    """
    Open a file for reading; never follows a link, never waits for a pipe.

    Unbuffered, so that a program may be given its descriptor in between.

    Raises:
        NotRegularError: It is a link, a pipe, a device or a directory.
        OSError: As open() says.
    """
    try:
        file = open(path, "rb", buffering=0, opener=_opened)  # noqa: SIM115  # a Path has no opener
    except OSError as error:
        if error.errno in _NOT_FILES:
            raise _not_regular(path) from error
        raise
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise _not_regular(path)
    return file


def open_below(root: Path, path: PurePosixPath, *, root_id: FolderId | None = None) -> BinaryIO:
    """
    Open a file below a root as open_regular() does, and follow no link on the way either.

    Raises:
        SourceChangedError: It is gone, or to be had by way of a link alone.
        MissingRootError: root is not there, or another folder.
        NotRegularError, OSError: As open_regular().
    """
    whole = root / path
    try:
        with entered(root, whole.parent, root_id=root_id) as folder:
            return open_regular(within(folder) / path.name)
    except (FileNotFoundError, StrayPathError) as error:
        raise SourceChangedError(whole) from error


def open_own(scratch: Path, *, empty: bool = False) -> BinaryIO:
    """
    Open a file of PAC's own to write, or read, in place: the very file, and not through a link.

    Whoever may write in the folder could have put something else there: a symbolic link, or
    another name of a file elsewhere.

    Args:
        empty: Whether what it holds goes first.

    Raises:
        VerifyError: Somebody did.
    """
    try:
        descriptor = os.open(scratch, os.O_RDWR | _VERY_FILE)
    except OSError as error:
        if error.errno in _NOT_FILES:
            raise _exchanged(scratch) from error
        raise
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise _exchanged(scratch)
    if empty:
        os.truncate(descriptor, 0)
    return os.fdopen(descriptor, "r+b")


def _opened(name: str, _flags: int) -> int:
    """Without a trace where the owner may (open(2), O_NOATIME): the atime is the user's (w24)."""
    try:
        return os.open(name, os.O_RDONLY | _VERY_FILE | os.O_NOATIME)
    except PermissionError:
        return os.open(name, os.O_RDONLY | _VERY_FILE)


def observe_open(file: BinaryIO, path: Path) -> Observation:
    """Look at a file through its open descriptor; path serves the message only."""
    return _observation(path, os.fstat(file.fileno()))


def being_written(path: Path) -> bool:
    """
    Whether some process has the file open for writing; False also where nobody can tell.

    Asks for a read lease, which the kernel refuses while there is a writer, and gives
    it back at once (fcntl(2), "Leases").
    """
    try:
        file = open_regular(path)
    except (OSError, NotRegularError):
        return False
    with file:
        try:
            # A writer that comes now would raise SIGIO, which kills; SIGURG is ignored.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return error.errno in {errno.EAGAIN, errno.EWOULDBLOCK}
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def require_untouched(path: Path, expected: Observation) -> None:
    """
    Look at a file again.

    Raises:
        SourceChangedError: It is another now, or gone.
    """
    try:
        untouched = observe(path) == expected
    except FileNotFoundError:
        untouched = False
    if not untouched:
        raise SourceChangedError(path)


def require_same_bytes(path: Path, expected: Observation) -> None:
    """
    Look at a file again that may have been given another name since, which changes its ctime.

    Raises:
        SourceChangedError: It was written to, something else stands there, or nothing.
    """
    try:
        same = observe(path).same_bytes(expected)
    except (FileNotFoundError, NotRegularError):
        same = False
    if not same:
        raise SourceChangedError(path)


def require_unwritten(path: Path) -> None:
    """
    Ask whether somebody is writing a file.

    Raises:
        OccupiedError: Somebody has it open for writing.
    """
    if being_written(path):
        raise OccupiedError(f"{path.name} is open in another program that may write to it")


def _observation(path: Path, found: os.stat_result) -> Observation:
    if not stat.S_ISREG(found.st_mode):
        raise _not_regular(path)
    return Observation(
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_nlink,
    )


def _exchanged(scratch: Path) -> VerifyError:
    return VerifyError(f"somebody has put something else in the place of PAC's own {scratch.name}")


def _not_regular(path: Path) -> NotRegularError:
    return NotRegularError(f"{path.name} is a link, a pipe, a device or a folder, not a file")
