"""
Talks to the daemon: raw HTTP/1.1 over its Unix socket, one request per connection.

By hand, because http.client alone takes longer than `status` may (decisions/0006).
"""

from __future__ import annotations

import os
from _socket import AF_UNIX, SOCK_STREAM, socket  # what `socket` wraps; that takes 2.5 ms more

from pacctl.failure import Failure
from pacctl.place import unreachable
from pacctl.record import ProtocolError, Record, parse
from pacd.protocol.wire import (
    EXITS,
    HOST,
    LAID_OUT,
    PREFIX,
    PROTOCOL,
    PROTOCOL_HEADER,
    VERSION_HEADER,
    Exit,
    Kind,
)

_CONNECT_S = 5.0
_ANSWER_S = 60.0  # above the longest wait of the daemon's routes (30 s)
_MAX_LINE_BYTES = 65_536
_RECEIVE_BYTES = 65_536
_STATUS = ":status"  # as HTTP/2 names it; no header can be called so
_OK = "200"

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    _Query = Mapping[str, str | int | float | None]


class Answer:
    """One answer: its text as it came, and the document in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._document: Record | None = None

    @property
    def document(self) -> Record:
        """The answer, parsed once."""
        if self._document is None:
            self._document = parse(self.text)
        return self._document


class Client:
    """A daemon's socket."""

    def __init__(self, path: str) -> None:
        self.path = path

    def get(self, verb: str, query: _Query | None = None) -> Answer:
        """
        Ask.

        Raises:
            Failure: There is no daemon, or it said no.
            ProtocolError: What answers is no pacd that this pacctl can talk to.
        """
        return self._whole(_request("GET", verb + _encoded(query or {})))

    def post(self, verb: str, content: Mapping[str, object]) -> Answer:
        """Command; raises as `get` does."""
        import json  # noqa: PLC0415  # `status` needs none

        return self._whole(_request("POST", verb, json.dumps(content).encode("ascii")))

    def stream(self, verb: str, query: _Query) -> Iterator[str]:
        """The lines of a stream that lasts as long as the daemon does; raises as `get` does."""
        connection = self._connected()
        try:
            reader, headers = self._ask(connection, _request("GET", verb + _encoded(query)))
            if headers[_STATUS] != _OK:
                raise _refusal(_body(reader, headers))
            yield from _lines(reader)
        except (TimeoutError, ConnectionError) as exc:
            raise unreachable(self.path, exc) from exc
        finally:
            connection.close()

    def _whole(self, request: bytes) -> Answer:
        connection = self._connected()
        try:
            reader, headers = self._ask(connection, request)
            text = _body(reader, headers)
        except (TimeoutError, ConnectionError) as exc:
            raise unreachable(self.path, exc) from exc
        finally:
            connection.close()
        if headers[_STATUS] != _OK:
            raise _refusal(text)
        return Answer(text)

    def _connected(self) -> socket:
        connection = socket(AF_UNIX, SOCK_STREAM)
        connection.settimeout(_CONNECT_S)
        try:
            connection.connect(os.fsencode(self.path))
        except (OSError, ValueError) as exc:
            connection.close()
            raise unreachable(self.path, exc) from exc
        connection.settimeout(_ANSWER_S)
        return connection

    def _ask(self, connection: socket, request: bytes) -> tuple[Reader, dict[str, str]]:
        """Send a request and read the head of the answer; names in lower case."""
        _send(connection, request)
        reader = Reader(connection)
        version, _, status = reader.line().decode("latin-1").partition(" ")
        headers = {_STATUS: status[:3]}
        while field := reader.line():
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if version != "HTTP/1.1" or PROTOCOL_HEADER.lower() not in headers:
            raise Failure(
                f"What listens on {self.path} is not pacd.",
                Exit.UNREACHABLE,
                fix="Name pacd's socket with --socket.",
            )
        _negotiate(headers)
        return reader, headers


class Reader:
    """Reads lines and blocks from a connection; at its end both come out short."""

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def line(self) -> bytes:
        """The next line without its end; empty at the end of the stream."""
        while b"\n" not in self._buffer and len(self._buffer) < _MAX_LINE_BYTES and self._more():
            pass
        end = self._buffer.find(b"\n")
        return self._taken(len(self._buffer) if end < 0 else end + 1).rstrip(b"\r\n")

    def block(self, size: int | None) -> bytes:
        """So many bytes; None for all there are."""
        while (size is None or len(self._buffer) < size) and self._more():
            pass
        return self._taken(len(self._buffer) if size is None else size)

    def _taken(self, size: int) -> bytes:
        block = bytes(self._buffer[:size])
        del self._buffer[:size]
        return block

    def _more(self) -> bool:
        received = self._connection.recv(_RECEIVE_BYTES)
        self._buffer += received
        return bool(received)


def _request(method: str, target: str, content: bytes = b"") -> bytes:
    length = f"Content-Length: {len(content)}\r\n" if method == "POST" else ""
    head = (
        f"{method} {PREFIX}/{target} HTTP/1.1\r\nHost: {HOST}\r\n"
        f"{PROTOCOL_HEADER}: {PROTOCOL}\r\nConnection: close\r\n{length}\r\n"
    )
    return head.encode("ascii") + content


def _encoded(query: _Query) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    if not given:
        return ""
    from urllib.parse import urlencode  # noqa: PLC0415  # `status` needs none

    return "?" + urlencode(given, errors="surrogateescape")


def _send(connection: socket, request: bytes) -> None:
    try:
        connection.sendall(request)
    except ConnectionError:
        return  # turned away: why stands in the answer that is already there


def _lines(reader: Reader) -> Iterator[str]:
    """The daemon sends each line of a stream as one chunk (RFC 9112, section 7.1)."""
    try:
        while size := int(reader.line() or b"0", 16):
            yield reader.block(size).decode("ascii").rstrip("\n")
            reader.line()
    except ValueError as exc:
        raise ProtocolError("The stream of events is garbled.") from exc


def _body(reader: Reader, headers: Mapping[str, str]) -> str:
    length = headers.get("content-length", "")
    size = int(length) if length.isdigit() else None
    content = reader.block(size)
    if size is not None and len(content) < size:
        raise ConnectionResetError
    return content.decode("utf-8", "replace")


def _negotiate(headers: Mapping[str, str]) -> None:
    spoken = headers[PROTOCOL_HEADER.lower()]
    if spoken == str(PROTOCOL):
        return
    version = headers.get(VERSION_HEADER.lower(), "of unknown version")
    older = spoken.isdigit() and int(spoken) < PROTOCOL
    fix = (
        "Restart the daemon, so that it runs what is installed (`systemctl restart pacd`)."
        if older
        else "Use the pacctl that was installed with it."
    )
    raise Failure(
        f"The daemon (pacd {version}) speaks protocol {spoken}, this pacctl speaks {PROTOCOL}: "
        f"the {'daemon' if older else 'pacctl'} is the older of the two.",
        EXITS[Kind.PROTOCOL],
        fix=fix,
    )


def _refusal(text: str) -> Failure:
    try:
        error = parse(text)["error"]
    except (ProtocolError, KeyError):
        error = None
    if not isinstance(error, Record):
        return Failure("The daemon failed within.", Exit.FAILED, fix="Its log says why.")
    # A newer daemon may know kinds that this pacctl does not.
    ending = EXITS.get(str(error.get("kind")), Exit.FAILED)
    fix, words = str(error.get("fix", "")), str(error.get("words", ""))
    laid_out = error.get("kind") in LAID_OUT
    return Failure(str(error.get("message")), ending, fix=fix, words=words, laid_out=laid_out)
