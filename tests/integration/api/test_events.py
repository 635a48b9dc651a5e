"""The stream of events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pacd.api.turnstile import Limits
from pacd.protocol.documents import EventKind
from tests.fakes import KEPT_EVENTS, FakeDaemon
from tests.serving import connected, exchange, request, serving, status_of, until


@contextmanager
def _reading(path: Path, query: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    """The lines of a stream, parsed."""
    with connected(path) as connection:
        connection.sendall(request(f"events{query}"))
        with connection.makefile("rb") as reader:
            while reader.readline().strip():
                pass

            def lines() -> Iterator[dict[str, Any]]:
                while size := int(reader.readline() or b"0", 16):
                    yield json.loads(reader.read(size))
                    reader.readline()

            yield lines()


def _emit(daemon: FakeDaemon, number: int, *, message: str = "") -> None:
    for _ in range(number):
        daemon.emit(EventKind.ITEM_DONE, message=message)


def test_w47_events_have_rising_ids(place: Path) -> None:
    """w47: kept ones first, then the new ones, none twice and none left out."""
    daemon = FakeDaemon()
    _emit(daemon, 3)
    with serving(daemon, place / "s") as path, _reading(path, "?since=1") as lines:
        known = [next(lines)["id"] for _ in range(2)]
        _emit(daemon, 3)
        fresh = [next(lines) for _ in range(3)]

    assert [2, 3] == known
    assert [4, 5, 6] == [each["id"] for each in fresh]
    assert {"event"} == {each["message_type"] for each in fresh}
    assert {1} == {each["schema"] for each in fresh}


def test_w47_without_since_only_what_is_new(place: Path) -> None:
    """w47: no past, no gap."""
    daemon = FakeDaemon()
    _emit(daemon, 3)
    limits = Limits(heartbeat_s=0.05)
    with serving(daemon, place / "s", limits) as path, _reading(path) as lines:
        assert "heartbeat" == next(lines)["message_type"]

        _emit(daemon, 1)
        first = next(each for each in lines if each["message_type"] != "heartbeat")

    assert ("event", 4) == (first["message_type"], first["id"])


def test_w47_a_gap_is_said(place: Path) -> None:
    """w47: what the buffer no longer holds is named by its ids."""
    daemon = FakeDaemon()
    _emit(daemon, KEPT_EVENTS + 5)
    with serving(daemon, place / "s") as path, _reading(path, "?since=2") as lines:
        gap, first = next(lines), next(lines)

    assert {"schema": 1, "message_type": "gap", "after": 2, "next": 6} == gap
    assert 6 == first["id"]


def test_w47_an_id_from_the_future_is_a_gap(place: Path) -> None:
    """w47: after a restart that counts anew, all that is kept is sent."""
    daemon = FakeDaemon()
    _emit(daemon, 2)
    with serving(daemon, place / "s") as path, _reading(path, "?since=500") as lines:
        found = [next(lines) for _ in range(3)]

    assert ("gap", 500, 1) == tuple(found[0][name] for name in ("message_type", "after", "next"))
    assert [1, 2] == [each["id"] for each in found[1:]]


def test_w47_a_silent_stream_still_beats(place: Path) -> None:
    """w47: a reader can tell a quiet daemon from a dead one."""
    daemon = FakeDaemon()
    limits = Limits(heartbeat_s=0.05)
    with serving(daemon, place / "s", limits) as path, _reading(path, "?since=0") as lines:
        beats = [next(lines) for _ in range(2)]

    assert [{"schema": 1, "message_type": "heartbeat", "id": 0}] * 2 == beats


def test_w47_a_slow_subscriber_is_dropped_with_a_gap(place: Path) -> None:
    """w47: its queue is bounded; the last thing it reads is what it lost."""
    daemon = FakeDaemon()
    limits = Limits(backlog=4)
    with serving(daemon, place / "s", limits) as path, _reading(path, "?since=0") as lines:
        daemon.emit(EventKind.STATE_CHANGED)
        next(lines)
        _emit(daemon, 200, message="x" * 20_000)  # more than the socket's buffers hold
        found = list(lines)

    ids = [each["id"] for each in found[:-1]]

    assert list(range(2, 2 + len(ids))) == ids
    assert len(ids) < 200
    assert ("gap", ids[-1], ids[-1] + 1) == (
        found[-1]["message_type"], found[-1]["after"], found[-1]["next"]
    )  # fmt: skip


def test_w47_a_reader_that_takes_nothing_is_cut_off(place: Path) -> None:
    """w47: it does not hold a client's place for ever."""
    daemon = FakeDaemon()
    limits = Limits(clients=1, write_s=0.3)
    with serving(daemon, place / "s", limits) as path, _reading(path, "?since=0") as lines:
        _emit(daemon, 1)
        next(lines)
        _emit(daemon, 50, message="x" * 100_000)
        until(lambda: status_of(exchange(path, request("status"))) == 200)


def test_streams_end_with_the_server(place: Path) -> None:
    """w28: open streams do not hold up the end, and nobody listens to the daemon after it."""
    daemon = FakeDaemon()
    with serving(daemon, place / "s", Limits(shutdown_s=10)) as path:
        stream = _reading(path, "?since=0")
        lines = stream.__enter__()
        _emit(daemon, 1)
        next(lines)

    assert [] == list(lines)
    assert [] == daemon.listeners

    stream.__exit__(None, None, None)


def test_a_reader_that_left_is_forgotten(place: Path) -> None:
    """w29: closed streams give their place back."""
    daemon = FakeDaemon()
    with serving(daemon, place / "s", Limits(clients=1)) as path:
        with _reading(path, "?since=0") as lines:
            _emit(daemon, 1)
            next(lines)
        until(lambda: status_of(exchange(path, request("status"))) == 200)
