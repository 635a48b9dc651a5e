"""The API's server: opens the socket, answers until stopped, calls the daemon in threads."""

import asyncio
import functools
import logging
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from aiohttp import web

from pacd.api import requests
from pacd.api.attendant import Attendant, NotOurFault
from pacd.api.events import EventHub
from pacd.api.guard import CONTENT, PEER, Guard, Handler, sign, turnstile_of
from pacd.api.listener import Listener
from pacd.api.routes import LONGEST_WAIT_S, READS, WRITES, Read, Write
from pacd.api.turnstile import Clients, Limits, Turnstile
from pacd.protocol.documents import Document, to_json
from pacd.protocol.metrics import CONTENT_TYPE, exposition
from pacd.protocol.port import Daemon
from pacd.protocol.wire import MAX_BODY_BYTES, PREFIX

T = TypeVar("T")

_THREADS: Final = 4  # for what may look at slow disks or tell of thousands of files
_QUICK_THREADS: Final = 2  # for what is known already: status and health
_MAX_LINE_BYTES: Final = 16_384  # PATH_MAX (4096, linux/limits.h), each byte as %XX, and room
_MAX_FIELD_BYTES: Final = 4_096
_MAX_HEADERS: Final = 32
_BACKLOG: Final = 128
_AT_ONCE: Final = 16
"""
So many are let in before those inside are heard (asyncio's accept loop): far fewer than there
are places, so that nobody has to go who has sent a request already.
"""
_TURNS_TO_BEGIN: Final = 3
"""
The loop's turns from an accepted connection to a protocol that has it: one for asyncio's task,
one for connection_made(), one as others may come first (CPython 3.11, selector_events).
"""
_LOOK_AGAIN_S: Final = 1.0  # idleness may come without an event
_CALM_S: Final = 0.1  # between two looks, however many events there are


class ApiServer:
    """The API of one daemon on one socket; start and stop it in the same loop."""

    def __init__(self, daemon: Daemon, socket: Path, limits: Limits | None = None) -> None:
        self._daemon = daemon
        self._path = socket
        self._limits = limits or Limits()
        self._hub = EventHub(
            daemon, capacity=self._limits.backlog, heartbeat_s=self._limits.heartbeat_s
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="pacd-api")
        self._quick = ThreadPoolExecutor(_QUICK_THREADS, thread_name_prefix="pacd-api-quick")
        self._listener: Listener | None = None
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """
        Take the socket and answer from now on.

        Raises:
            BusyError: Another daemon listens there.
            ConfigError: The path cannot be used.
        """
        listener = Listener(self._path)
        self._listener = listener
        guard = Guard(self._limits, owner_uid=os.geteuid(), group_gid=listener.group_gid)
        self._runner = web.AppRunner(
            self._application(guard),
            handler_cancellation=True,
            shutdown_timeout=self._limits.shutdown_s,
        )
        await self._runner.setup()
        server, loop = self._runner.server, asyncio.get_running_loop()
        if server is None:
            raise RuntimeError("aiohttp set up no server")
        attendant = functools.partial(
            Attendant,
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # aiohttp takes it for none
            logger=_http_log(),
            tcp_keepalive=False,
            lingering_time=1.0,
            auto_decompress=False,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_FIELD_BYTES,
            max_headers=_MAX_HEADERS,
        )
        self._hub.open()
        clients = Clients(self._limits)
        self._server = await loop.create_unix_server(
            lambda: Turnstile(clients, attendant), sock=listener.socket, backlog=_AT_ONCE
        )
        listener.socket.listen(_BACKLOG)  # also says how many wait in the kernel: raise that

    async def stop(self) -> None:
        """Take no more clients, end the streams, let answers finish, remove the socket."""
        if self._server is not None:
            await self._admit_no_more()
            self._server.close()
            self._server = None
        self._hub.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._listener is not None:
            self._listener.release()
            self._listener = None
        for threads in (self._quick, self._threads):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _admit_no_more(self) -> None:
        """
        Let those in who are accepted already, and no more.

        One whom asyncio has accepted, but not begun with when its server closes, it forgets:
        nobody would ever hang up on them.
        """
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.socket)
        for _ in range(_TURNS_TO_BEGIN):
            await asyncio.sleep(0)

    def _application(self, guard: Guard) -> web.Application:
        application = web.Application(middlewares=[guard.admit], client_max_size=MAX_BODY_BYTES)
        application.on_response_prepare.append(sign)
        router = application.router
        for read in READS:
            router.add_get(PREFIX + read.path, self._reader(read), allow_head=False)
        for write in WRITES:
            router.add_post(PREFIX + write.path, self._writer(write))
        router.add_get(f"{PREFIX}/events", self._events, allow_head=False)
        router.add_get(f"{PREFIX}/metrics", self._metrics, allow_head=False)
        return application

    def _reader(self, route: Read) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            given = requests.Arguments(
                {**requests.query(request.raw_path), **request.match_info}, route.takes
            )
            ask = functools.partial(route.answer, self._daemon, given)
            threads = self._quick if route.quick else self._threads
            wait_s = given.seconds("for")
            if wait_s is None:
                return await self._answer(ask, threads)
            with turnstile_of(request).following():
                document = await self._when_ready(ask, route, min(wait_s, LONGEST_WAIT_S))
                return await self._answer(lambda: document)

        return handle

    def _writer(self, route: Write) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            given = requests.Arguments(requests.body(request[CONTENT]), route.takes)
            return await self._answer(
                functools.partial(route.answer, self._daemon, given, request[PEER].who)
            )

        return handle

    async def _events(self, request: web.Request) -> web.StreamResponse:
        given = requests.Arguments(requests.query(request.raw_path), ("since",))
        asked = "since" in requests.query(request.raw_path)
        since = given.number("since") if asked else None
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        response.force_close()
        turnstile = turnstile_of(request)
        with turnstile.following():
            await response.prepare(request)
            lines = self._hub.lines(since, lambda after: self._call(self._kept, after))
            async with aclosing(lines):
                async for line in lines:
                    # A reader that takes nothing for so long is cut off: its
                    # connection, not the daemon, pays for it.
                    turnstile.deadline(self._limits.write_s)
                    await response.write(line.encode("ascii") + b"\n")
                    turnstile.deadline(None)
        return response

    async def _metrics(self, request: web.Request) -> web.Response:
        requests.Arguments(requests.query(request.raw_path), ())
        text = await self._call(lambda: exposition(self._daemon.metrics()))
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    def _kept(self, since: int) -> tuple[Any, ...]:
        return self._daemon.events(since)

    async def _when_ready(
        self, ask: Callable[[], Document], route: Read, wait_s: float
    ) -> Document:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + wait_s
        while True:
            pulse = self._hub.pulse
            document = await self._call(ask)
            left_s = end_s - loop.time()
            if left_s <= 0 or route.ready(document):
                return document
            await asyncio.sleep(min(_CALM_S, left_s))
            with suppress(TimeoutError):
                await asyncio.wait_for(pulse.wait(), min(_LOOK_AGAIN_S, left_s))

    async def _answer(
        self, ask: Callable[[], Document], threads: Executor | None = None
    ) -> web.Response:
        """Ask, and write it down, in one go: each change of threads may have to wait (B5)."""
        text = await self._call(lambda: to_json(ask()), threads=threads)
        return web.Response(text=text + "\n", content_type="application/json")

    async def _call(
        self, function: Callable[..., T], *arguments: Any, threads: Executor | None = None
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(threads or self._threads, function, *arguments)


def _http_log() -> logging.Logger:
    logger = logging.getLogger("pacd.api.http")
    logger.addFilter(NotOurFault())
    return logger
