"""One pacd at a time on a state directory."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from pacd.errors import BusyError
from pacd.files.ownership import give


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
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        give(descriptor, path.parent)
        _lock(descriptor, path)
        with suppress(OSError):  # a full disk: who has it is not told, but it is had
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {mode}\n".encode(), 0)
        return cls(descriptor)

    @classmethod
    def probe(cls, path: Path) -> None:
        """
        Do nothing, unless another process has the lock; writes nothing.

        Raises:
            BusyError: Another process has it.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        _lock(descriptor, path)
        os.close(descriptor)

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid, _, mode = os.pread(descriptor, 100, 0).decode("ascii", "replace").partition(" ")
        os.close(descriptor)
        doing = "runs as the daemon" if mode.strip() == "daemon" else "is at work"
        raise BusyError(
            f"Another pacd (process {pid or 'unknown'}) {doing} on {path.parent}. "
            "Ask it with pacctl, or stop it first."
        ) from None
