"""A real API server on a real socket, and real pacctl processes that talk to it."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pacd.api.server import ApiServer
from pacd.api.turnstile import Limits
from pacd.protocol.port import Daemon

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 20.0
_POLL_S = 0.005


@contextlib.contextmanager
def serving(daemon: Daemon, path: Path, limits: Limits | None = None) -> Iterator[Path]:
    """Serve a daemon on a socket while the block runs, in a loop of its own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def started() -> ApiServer:
        server = ApiServer(daemon, path, limits)
        await server.start()
        return server

    try:
        server = asyncio.run_coroutine_threadsafe(started(), loop).result(TIMEOUT_S)
        try:
            yield path
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(TIMEOUT_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(TIMEOUT_S)
        loop.close()


def environment(**more: str) -> dict[str, str]:
    """What pacctl sees: nothing of the machine's own settings."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        **more,
    }


def pacctl(
    *arguments: str | bytes, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pacctl to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pacctl", *arguments],
        env=environment(**(env or {})),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def start_pacctl(*arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start pacctl with a pipe for its output."""
    return subprocess.Popen(
        [sys.executable, "-m", "pacctl", *arguments],
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def connected(path: Path) -> socket.socket:
    """A bare connection; it waits for room in the backlog, as a blocking connect() does."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    connection.settimeout(TIMEOUT_S)
    return connection


@contextlib.contextmanager
def answering(answer: bytes, path: Path) -> Iterator[Path]:
    """Something that is not our server: it gives every client the same bytes."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.recv(65_536)
                        client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield path
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(TIMEOUT_S)


def received(connection: socket.socket) -> bytes:
    """Everything until the other side closes, however it does that."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while block := connection.recv(65_536):
            found += block
    return found


def exchange(path: Path, request: bytes) -> bytes:
    """Send raw bytes; return everything that comes back."""
    with connected(path) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return received(connection)


def request(
    verb: str, *, method: str = "GET", host: str = "pacd", headers: str = "", body: str = ""
) -> bytes:
    """A request as bytes."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{method} /v1/{verb} HTTP/1.1\r\nHost: {host}\r\n{headers}{length}"
        f"Connection: close\r\n\r\n{body}"
    ).encode("latin-1")


def status_of(answer: bytes) -> int:
    """The HTTP status of a raw answer; 0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that another thread or process brings about."""
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(_POLL_S)
