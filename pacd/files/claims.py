"""One pacd at a time on a library, whatever state directory each has; writes nothing."""

import fcntl
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from pacd.errors import BusyError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

Folder = tuple[int, int]
"""Device and inode."""


class Claims:
    """
    Advisory locks (flock(2)) on the root folders of libraries; one thread at a time.

    An open folder keeps its disk from being unmounted.  A daemon holds those alone that lie on a
    file system which it has open in any case; of the others it only asks whether somebody else
    holds them (decision 0006).

    Attributes:
        refused: A sentence for each library that another process holds, as of the last look.
    """

    def __init__(self, *, pinned: Iterable[Path] | None = None) -> None:
        """
        Args:
            pinned: Folders on file systems that stay mounted anyway; None for all there are.
        """
        self._pinned = None if pinned is None else tuple(pinned)
        self._held: dict[Folder, int] = {}
        self._roots: Mapping[str, Path] = {}
        self.refused: tuple[str, ...] = ()

    def take(self, roots: Mapping[str, Path]) -> None:
        """
        Claim these libraries, by name, and no others; those that are not there once they come.

        Raises:
            BusyError: Another process has one of them; what was claimed before is so still.
        """
        before, known = self._roots, set(self._held)
        self._roots = roots
        self.look()
        if self.refused:
            said, self._roots = self.refused[0], before
            self._let_go(set(self._held) - known)
            self.refused = ()
            raise BusyError(said)

    def look(self) -> None:
        """Claim what has come, or was held by another process, and let go of what is not there."""
        found, refused = set[Folder](), list[str]()
        for name, root in self._roots.items():
            with suppress(OSError):  # it is not there, or its file system knows no such locks
                if self._claim(root, found):
                    continue
                refused.append(
                    f"Another process has locked the root of library {name} ({root}), as a pacd "
                    "with a state directory of its own does; `lslocks` tells which. Stop it, or "
                    "take the library out of one of the configurations."
                )
        self.refused = tuple(refused)
        if not refused:
            self._let_go(set(self._held) - found)

    def release(self) -> None:
        """Let go of all."""
        self._let_go(set(self._held))

    def _claim(self, root: Path, found: set[Folder]) -> bool:
        """Lock a root, or ask whether it could be; False where another process holds it."""
        descriptor = os.open(root, _FOLDER)
        try:
            status = os.fstat(descriptor)
            folder = (status.st_dev, status.st_ino)
            found.add(folder)
            if folder in self._held:
                return True
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._stays(status.st_dev):
                self._held[folder], descriptor = descriptor, -1
        except BlockingIOError:
            return False
        finally:
            if descriptor >= 0:
                os.close(descriptor)
        return True

    def _stays(self, device: int) -> bool:
        return self._pinned is None or any(each.stat().st_dev == device for each in self._pinned)

    def _let_go(self, folders: Iterable[Folder]) -> None:
        for folder in folders:
            os.close(self._held.pop(folder))
