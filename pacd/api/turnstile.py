"""Stands between the socket and aiohttp: how many clients, and how long each may take."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        clients: Connections at a time.
        followers: Of these, such as may last: streams of events, and questions with `for`.
        read_s: For a whole request to arrive.
        write_s: For a whole answer to be taken.
        shutdown_s: For requests under way when the server stops.
        heartbeat_s: Longest silence on an event stream.
        backlog: Events that wait for one subscriber before it is dropped.
    """

    clients: int = 64
    followers: int = 48
    read_s: float = 10.0
    write_s: float = 30.0
    shutdown_s: float = 2.0
    heartbeat_s: float = 15.0
    backlog: int = 1_024


class Clients:
    """
    Counts the connections; loop thread only.

    Attributes:
        followers: How many of them may last.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connected = 0
        self.followers = 0
        self._awaited: dict[Turnstile, None] = {}  # in the order in which they began

    def enter(self, turnstile: "Turnstile") -> bool:
        """
        Take in a client; return whether there is a place for it.

        Where all are taken, the one goes that has kept us waiting the longest, for its request
        or for its taking the answer: who means well is done with both at once.
        """
        self.connected += 1
        if self.connected > self.limits.clients:
            oldest = next(iter(self._awaited), None)
            if oldest is None:
                return False
            del self._awaited[oldest]
            oldest.deadline(0)
        self._awaited[turnstile] = None
        return True

    def await_(self, turnstile: "Turnstile", *, begin: bool) -> None:
        """Note that the next move is a client's, or no longer."""
        self._awaited.pop(turnstile, None)
        if begin:
            self._awaited[turnstile] = None


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

    def arrived(self) -> None:
        """The request is there whole: how long its answer takes is not the client's fault."""
        self._clients.await_(self, begin=False)
        self.deadline(None)

    def answered(self) -> None:
        """The answer is made: from here on the client is to take it."""
        self._clients.await_(self, begin=True)
        self.deadline(self._clients.limits.write_s)

    @contextmanager
    def following(self) -> Iterator[None]:
        """
        Be one of those that may last while the block runs.

        Raises:
            OverloadedError: There are as many as there may be.
        """
        most = self._clients.limits.followers
        if self._clients.followers >= most:
            raise OverloadedError(
                f"{most} clients already follow the daemon, the most it has at a time. "
                "Close some (`pacctl follow`, `pacctl wait`, dashboards)."
            )
        self._clients.followers += 1
        try:
            yield
        finally:
            self._clients.followers -= 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away."""
        self._transport = cast("asyncio.Transport", transport)
        self.deadline(self._clients.limits.read_s)
        if not self._clients.enter(self):
            self._transport.write(_turned_away(self._clients.limits.clients))
            self._transport.close()
            return
        self._handler = self._make_handler()
        self._handler.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for the next."""
        self.arrived()
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
