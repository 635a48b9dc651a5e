"""Requests that no good client sends, by chance and by grammar, and what may be answered."""

import contextlib
import json
import random
import re
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacd.api.routes import READS, WRITES
from pacd.protocol.wire import EXITS, MAX_BODY_BYTES
from tests.serving import connected, received

# What an answer to nonsense may be: an understood question, a refusal of the request, of the
# caller, or of one caller more.  Never 500, which says that PAC was surprised.
FORESEEN = frozenset({200, 400, 403, 404, 405, 409, 411, 413, 414, 417, 422, 424, 431, 501, 503})

OK = 200
UNANSWERED = "it was not answered"
_BEGIN = re.compile(rb"HTTP/[01]\.[019] (\d{3}) ")
_DEEP = 20_000
_HUGE = "9" * 5_000

VALUES: Sequence[Any] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63 - 1,
    2**63,
    -(2**63),
    10**400,
    0.5,
    -0.0,
    1e308,
    5e-324,
    "",
    " ",
    "7",
    "-7",
    "1e9",
    "x" * 5_000,
    "\0",
    "a\0b",
    "\ud800",
    "\udcff",
    "\u202e",
    "\x1b[2J",
    "../../etc/passwd",
    "/etc/passwd",
    "/",
    ".",
    "..",
    "-rf",
    "%00",
    "a\nb",
    "\U0001f600",
    [],
    [[]],
    [1, [2]],
    ["7"],
    [None],
    [True],
    [-1],
    [2**63],
    [0] * 10_000,
    {},
    {"a": {}},
    [{}],
)

# JSON that Python would not write, or would not read alike.
BODIES = (
    "",
    " ",
    "nan",
    "NaN",
    "Infinity",
    "{",
    "[",
    "[]",
    "null",
    "1",
    '"x"',
    "{}{}",
    "\ufeff{}",
    '{"ids": [NaN]}',
    '{"ids": [Infinity]}',
    '{"for_s": NaN}',
    '{"for_s": -Infinity}',
    '{"for_s": 1e999}',
    '{"for_s": 1' + "0" * 400 + "}",
    '{"id": ' + _HUGE + "}",
    '{"ids": [7], "ids": [8]}',
    '{"path": "a", "path": null}',
    '{"path": "\\ud800"}',
    '{"path": "\\u0000"}',
    '{"": 1}',
    '{"\\udcff": 1}',
    '{"__class__": 1}',
    "'x'",
    "\x00",
    "\xff\xfe",
    "[" * _DEEP,
    '{"a":' * _DEEP,
    '{"ids": ' + "[" * _DEEP + "]" * _DEEP + "}",
    '{"id": 1.0}',
    '{"id": 01}',
    '{"id": 1e2}',
    '{"accept": "true", "ids": [1]}',
    "x" * MAX_BODY_BYTES,
)

TARGETS = (
    "/",
    "",
    "*",
    "/v1",
    "/v1/",
    "//v1/status",
    "/v1//status",
    "/v1/./status",
    "/v1/../v1/status",
    "/v1/status/",
    "/v1/status#x",
    "/v1/%73tatus",
    "/v1/status%00",
    "/v1/%2e%2e/status",
    "/V1/status",
    "/v2/status",
    "/v1/STATUS",
    "/v1/events?since=-1",
    "/v1/events?since=x",
    "/v1/events?since=",
    "/v1/events?since=" + _HUGE,
    "/v1/holds/" + _HUGE,
    "/v1/holds/-1",
    "/v1/holds/%31",
    "/v1/holds/0x1",
    "/v1/holds/\u0661",
    "/v1/status?" + "&".join(f"a{number}=" for number in range(100)),
    "/v1/why?path=%",
    "/v1/why?path=%zz",
    "/v1/why?path=%ff%fe",
    "/v1/why?path=%00",
    "/v1/why?path=",
    "/v1/why?path=" + "a" * 9_000,
    "/v1/why?path=a&path=b",
    "/v1/why?path=" + "%2e%2e%2f" * 500,
    "http://pacd/v1/status",
    "http://evil/v1/status",
    "pacd:80",
    "/v1/wait?for=nan",
    "/v1/wait?for=inf",
    "/v1/wait?for=-1",
    "/v1/wait?for=1e-9",
    "/v1/history?limit=-1",
    "/v1/history?limit=10001",
    "/v1/history?limit=1.5",
    "/v1/history?limit=1_0",
    "/v1/history?limit=%0a1",
    "/v1/\xff",
    "/v1/\x01",
)

METHODS = (
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PRI",
    "get",
    "",
    "G\0ET",
    "X" * 300,
)

VERSIONS = (
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/1.1 ",
    "http/1.1",
    "HTTP/11",
    "RTSP/1.0",
    "",
)

HEADERS = (
    "Content-Length: 0",
    "Content-Length: -1",
    "Content-Length: +1",
    "Content-Length: 1, 2",
    "Content-Length: 1\r\nContent-Length: 2",
    "Content-Length: 99999999999999999999",
    "Content-Length: x",
    "Content-Length:",
    "Content-Length: 0x10",
    "Content-Length: 70000",
    "Content-Length: 1 ",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: x",
    "Content-Encoding: gzip",
    "Content-Encoding: deflate",
    "Content-Encoding: br",
    "Expect: 100-continue",
    "Expect: x",
    "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
    "Connection: upgrade\r\nUpgrade: h2c",
    "Connection: keep-alive",
    "Range: bytes=0-1",
    "Cookie: " + "a=b;" * 500,
    "Host: evil",
    "Host:",
    "Origin: null",
    "Referer: x",
    "Accept: text/html",
    "X: " + "a" * 9_000,
    "X: 1\r\n" * 50 + "Y: 1",
    ": x",
    " X: 1",
    "X : 1",
    "X\0: 1",
    "X: \0",
    "X: \xff",
    "X",
    "\tfolded",
    "X: 1\r\n folded",
    "PACD-Protocol: 0",
    "PACD-Protocol: " + "9" * 2_000,
    "PACD-Protocol:",
    "Content-Type: text/xml",
    "If-None-Match: *",
    "Authorization: Basic x",
    "X-HTTP-Method-Override: POST",
)

CHUNKS = (
    "0\r\n\r\n",
    "ZZ\r\n",
    "-1\r\nx\r\n0\r\n\r\n",
    "FFFFFFFFFFFFFFFFF\r\nx",
    "2\r\n{}\r\n0\r\n\r\n",
    "2;x=y\r\n{}\r\n0\r\n\r\n",
    "2\r\n{}0\r\n\r\n",
    "2\r\n{}\r\n0\r\nX: 1\r\n\r\n",
    "10000\r\n" + "x" * 65_536 + "\r\n10000\r\n" + "x" * 65_536,
    "1\r\n{\r\n" * 20_000,
    "2\n{}\n0\n\n",
    "\r\n\r\n",
)


@dataclass(frozen=True)
class Attack:
    """
    What is sent on one connection, and how that is ended.

    Attributes:
        whole: Whether it is a whole request, so that an answer is due.
    """

    raw: bytes
    ending: Callable[[socket.socket], bytes]
    whole: bool = False


def attacks(chance: random.Random) -> Callable[[], Attack]:
    """Return what makes one attack after another."""
    makers = (
        _noise,
        _mutated,
        _by_grammar,
        _by_grammar,
        _by_route,
        _by_route,
        _by_route,
        _pipelined,
    )
    return lambda: chance.choice(makers)(chance)


def carried_out(path: Path, attack: Attack) -> str:
    """Attack a server; return what is wrong with its answer, a clause, or "" where nothing is."""
    with connected(path) as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(attack.raw)
        try:
            answer = attack.ending(client)
        except OSError:
            return ""  # cut off: that is its right
    return wrong_with(answer, due=attack.whole)


def wrong_with(answer: bytes, *, due: bool) -> str:
    """What no answer may be, as a clause."""
    if not answer:
        return UNANSWERED if due else ""
    begin = _BEGIN.match(answer)
    status = int(begin[1]) if begin else 0
    head, _, content = answer.partition(b"\r\n\r\n")
    if status not in FORESEEN:
        return f"it was answered with {answer[:40]!r}"
    if b"Traceback" in content or b'File "' in content:
        return "it was answered with a traceback"
    if b"PACD-Protocol: " not in head:
        return f"{status} does not say who speaks: {answer[:200]!r}"
    return "" if status == OK or b"Connection: close" not in head else _unsaid(status, content)


def _unsaid(status: int, content: bytes) -> str:
    """What an error should have said, as a clause."""
    try:
        error = json.loads(content)["error"]
        EXITS[error["kind"]]
    except (ValueError, KeyError, TypeError):
        return f"{status} bears no document: {content[:80]!r}"
    return "" if error["message"] else f"{status} says nothing"


def _read(client: socket.socket) -> bytes:
    """Say that nothing more comes, and read all."""
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_WR)
    return received(client)


def _read_little(client: socket.socket) -> bytes:
    """Take a few bytes and leave."""
    client.settimeout(0.2)
    with contextlib.suppress(OSError):
        client.recv(10)
    return b""


def _reset(client: socket.socket) -> bytes:
    """Leave with a reset, whatever was to come."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return b""


def _leave(_client: socket.socket) -> bytes:
    return b""


ENDINGS = (_read, _read, _read, _read_little, _reset, _leave)


def _noise(chance: random.Random) -> Attack:
    size = chance.choice((1, 10, 100, 1_000, 20_000, 200_000))
    raw = chance.randbytes(chance.randrange(size))
    if chance.random() < 0.5:  # half of them have lines
        raw = raw.replace(b"\x00", b"\r\n")
    return Attack(raw, chance.choice(ENDINGS))


def _mutated(chance: random.Random) -> Attack:
    raw = bytearray(_by_route(chance).raw)
    for _ in range(chance.randrange(1, 9)):
        place = chance.randrange(len(raw))
        edits: Sequence[bytes | bytearray] = (
            b"",
            b"\0",
            b"\r",
            b"\n",
            b"\r\n",
            b" ",
            b"%",
            b"\xff",
            bytes(raw[place : place + 50]),
        )
        raw[place : place + chance.randrange(2)] = chance.choice(edits)
    cut = chance.randrange(1, len(raw) + 1) if chance.randrange(2) else len(raw)
    return Attack(bytes(raw[:cut]), chance.choice(ENDINGS))


def _by_grammar(chance: random.Random) -> Attack:
    method = chance.choice(METHODS[:4] if chance.randrange(3) else METHODS)
    target = chance.choice(TARGETS) if chance.randrange(2) else "/v1/" + chance.choice(_VERBS)
    version = "HTTP/1.1" if chance.randrange(3) else chance.choice(VERSIONS)
    headers = ["Host: pacd"] * chance.choice((0, 1, 1, 1, 1, 2))
    headers += chance.sample(HEADERS, chance.randrange(4))
    body = chance.choice(BODIES + CHUNKS)
    if chance.randrange(2):
        headers.append(f"Content-Length: {len(body.encode())}")
    end = chance.choice(("\r\n", "\r\n", "\r\n", "\n"))
    head = end.join((f"{method} {target} {version}", *headers, "", ""))
    return Attack((head + body).encode(errors="replace"), chance.choice(ENDINGS))


_VERBS = tuple(route.path.removeprefix("/") for route in (*READS, *WRITES))


def _by_route(chance: random.Random) -> Attack:
    """A whole request as HTTP has it, for a route that is there; what it says is nonsense."""
    route = chance.choice((*READS, *WRITES))
    path = f"/v1{route.path}".replace("{id}", str(chance.choice(VALUES[3:9])))
    names = (*route.takes, "path", "x")
    if route in READS:
        given = {name: chance.choice(VALUES) for name in names[: chance.randrange(len(names))]}
        given.pop("for", None)  # they would only wait
        query = "&".join(f"{name}={_quoted(value)}" for name, value in given.items())
        raw = f"GET {path}?{query} HTTP/1.1\r\nHost: pacd\r\n\r\n".encode()
        return Attack(raw, received, whole=True)
    body = chance.choice(BODIES)
    if chance.randrange(2):
        given = {name: chance.choice(VALUES) for name in names[: chance.randrange(len(names))]}
        body = json.dumps(given)
    content = body.encode(errors="surrogatepass")
    head = f"POST {path} HTTP/1.1\r\nHost: pacd\r\nContent-Length: {len(content)}\r\n\r\n"
    return Attack(head.encode() + content, received, whole=True)


def _quoted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)[:3_000]
    return "".join(f"%{byte:02x}" for byte in text.encode(errors="surrogatepass"))


def _pipelined(chance: random.Random) -> Attack:
    raw = b"".join(_by_route(chance).raw for _ in range(chance.randrange(2, 20)))
    return Attack(raw, chance.choice(ENDINGS))
