"""Stands between the socket and aiohttp: how many clients, and how long each may take."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from pacd import VERSION
from pacd.api.failures import OverloadedError, failure
from pacd.protocol.wire import PROTOCOL, PROTOCOL_HEADER, VERSION_HEADER

SIGNATURE: Final = {
    PROTOCOL_HEADER: str(PROTOCOL),
    VERSION_HEADER: VERSION,
    "Server": f"pacd/{VERSION}",
}
"""Headers by which a client knows whom it talks to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What one client may take from the others.

    Attributes:
        read_s: For a whole request to arrive.
        write_s: For a whole answer to be taken.
        shutdown_s: For requests under way when the server stops.
        heartbeat_s: Longest silence on an event stream.
        backlog: Events that wait for one subscriber before it is dropped.
    """

    clients: int = 64
    read_s: float = 10.0
    write_s: float = 30.0
    shutdown_s: float = 2.0
    heartbeat_s: float = 15.0
    backlog: int = 1_024


class Clients:
    """Counts the connections; loop thread only."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connected = 0


class Turnstile(asyncio.Protocol):
    """
    Passes a connection on to aiohttp's handler, with a deadline on it.

    aiohttp gives a client all the time in the world to send its header; here a
    connection is cut when its deadline passes.  It starts with the time to
    send a request; `deadline` sets the next.
    """

    def __init__(self, clients: Clients, make_handler: Callable[[], asyncio.Protocol]) -> None:
        self._clients = clients
        self._make_handler = make_handler
        self._handler: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def deadline(self, seconds: float | None) -> None:
        """Cut the connection after so many seconds; None lifts the deadline."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and self._transport is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._transport.abort)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away."""
        self._transport = cast("asyncio.Transport", transport)
        self._clients.connected += 1
        self.deadline(self._clients.limits.read_s)
        if self._clients.connected > self._clients.limits.clients:
            self._transport.write(_turned_away(self._clients.limits.clients))
            self._transport.close()
            return
        self._handler = self._make_handler()
        self._handler.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        self.deadline(None)
        self._clients.connected -= 1
        if self._handler is not None:
            self._handler.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on; what a client says that was turned away is not heard."""
        if self._handler is not None:
            self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on."""
        return self._handler.eof_received() if self._handler is not None else None

    def pause_writing(self) -> None:
        """Pass on."""
        if self._handler is not None:
            self._handler.pause_writing()

    def resume_writing(self) -> None:
        """Pass on."""
        if self._handler is not None:
            self._handler.resume_writing()


def _turned_away(clients: int) -> bytes:
    status, content = failure(
        OverloadedError(
            f"The daemon already serves {clients} clients, the most it does at a time. "
            "Close some (`pacctl follow`, dashboards), or try again in a moment."
        )
    )
    signature = "".join(f"{name}: {value}\r\n" for name, value in SIGNATURE.items())
    head = (
        f"HTTP/1.1 {status} Service Unavailable\r\n{signature}Connection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return (head + content).encode("ascii")
