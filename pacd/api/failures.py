"""Errors as answers: one table from what was raised to what the client is told."""

from typing import Final

from pacd import errors
from pacd.protocol.documents import dumps
from pacd.protocol.wire import Kind


class RequestError(errors.PacError):
    """The request cannot be understood."""


class MismatchError(errors.PacError):
    """The client speaks another version of the protocol."""


class DeniedError(errors.PacError):
    """The caller may not do this."""


class OverloadedError(errors.PacError):
    """More clients are connected than are served at a time."""


# The first row whose type fits decides.
_FAILURES: Final[tuple[tuple[type[errors.PacError], str, int], ...]] = (
    (RequestError, Kind.REQUEST, 400),
    (MismatchError, Kind.PROTOCOL, 400),
    (DeniedError, Kind.DENIED, 403),
    (errors.UnknownError, Kind.NOT_FOUND, 404),
    (errors.RefusedError, Kind.REFUSED, 409),
    (errors.BusyError, Kind.REFUSED, 409),
    (errors.ConfigError, Kind.CONFIG, 422),
    (errors.PreflightError, Kind.PREFLIGHT, 424),
    (OverloadedError, Kind.OVERLOADED, 503),
    (errors.LateError, Kind.LATE, 503),
    (errors.PacError, Kind.FAILED, 500),
)

# What aiohttp refuses by itself, by HTTP status.
_HTTP_KINDS: Final = {404: Kind.NOT_FOUND}
_CLIENTS_FAULT: Final = range(400, 500)


def failure(error: errors.PacError) -> tuple[int, str]:
    """HTTP status and body for an error."""
    kind, status = next(
        (kind, status) for each, kind, status in _FAILURES if isinstance(error, each)
    )
    return status, body(kind, error.what, fix=error.fix, words=error.words)


def http_failure(status: int, message: str, fix: str) -> str:
    """The body for an HTTP error that aiohttp raised."""
    other = Kind.REQUEST if status in _CLIENTS_FAULT else Kind.FAILED
    return body(_HTTP_KINDS.get(status, other), message, fix=fix)


def body(kind: str, message: str, *, fix: str = "", words: str = "") -> str:
    """The document of an error; `words` is what a tool said."""
    more = {name: text for name, text in (("fix", fix), ("words", words)) if text}
    return dumps({"error": {"kind": kind, "message": message, **more}})
