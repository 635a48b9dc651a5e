"""Tells systemd how the daemon is, over the socket it gave; without one, says nothing."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import sdnotify

# systemd 252, src/core/manager.c: a datagram above NOTIFY_BUFFER_MAX (PIPE_BUF, 4096
# bytes) is ignored whole; a character of UTF-8 takes at most four.
_STATUS_CHARS: Final = 1000

EXTENSION_S: Final = 60.0
"""How much more time is asked for at once; asked again after a third of it."""


class Notifier:
    """
    The daemon's side of sd_notify(3); only for the main process.

    Nothing here blocks or raises: a message that cannot be sent is dropped.

    Attributes:
        watchdog_interval_s: How often to call watchdog(): half of what systemd
            allows; None where it does not watch this process.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """
        Args:
            environ: The process's own environment; sdnotify finds the socket there.
        """
        self.watchdog_interval_s = _watchdog_interval_s(environ)
        self._notifier = sdnotify.SystemdNotifier() if environ.get("NOTIFY_SOCKET") else None
        if self._notifier and self._notifier.socket:
            # sdnotify 0.3.2 leaves it blocking: a systemd that hangs would hang the daemon.
            self._notifier.socket.setblocking(False)

    def ready(self) -> None:
        """Start-up, or a reload, is complete."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """What ``systemctl status`` shows; shown on one line, whatever it holds."""
        line = "".join(char if char.isprintable() else " " for char in text)
        self._send(f"STATUS={line[:_STATUS_CHARS]}")

    def watchdog(self) -> None:
        """The daemon is healthy; call it only when that was checked."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """The configuration is being read again; ready() ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The daemon is going down; nothing takes that back."""
        self._send("STOPPING=1")

    def extend_timeout(self, seconds: float) -> None:
        """
        Starting, running or stopping may take this much longer from now.

        The watchdog too waits so long for its next ping (systemd 252, service_extend_timeout();
        tests/thorough/test_booted.py): a start after READY=1 needs none.
        """
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    @asynccontextmanager
    async def more_time(
        self, at_most_s: float, *, extension_s: float = EXTENSION_S
    ) -> AsyncIterator[None]:
        """
        Keep systemd from losing patience while the block runs, and its loop turns.

        Args:
            at_most_s: After that long no more is asked for: then it hangs, and systemd ends it.
        """
        self.extend_timeout(extension_s)
        extending = asyncio.create_task(self._extend(at_most_s, extension_s))
        try:
            yield
        finally:
            extending.cancel()
            with suppress(asyncio.CancelledError):
                await extending

    async def _extend(self, at_most_s: float, extension_s: float) -> None:
        end_s = time.monotonic() + at_most_s
        while time.monotonic() < end_s:
            # sd_notify(3): the next must come before the last one has run out.
            await asyncio.sleep(extension_s / 3)
            self.extend_timeout(extension_s)

    def close(self) -> None:
        """Let go of the socket; later messages are dropped."""
        if self._notifier and self._notifier.socket:
            self._notifier.socket.close()
        self._notifier = None

    def _send(self, message: str) -> None:
        if self._notifier:
            # sdnotify 0.3.2 encodes Latin-1 and drops what that cannot hold: this gives
            # it the bytes of UTF-8 (tests/integration/test_systemd.py).
            self._notifier.notify(message.encode("utf-8", "replace").decode("latin-1"))


def _watchdog_interval_s(environ: Mapping[str, str]) -> float | None:
    """sd_watchdog_enabled(3): both variables are set, and the process is this one."""
    allowed_us = environ.get("WATCHDOG_USEC", "")
    watched = environ.get("WATCHDOG_PID", str(os.getpid()))
    if not allowed_us.isdecimal() or int(allowed_us) == 0 or watched != str(os.getpid()):
        return None
    return int(allowed_us) / 2 / 1_000_000
