"""aiohttp's handler of one connection, whose own errors are documents like all others."""

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from pacd.api.failures import http_failure
from pacd.api.turnstile import SIGNATURE


class Attendant(web.RequestHandler):
    """Answers what cannot be taken for a request, and what PAC did not foresee."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Log as aiohttp does, and say it in our form; the connection ends then."""
        super().handle_error(request, status, exc, message)
        what = "The daemon failed within."
        fix = "Its log says why."
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            what, fix = f"This is no HTTP request that pacd understands: {_reason(message)}.", ""
        response = web.Response(
            status=status,
            text=http_failure(status, what, fix) + "\n",
            content_type="application/json",
            headers=SIGNATURE,
        )
        response.force_close()
        return response


class NotOurFault(logging.Filter):
    """What a client sends or leaves undone is no error of the daemon's, and has no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is to be logged."""
        error = record.exc_info[1] if record.exc_info else None
        theirs = (HttpProcessingError, web.RequestPayloadError, ConnectionError)
        return not isinstance(error, theirs)


def _reason(message: str | None) -> str:
    """The first line of what the parser says; behind it come the client's own bytes."""
    said = (message or "").strip().splitlines()
    return said[0].strip().rstrip(".:") if said else "it is malformed"
