"""One pacd at a time on a state directory."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from pacd.errors import BusyError, UnwritableError
from pacd.files.ownership import give

_ELSEWHERE: Final = "Set [daemon] state_dir to a directory the daemon's user can write."
_ADVICE: Final = {
    errno.EIO: "Look for disk errors in the system's log.",
    errno.ENOSPC: "Make room on its file system.",
    errno.EDQUOT: "Make room in the quota of the daemon's user.",
    errno.EROFS: f"Make its file system writable again. Or: {_ELSEWHERE}",
}


class Lock:
    """
    An advisory lock on a file, held until release() or the end of the process.

    It is let go by the kernel however the process ends, so there is no stale lock.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, mode: str) -> "Lock":
        """
        Take the lock, and write into it who has it.

        Args:
            mode: What this process does, as "daemon" or "once".

        Raises:
            BusyError: Another process has it; the message names it.
            UnwritableError: The directory cannot be made or used, or its disk fails.
        """
        with _in_words(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = _locked(path, os.O_RDWR | os.O_CREAT)
        with suppress(OSError):  # a full disk: who has it is not told, but it is had
            give(descriptor, path.parent)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {mode}\n".encode(), 0)
        return cls(descriptor)

    @classmethod
    def probe(cls, path: Path) -> None:
        """
        Do nothing, unless another process has the lock; writes nothing.

        Raises:
            BusyError: Another process has it.
            UnwritableError: The directory cannot be used, or its disk fails.
        """
        with _in_words(path), suppress(FileNotFoundError):
            os.close(_locked(path, os.O_RDONLY))

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what the file system says into a sentence, and what to do about it."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, _ELSEWHERE)
        found = error.strerror or error
        raise UnwritableError(f"{path} cannot be locked: {found}. {advice}") from error


def _locked(path: Path, flags: int) -> int:
    """Open and lock it; what is made has the owner of its directory."""
    with ExitStack() as undo:
        descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        undo.callback(os.close, descriptor)
        if flags & os.O_CREAT and os.geteuid() == 0:
            # What an administrator makes must not lock out the daemon's user.
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        _lock(descriptor, path)
        undo.pop_all()
    return descriptor


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid, _, mode = os.pread(descriptor, 100, 0).decode("ascii", "replace").partition(" ")
        doing = "runs as the daemon" if mode.strip() == "daemon" else "is at work"
        raise BusyError(
            f"Another pacd (process {pid or 'unknown'}) {doing} on {path.parent}. "
            "Ask it with pacctl, or stop it first."
        ) from None
