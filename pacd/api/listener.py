"""Takes the socket's place in the file system, and gives it back."""

import contextlib
import fcntl
import os
import socket
import stat
from pathlib import Path
from typing import Final

from pacd.errors import BusyError, ConfigError

_DIRECTORY_MODE: Final = 0o750
_SOCKET_MODE: Final = 0o660
_LOCK_MODE: Final = 0o600


class Listener:
    """
    A bound socket that is not listening yet, and the lock that guards its path.

    Bound with mode 0600 and opened to the group before anybody can connect.
    """

    def __init__(self, path: Path) -> None:
        """
        Take the path.

        Raises:
            BusyError: Another daemon listens there.
            ConfigError: The path cannot be used; nothing was changed.
        """
        self.path = path
        self._lock = -1
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._claim()
        except OSError as exc:
            self._close()
            raise ConfigError(
                f"Cannot listen on {path}: {exc.strerror or exc}. "
                "Name another path with `socket` in [daemon] or $RUNTIME_DIRECTORY."
            ) from exc
        except BaseException:
            self._close()
            raise
        bound = path.lstat()
        self._identity = (bound.st_dev, bound.st_ino)
        self.group_gid = bound.st_gid

    def release(self) -> None:
        """Remove the socket, if it is still ours, and unlock the path."""
        with contextlib.suppress(FileNotFoundError):
            found = self.path.lstat()
            if (found.st_dev, found.st_ino) == self._identity:
                self.path.unlink()
        self._close()

    def _claim(self) -> None:
        self._make_directory()
        self._take_lock()
        self._clear_stale()
        # On Linux the file takes the mode that the descriptor has at bind time:
        # no umask is changed under the feet of other threads.
        os.fchmod(self.socket.fileno(), 0o600)
        self.socket.bind(str(self.path))
        self.path.chmod(_SOCKET_MODE)
        self.socket.setblocking(False)

    def _make_directory(self) -> None:
        parent = self.path.parent
        if not parent.exists():
            parent.mkdir(parents=True)
            parent.chmod(_DIRECTORY_MODE)

    def _take_lock(self) -> None:
        """The lock file stays when the daemon ends: removing it would be a race."""
        name = self.path.with_name(f"{self.path.name}.lock")
        self._lock = os.open(
            name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _LOCK_MODE
        )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise self._busy() from exc

    def _clear_stale(self) -> None:
        """Remove a socket that nobody listens on; never anything else."""
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(found.st_mode):
            raise ConfigError(
                f"{self.path} is in the way: it is no socket, so PAC leaves it alone. "
                "Move it away or name another path with `socket` in [daemon]."
            )
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            try:
                probe.connect(str(self.path))
            except ConnectionRefusedError:
                self.path.unlink()
                return
            except BlockingIOError:  # its backlog is full: somebody is there
                pass
        raise self._busy()

    def _busy(self) -> BusyError:
        return BusyError(
            f"Another pacd listens on {self.path}. "
            "Stop it first (`systemctl stop pacd`), or give this one another `socket` in [daemon]."
        )

    def _close(self) -> None:
        self.socket.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
