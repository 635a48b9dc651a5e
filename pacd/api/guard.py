"""What every request passes before it is answered: who asks, how, and how errors are said."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Final, cast

import structlog
from aiohttp import web

from pacd import VERSION
from pacd.api.failures import DeniedError, MismatchError, failure, http_failure
from pacd.api.peers import Peer, Rights, peer_of, rights
from pacd.api.turnstile import SIGNATURE, Limits, Turnstile
from pacd.errors import PacError
from pacd.protocol.wire import HOST, MAX_BODY_BYTES, PREFIX, PROTOCOL, PROTOCOL_HEADER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PEER: Final = web.RequestKey("peer", Peer)
CONTENT: Final = web.RequestKey("content", bytes)

_log = structlog.get_logger("pacd.api")


class Guard:
    """
    The one middleware.

    Reads the body whole before anything else happens, so that a slow client
    costs its own deadline and nothing more, and gives each error its document.
    """

    def __init__(self, limits: Limits, *, owner_uid: int, group_gid: int) -> None:
        self._limits = limits
        self._owner_uid = owner_uid
        self._group_gid = group_gid

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass a request on that may pass; answer all that goes wrong."""
        response: web.StreamResponse
        turnstile = turnstile_of(request)
        try:
            self._check(request)
            request[CONTENT] = await request.read()
            turnstile.arrived()
            response = await handler(request)
        except PacError as exc:
            status, text = failure(exc)
            response = _json(status, text)
        except web.HTTPException as exc:
            response = _json(exc.status, http_failure(exc.status, *_words(request, exc)))
        if not response.prepared:
            response.force_close()
            turnstile.answered()
        return response

    def _check(self, request: web.Request) -> None:
        connection = cast("socket.socket", _transport(request).get_extra_info("socket"))
        peer = peer_of(connection)
        request[PEER] = peer
        _refuse_browsers(request)
        _negotiate(request)
        verb = _verb(request)
        granted = rights(peer, owner_uid=self._owner_uid, group_gid=self._group_gid)
        writes = request.method != "GET"
        if granted < (Rights.WRITE if writes else Rights.READ):
            _log.warning(
                "api-denied",
                action="api",
                status="warn",
                verb=verb,
                method=request.method,
                uid=peer.uid,
                pid=peer.pid,
            )
            raise _denial(peer, granted)
        if writes and request.match_info.http_exception is None:
            _log.info("api-write", action="api", status="ok", verb=verb, uid=peer.uid, pid=peer.pid)


async def sign(_request: web.Request, response: web.StreamResponse) -> None:
    """For Application.on_response_prepare: every answer says what speaks, 500 included."""
    response.headers.update(SIGNATURE)
    response.headers["Cache-Control"] = "no-store"


def turnstile_of(request: web.Request) -> Turnstile:
    """The connection's own turnstile."""
    return cast("Turnstile", _transport(request).get_protocol())


def _transport(request: web.Request) -> asyncio.Transport:
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    return request.transport


def _refuse_browsers(request: web.Request) -> None:
    """A page in a browser, also behind a rebound name or a careless proxy, gets nothing."""
    if request.headers.get("Host") != HOST:
        raise DeniedError(f"The Host header must be {HOST!r}: this socket is for pacctl alone.")
    for name in ("Origin", "Referer"):
        if name in request.headers:
            raise DeniedError(f"Requests with {name} come from a browser and are refused.")


def _negotiate(request: web.Request) -> None:
    spoken = request.headers.get(PROTOCOL_HEADER, str(PROTOCOL))
    if spoken != str(PROTOCOL):
        raise MismatchError(
            f"This pacd ({VERSION}) speaks protocol {PROTOCOL}, the client speaks {spoken[:20]}.",
            fix="Use the pacctl that was installed with it; after an upgrade restart the daemon "
            "(`systemctl restart pacd`).",
        )


def _verb(request: web.Request) -> str:
    return request.path.removeprefix(f"{PREFIX}/")[:80]


def _denial(peer: Peer, granted: Rights) -> DeniedError:
    if granted is Rights.READ:
        return DeniedError(
            f"User {peer.uid} may look, but not give commands: that is for the daemon's own user "
            "and root.",
            fix="Use `sudo`.",
        )
    return DeniedError(
        f"User {peer.uid} may not use this socket.", fix="Join its group, or use `sudo`."
    )


def _words(request: web.Request, error: web.HTTPException) -> tuple[str, str]:
    """What is wrong with a request that aiohttp refused, and the fix."""
    if isinstance(error, web.HTTPNotFound):
        return (
            f"This pacd ({VERSION}) knows no {_verb(request)!r}.",
            "After an upgrade restart the daemon (`systemctl restart pacd`).",
        )
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return f"The body is larger than {MAX_BODY_BYTES} bytes, the most that is read.", ""
    return f"{error.reason}: {request.method} {_verb(request)!r}.", ""


def _json(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text + "\n", content_type="application/json")
