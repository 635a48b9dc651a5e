"""The server on its socket: answers, limits, refusals."""

import asyncio
import contextlib
import gc
import json
import os
import random
import re
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pacd.api.server import ApiServer
from pacd.api.turnstile import Limits
from pacd.protocol.documents import Doctor, PlanView, Queue
from pacd.protocol.wire import MAX_BODY_BYTES, PROTOCOL
from tests.fakes import CORRUPT, ITEMS, UNSTABLE, FakeDaemon
from tests.fuzzing import attacks, carried_out
from tests.prometheus import read
from tests.serving import (
    TIMEOUT_S,
    connected,
    exchange,
    received,
    request,
    serving,
    status_of,
    until,
)

READ_S = 3.0
"""Long enough for whoever sends all at once, on a machine with much else to do."""


def _document(answer: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


@pytest.mark.parametrize(
    ("verb", "key"),
    [
        ("status", "state"),
        ("holds", "holds"),
        ("holds/7", "advice"),
        ("plan", "items"),
        ("plan?path=A/B/01.flac", "items"),
        ("queue", "waiting"),
        ("why?path=A/B/01.flac", "decision"),
        ("history?limit=5", "entries"),
        ("health", "verdict"),
        ("doctor", "checks"),
        ("config", "settings"),
        ("restore", "files"),
        ("wait", "idle"),
    ],
)
def test_every_question_has_its_route(place: Path, verb: str, key: str) -> None:
    """X1: HTTP/1.1 and JSON under /v1, `schema` first."""
    with serving(FakeDaemon(holds=(CORRUPT,)), place / "s") as path:
        answer = exchange(path, request(verb))

    assert 200 == status_of(answer)
    assert f"PACD-Protocol: {PROTOCOL}".encode() in answer
    assert ["schema"] == list(_document(answer))[:1]
    assert key in _document(answer)


def test_metrics_are_text_for_prometheus(place: Path) -> None:
    """O2: one more question, with the content type that scrapers go by; read by a strict reader."""
    with serving(FakeDaemon(), place / "s") as path:
        answer = exchange(path, request("metrics"))
        refused = exchange(path, request("metrics?name[]=up"))
    head, _, body = answer.partition(b"\r\n\r\n")

    assert (200, 400) == (status_of(answer), status_of(refused))
    assert b"Content-Type: text/plain; version=0.0.4; charset=utf-8" in head
    assert 1 == read(body.decode())["pacd_state"].value(state="watching")


@pytest.mark.parametrize(
    ("verb", "body", "command"),
    [
        ("release", '{"ids": [7, 9], "accept": true}', ("release", ((7, 9), True))),
        ("scan", '{"path": "/srv/music/a\\udcff"}', ("scan", "/srv/music/a\udcff")),
        ("scan", "", ("scan", None)),
        ("pause", '{"for_s": 7200}', ("pause", 7200.0)),
        ("resume", "{}", ("resume", None)),
        ("reload", "", ("reload", None)),
        ("restore", '{"id": 3}', ("restore", 3)),
    ],
)
def test_w44_every_command_names_its_caller(
    place: Path, verb: str, body: str, command: tuple[str, object]
) -> None:
    """w44: who gave a command is part of it."""
    daemon = FakeDaemon(holds=(CORRUPT, UNSTABLE))
    with serving(daemon, place / "s") as path:
        answer = exchange(path, request(verb, method="POST", body=body))

    assert 200 == status_of(answer)
    assert [(*command, f"uid {os.geteuid()} pid {os.getpid()}")] == daemon.commands


def test_w44_commands_are_logged_with_their_caller(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """w44, O1: the audit log of writes, with uid and pid; questions are not in it."""
    with serving(FakeDaemon(), place / "s") as path:
        exchange(path, request("status"))
        exchange(path, request("pause", method="POST"))

    lines = [line for line in capsys.readouterr().out.splitlines() if "api-write" in line]

    assert 1 == len(lines)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", lines[0])  # a console's colours
    who = {f"uid={os.geteuid()}", f"pid={os.getpid()}"}
    assert {"action=api", "status=ok", "verb=pause", *who} <= set(plain.split())


@pytest.mark.parametrize(
    ("raw", "status", "kind"),
    [
        pytest.param(request("holds/8"), 404, "not-found", id="unknown-hold"),
        pytest.param(request("why?path=unknown.flac"), 404, "not-found", id="unknown-file"),
        pytest.param(request("upgrades"), 404, "not-found", id="verb-of-a-newer-client"),
        pytest.param(request("status?deep=1"), 400, "request", id="option-of-a-newer-client"),
        pytest.param(request("why"), 400, "request", id="no-path"),
        pytest.param(request("history?limit=x"), 400, "request", id="odd-limit"),
        pytest.param(request("status", method="POST"), 405, "request", id="not-a-command"),
        pytest.param(request("release", method="POST", body="[]"), 400, "request", id="no-object"),
        pytest.param(request("status", host="localhost"), 403, "denied", id="w50-host"),
        pytest.param(request("status", host="pacd:80"), 403, "denied", id="w50-host-port"),
        pytest.param(
            request("status", headers="Origin: http://evil\r\n"), 403, "denied", id="w50-origin"
        ),
        pytest.param(
            request("status", headers="Referer: http://evil\r\n"), 403, "denied", id="w50-referer"
        ),
        pytest.param(
            request("status", headers="PACD-Protocol: 99\r\n"), 400, "protocol", id="w46-protocol"
        ),
        pytest.param(
            request("release", method="POST", body=" " * (MAX_BODY_BYTES + 1)),
            413, "request", id="w45-body",
        ),
    ],
)  # fmt: skip
def test_what_is_refused_is_a_document(place: Path, raw: bytes, status: int, kind: str) -> None:
    """X1: errors have a kind for scripts and a sentence for people."""
    with serving(FakeDaemon(), place / "s") as path:
        answer = exchange(path, raw)

    assert status == status_of(answer)
    assert kind == _document(answer)["error"]["kind"]
    assert _document(answer)["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"GET /v1/status HTTP/1.1\r\n\r\n", id="no-host"),
        pytest.param(b"GET /v1/" + b"a" * 20_000 + b" HTTP/1.1\r\n", id="long-line"),
        pytest.param(request("status", headers="X: " + "a" * 9_000 + "\r\n"), id="long-field"),
        pytest.param(request("status", headers="X: 1\r\n" * 100), id="many-fields"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01", id="tls"),
        pytest.param(b"\0" * 1_000 + b"\r\n\r\n", id="zeros"),
        pytest.param(b"", id="silence"),
        pytest.param(
            b"POST /v1/scan HTTP/1.1\r\nHost: pacd\r\nContent-Length: 9\r\n\r\n{", id="cut"
        ),
        pytest.param(
            b"POST /v1/scan HTTP/1.1\r\nHost: pacd\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            id="bad-chunk",
        ),
        pytest.param(
            b"POST /v1/scan HTTP/1.1\r\nHost: pacd\r\nContent-Length: -1\r\n\r\n", id="length"
        ),
    ],
)
def test_w45_garbage_is_turned_away_and_harms_nobody(place: Path, raw: bytes) -> None:
    """w45: no garbage and no half-sent request is answered with 200, and the next one is served."""
    daemon = FakeDaemon()
    with serving(daemon, place / "s", Limits(read_s=READ_S)) as path:
        with connected(path) as client:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                client.sendall(raw)
                client.shutdown(socket.SHUT_WR)
            answer = received(client)

        assert answer == b"" or "request" == _document(answer)["error"]["kind"]
        assert status_of(answer) in {0, 400}
        assert 200 == status_of(exchange(path, request("status")))

    assert [] == daemon.commands


def test_w45_fuzz(place: Path) -> None:
    """w45: 300 requests that no good client sends; each has its document, or is cut off."""
    make = attacks(random.Random(45))
    with serving(FakeDaemon(), place / "s", Limits(read_s=READ_S)) as path:
        wrong = {}
        for _ in range(300):
            attack = make()
            wrong[carried_out(path, attack)] = attack.raw
        until(lambda: status_of(exchange(path, request("status"))) == 200)

    assert {""} == set(wrong), wrong


def test_w45_a_slow_client_is_cut_off(place: Path) -> None:
    """w45: whoever does not send a whole request in time loses the connection."""
    with serving(FakeDaemon(), place / "s", Limits(read_s=READ_S)) as path, connected(path) as slow:
        slow.sendall(b"GET /v1/status HTTP/1.1\r\nHost: pa")

        assert 200 == status_of(exchange(path, request("status")))
        assert b"" == received(slow)


def test_w45_clients_beyond_the_limit_are_told(place: Path) -> None:
    """w45: the limit is a sentence, and room is made again."""
    daemon = _Slow()
    with serving(daemon, place / "s", Limits(clients=2)) as path:
        with connected(path) as one, connected(path) as other:
            for each in (one, other):
                each.sendall(request("doctor"))
            until(lambda: daemon.asked == 2)
            answer = exchange(path, request("health"))

            assert 503 == status_of(answer)
            assert "already serves 2 clients" in _document(answer)["error"]["message"]

            daemon.disk.set()
        until(lambda: status_of(exchange(path, request("status"))) == 200)


def test_w45_who_keeps_the_daemon_waiting_goes_first(place: Path) -> None:
    """w45: a crowd that sends nothing, or half a request, takes no place from who asks."""
    with (
        serving(FakeDaemon(), place / "s", Limits(clients=8)) as path,
        contextlib.ExitStack() as stack,
    ):
        for number in range(100):
            client = stack.enter_context(connected(path))
            client.sendall(request("status")[: number % 20])

            assert 200 == status_of(exchange(path, request("status")))


def test_w45_followers_leave_room_for_others(place: Path) -> None:
    """w45: streams and long questions may last, so there are fewer of them than places."""
    with serving(FakeDaemon(), place / "s", Limits(followers=2)) as path:
        exchange(path, request("scan", method="POST"))
        with connected(path) as stream, connected(path) as waiting:
            stream.sendall(request("events"))
            waiting.sendall(request("wait?for=20"))
            until(lambda: status_of(exchange(path, request("wait?for=0.01"))) == 503)
            answer = exchange(path, request("events"))

            assert 503 == status_of(answer)
            assert "overloaded" == _document(answer)["error"]["kind"]
            assert 200 == status_of(exchange(path, request("status")))
        until(lambda: status_of(exchange(path, request("wait?for=0.01"))) == 200)


def test_w45_status_does_not_wait_for_slow_questions(place: Path) -> None:
    """w45, B5: whoever has slow disks looked at keeps nobody from the status."""
    daemon = _Slow()
    with serving(daemon, place / "s") as path, contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connected(path)).sendall(request("doctor"))
        until(lambda: daemon.asked > 0)

        assert 200 == status_of(exchange(path, request("status")))
        assert 200 == status_of(exchange(path, request("health")))

        daemon.disk.set()


class _Slow(FakeDaemon):
    """One whose disks take their time."""

    def __init__(self) -> None:
        super().__init__()
        self.disk, self.asked = threading.Event(), 0

    def doctor(self) -> Doctor:
        self.asked += 1
        self.disk.wait(TIMEOUT_S)
        return super().doctor()


def test_w45_a_client_that_does_not_read_is_cut_off(place: Path) -> None:
    """w45: an answer that nobody takes does not hold a place for ever."""
    daemon = FakeDaemon()
    daemon.items = tuple(replace(ITEMS[0], reason="x" * 1_000) for _ in range(5_000))
    with (
        serving(daemon, place / "s", Limits(clients=1, write_s=0.3)) as path,
        connected(path) as deaf,
    ):
        deaf.sendall(request("plan"))
        until(lambda: status_of(exchange(path, request("health"))) == 200)


def test_w45_a_blocked_call_does_not_stall_the_others(place: Path) -> None:
    """w45: the daemon's methods run in threads, the loop goes on."""
    daemon = FakeDaemon()
    daemon.gate.clear()
    with serving(daemon, place / "s") as path, connected(path) as waiting:
        waiting.sendall(request("status"))

        assert 200 == status_of(exchange(path, request("health")))

        daemon.gate.set()

        assert 200 == status_of(received(waiting))


def test_w45_who_comes_as_the_server_stops_is_hung_up_on(place: Path) -> None:
    """w45: asyncio has accepted it, and nobody was given it: its connection ends all the same."""

    async def stopped_as_it_comes() -> bytes:
        loop = asyncio.get_running_loop()
        server = ApiServer(FakeDaemon(), place / "s")
        await server.start()
        with connected(place / "s") as client:
            client.setblocking(False)
            for _ in range(2):  # until the loop has accepted it, and begun nothing
                await asyncio.sleep(0)
            await server.stop()
            return await asyncio.wait_for(loop.sock_recv(client, 1), TIMEOUT_S)

    assert b"" == asyncio.run(stopped_as_it_comes())
    gc.collect()


def test_w50_no_tcp(place: Path) -> None:
    """w50, X1: while it serves, this process listens on no TCP port."""
    with serving(FakeDaemon(), place / "s"):
        sockets = [each for each in Path("/proc/self/fd").iterdir() if each.is_socket()]
        ours = {each.readlink().name.removeprefix("socket:[")[:-1] for each in sockets}
        tables = [Path(f"/proc/self/net/{name}") for name in ("tcp", "tcp6")]
        rows = [
            row.split() for each in tables if each.exists() for row in each.read_text().splitlines()
        ]
        inodes = {row[9] for row in rows[1:] if len(row) > 9 and row[3] == "0A"}  # 0A: LISTEN

    assert ours
    assert set() == ours & inodes


def test_wait_answers_once_the_daemon_is_idle(place: Path) -> None:
    """Requirements 1.3: `wait` is one request, not a poll."""
    daemon = FakeDaemon()
    with serving(daemon, place / "s") as path:
        exchange(path, request("scan", method="POST"))

        assert {"schema": 1, "idle": False} == _document(exchange(path, request("wait?for=0.1")))

        with connected(path) as waiting:
            waiting.sendall(request("wait?for=20"))
            daemon.idle_asked.clear()
            until(daemon.idle_asked.is_set)
            daemon.finish_scan(1, 0)

            assert b'"idle": true' in received(waiting)


class _Broken(FakeDaemon):
    def queue(self) -> Queue:
        raise ZeroDivisionError("a bug")


def test_a_bug_is_an_answer_and_not_the_end(place: Path) -> None:
    """X1: what nobody foresaw is status 500, and the next request is served."""
    with serving(_Broken(), place / "s") as path:
        answer = exchange(path, request("queue"))

        assert 500 == status_of(answer)
        assert b"PACD-Protocol" in answer
        assert b"a bug" not in answer
        assert 200 == status_of(exchange(path, request("status")))


def test_a_long_plan_arrives_whole(place: Path) -> None:
    """B2: answers of megabytes are sent without stopping the loop."""
    daemon = FakeDaemon()
    daemon.items = tuple(
        PlanView(library="music", path=f"{number}.flac", action="test", reason="never tested")
        for number in range(20_000)
    )
    with serving(daemon, place / "s") as path:
        assert 20_000 == len(_document(exchange(path, request("plan")))["items"])
