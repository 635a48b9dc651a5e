"""How many lines a storm comes to; time passes in the real clock, in small windows."""

import threading
from collections.abc import Mapping
from typing import Any

from pacd.logs.thrift import KINDS, REPEATS, Thrift

LONG_S = 3_600.0
ERROR = {"level": "error", "event": "mirror_encode_err", "action": "mirror_encode"}


def _thrift(window_s: float = LONG_S, most: int = 10_000) -> tuple[Thrift, list[dict[str, Any]]]:
    said: list[dict[str, Any]] = []

    def say(line: Mapping[str, Any]) -> None:
        said.append(dict(line))

    return Thrift(say, most=most, window_s=window_s), said


def test_w55_repeated_errors_are_told_in_sum() -> None:
    """w55: the first are written, the rest is one line with their number and the last path."""
    thrift, said = _thrift()
    written = sum(thrift.admits({**ERROR, "path": f"{n}.flac"}) for n in range(3_512))
    thrift.flush()

    assert REPEATS == written
    assert [
        {
            **ERROR,
            "path": "3511.flac",
            "more": 3_412,
            "reason": "and 3,412 more like this; `pacctl history` has each",
        }
    ] == said
    assert (REPEATS, 3_412) == (thrift.written, thrift.held_back)


def test_w55_kinds_are_told_apart() -> None:
    """w55: a flood of one error hides no other, nor a decision."""
    thrift, said = _thrift()
    for n in range(5_000):
        thrift.admits({**ERROR, "path": f"{n}"})

    assert thrift.admits({**ERROR, "failure": "no-space"})
    assert thrift.admits({**ERROR, "library": "other"})
    assert all(thrift.admits({"level": "info", "event": "ok"}) for _ in range(2_000))
    assert [] == said


def test_w55_there_is_a_bound_for_everything() -> None:
    """w55: also for lines that are all different; kinds beyond a number count as one."""
    thrift, said = _thrift(most=500)
    written = sum(thrift.admits({"level": "info", "event": f"event {n}"}) for n in range(8_000))
    grave = sum(thrift.admits({"level": "error", "event": f"event {n}"}) for n in range(1_000))
    thrift.flush()

    assert (400, 100) == (written, grave)  # ordinary lines leave room for errors
    assert len(said) <= KINDS + 1
    assert 8_500 == sum(each["more"] for each in said)


def test_w55_a_new_window_begins_by_itself() -> None:
    """w55: what was held back is told at its end even if nobody says anything more."""
    told = threading.Event()
    said: list[Mapping[str, Any]] = []

    def say(line: Mapping[str, Any]) -> None:
        said.append(line)
        told.set()

    thrift = Thrift(say, window_s=2.0)
    for _ in range(REPEATS + 5):
        thrift.admits(ERROR)

    assert told.wait(30)
    assert [5] == [each["more"] for each in said]
    assert thrift.admits(ERROR)


def test_w55_threads_may_talk_at_once() -> None:
    """w55: each line is written or counted, whoever says it."""
    thrift, said = _thrift()
    threads = [
        threading.Thread(target=lambda: [thrift.admits(ERROR) for _ in range(1_000)])
        for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    thrift.flush()

    assert 4_000 == thrift.written + said[0]["more"]
    assert REPEATS == thrift.written
