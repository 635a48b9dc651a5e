"""Opens folders step by step, so that no link on the way leads elsewhere; makes what is missing."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId
from pacd.errors import FailureKind, PacError, PreflightError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

# Some network file systems cannot sync a directory; borg tolerates the same (watching.md 2.1).
_NO_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP})


class MissingRootError(PacError):
    """The folder that everything goes below is not there, or another one; it is never made."""

    kind = FailureKind.ROOT_GONE


class StrayPathError(PacError):
    """The way to a file leads out of its root, or through a symbolic link."""

    kind = FailureKind.NOT_REGULAR


def within(folder: int) -> Path:
    """
    A path that leads into an open folder while it is open, whatever becomes of its name.

    Children of this process may use it too (proc(5), "/proc/pid/fd").
    """
    return Path(f"/proc/{os.getpid()}/fd/{folder}")


def require_proc() -> None:
    """
    See that within() leads to this process's own folders.

    Raises:
        PreflightError: /proc is not mounted, or tells of another namespace's processes: a number
            there may be somebody else's (pid_namespaces(7), "/proc and PID namespaces").
    """
    try:
        own = str(Path("/proc/self").readlink()) == str(os.getpid())
    except OSError:
        own = False
    if not own:
        raise PreflightError(
            "/proc is not mounted, or is not that of this process, and PAC reaches files through "
            "it. Mount it where pacd runs: mount -t proc proc /proc"
        )


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open a folder."""
    descriptor = os.open(path, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def entered(
    root: Path, folder: Path, *, root_id: FolderId | None = None, make: bool = False
) -> Iterator[int]:
    """
    Open a folder at or below root, step by step.

    Args:
        root_id: Which folder root must still be; None for any.
        make: Whether to make what is missing below root.

    Raises:
        MissingRootError: root is not there, or another folder: a disk came or went.
        StrayPathError: A folder on the way is a symbolic link, or the way leads out.
    """
    below = folder.relative_to(root)
    if ".." in below.parts:
        raise StrayPathError(f"{below} would lead out of {root}")
    try:
        reached = os.open(root, _FOLDER)
    except FileNotFoundError as error:
        raise MissingRootError(f"{root} is missing: mount it, or make it by hand") from error
    try:
        status = os.fstat(reached)
        if root_id not in {None, (status.st_dev, status.st_ino)}:
            raise MissingRootError(
                f"{root} is another folder than it was: a disk was mounted or unmounted"
            )
        for name in below.parts:
            inner = _inner(root, reached, name, make=make)
            os.close(reached)
            reached = inner
        yield reached
    finally:
        os.close(reached)


def sync_folder(folder: int) -> None:
    """Have the disk keep the names in an open folder."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _inner(root: Path, folder: int, name: str, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=folder)
            sync_folder(folder)
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise StrayPathError(
                f"{name} below {root} is a link or a file where a folder should be"
            ) from error
        raise
