"""Log lines as they come out of real streams, pipes and worker processes."""

import io
import json
import logging
import os
import pty
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import structlog

from pacd.domain.plan import Action, PlanItem
from pacd.engine.telling import Told, say
from pacd.logs import LINE_BYTES, configure, configure_worker, flush, thread_ended
from tests.logging_of_process import given_back

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is the process's: give it back as it was."""
    with given_back():
        yield


@pytest.fixture
def stream() -> io.StringIO:
    """A stream that no process shares."""
    return io.StringIO()


def _fail(*, message: str, secret: str) -> None:
    """Raise; the secret is a local variable that a careless traceback would show."""
    raise ValueError(message)


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_w04_a_thread_that_dies_is_one_line(stream: io.StringIO) -> None:
    """w04: of threads that nobody waits for, the log must tell; an end by SystemExit is none."""
    configure("info", "json", stream=stream)
    for error in (ValueError("of this"), ValueError(), SystemExit()):
        died = (type(error), error, None, threading.Thread(name="reader"))
        thread_ended(threading.ExceptHookArgs(died))
    first, second = _lines(stream)

    assert ("error", "reader", "of this") == (first["level"], first["thread"], first["reason"])
    assert "ValueError: of this" in first["exception"]
    assert "ValueError" == second["reason"]


def test_w30_what_can_end_nothing_is_one_line() -> None:
    """w30: an exception in a destructor is a line of JSON, in a worker as well."""
    done = subprocess.run(
        [sys.executable, "-c", _BROKEN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    (line,) = map(json.loads, done.stderr.splitlines())

    assert ("warning", "of a destructor") == (line["level"], line["reason"])
    assert "ValueError: of a destructor" in line["exception"]


_BROKEN = """
from pacd.logs import configure_worker

class Broken:
    def __del__(self):
        raise ValueError("of a destructor")

configure_worker("info", "json")
Broken()
"""


def test_a_decision_is_one_line_of_json(stream: io.StringIO) -> None:
    """O1: time, level, event, action, status, library, path, job_id, reason, then the rest."""
    configure("info", "json", stream=stream)
    structlog.get_logger().info(
        "tested",
        size_bytes=17,
        reason="never tested",
        job_id=3,
        path=PurePosixPath("Björk/01.flac"),
        library="Music",
        status="ok",
        action=Action.TEST,
    )
    (line,) = _lines(stream)
    moment = datetime.fromisoformat(line.pop("time"))

    assert {
        "level": "info",
        "event": "tested",
        "action": "test",
        "status": "ok",
        "library": "Music",
        "path": "Björk/01.flac",
        "job_id": 3,
        "reason": "never tested",
        "size_bytes": 17,
    } == line
    assert list(line) == [
        *("level", "event", "action", "status"),
        *("library", "path", "job_id", "reason", "size_bytes"),
    ]
    assert abs(datetime.now(UTC) - moment).total_seconds() < 60  # the line's own


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("caf\udce9.flac", "caf\udce9.flac", id="not-utf-8"),
        pytest.param(b"caf\xe9", "caf\udce9", id="bytes"),
        pytest.param("a\nb\x1b[31m", "a\nb\x1b[31m", id="control"),
        pytest.param(float("nan"), "nan", id="nan"),
        pytest.param({1: {PurePosixPath("x")}}, {"1": ["x"]}, id="nested"),
        pytest.param((None, True, 1.5), [None, True, 1.5], id="plain"),
    ],
)
def test_any_value_becomes_valid_json(stream: io.StringIO, value: Any, shown: Any) -> None:
    """O1: whatever a name or a tag holds, the line is ASCII, JSON and one line."""
    configure("info", "json", stream=stream)
    structlog.get_logger().info("seen", value=value)
    (line,) = _lines(stream)

    assert shown == line["value"]
    assert stream.getvalue().isascii()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"words": "x" * 100_000}, id="long"),
        pytest.param({"words": "𝄞" * 4_000}, id="long-when-escaped"),
        pytest.param({"names": ["x" * 50] * 10_000}, id="many"),
        pytest.param({f"key_{n}": "𝄞" * 100 for n in range(500)}, id="wide"),
        pytest.param({"path": PurePosixPath("ü" * 9_000), "reason": "𝄞" * 9_000}, id="known"),
    ],
)
def test_a_line_is_short_enough_for_one_write(stream: io.StringIO, fields: dict[str, Any]) -> None:
    """O1: a line stays below what a pipe keeps together, however much is said."""
    configure("info", "json", stream=stream)
    structlog.get_logger().info("said", **fields)
    (line,) = _lines(stream)

    assert "said" == line["event"]
    assert len(stream.getvalue()) < LINE_BYTES


def test_a_long_value_keeps_both_ends(stream: io.StringIO) -> None:
    """O1: of a long path the file's name is still read."""
    configure("info", "json", stream=stream)
    structlog.get_logger().info("seen", path="Artist/" + "x" * 9_000 + "/01.flac")
    (line,) = _lines(stream)

    assert line["path"].startswith("Artist/")
    assert line["path"].endswith("/01.flac")
    assert "…" in line["path"]


def test_an_exception_shows_where_but_no_variables(stream: io.StringIO) -> None:
    """O1: a traceback is in the line; what variables held is not."""
    configure("info", "json", stream=stream)
    try:
        _fail(message="beyond repair", secret="hunter2"[::-1])
    except ValueError:
        structlog.get_logger().exception("failed", action="test")
    (line,) = _lines(stream)

    assert "error" == line["level"]
    assert line["exception"].endswith("ValueError: beyond repair")
    assert "2retnuh" not in stream.getvalue()


@pytest.mark.parametrize("name", ["watchdog.observers", "apscheduler.scheduler", "mutagen"])
def test_libraries_speak_in_the_same_form(stream: io.StringIO, name: str) -> None:
    """O1: what libraries log becomes a line like any other, with who said it."""
    configure("info", "json", stream=stream)
    logging.getLogger(name).warning("odd: %s", "x%d")
    logging.getLogger(name).info("chatter")
    (line,) = _lines(stream)

    assert ("warning", "odd: x%d", name) == (line["level"], line["event"], line["logger"])


def test_warnings_become_lines(stream: io.StringIO) -> None:
    """O1: a Python warning, like watchdog's of many kilobytes, is a line and no stray text."""
    configure("info", "json", stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("callback " + "x" * 9_000, RuntimeWarning, stacklevel=1)
    (line,) = _lines(stream)

    assert "py.warnings" == line["logger"]
    assert len(stream.getvalue()) < LINE_BYTES


def test_levels_hold_and_change_with_a_reload(stream: io.StringIO) -> None:
    """O1: what lies below the level is not written; configuring again changes it at once."""
    log = structlog.get_logger()
    configure("warning", "json", stream=stream)
    log.info("not said")
    configure("debug", "json", stream=stream)
    log.debug("said")
    logging.getLogger("watchdog").info("said too")

    assert ["said", "said too"] == [line["event"] for line in _lines(stream)]


def test_a_job_is_named_in_all_its_lines(stream: io.StringIO) -> None:
    """D1: w30: what is bound once stands in each line, in those of libraries too."""
    configure("info", "json", stream=stream)
    with structlog.contextvars.bound_contextvars(job_id=7):
        structlog.get_logger().info("ours")
        logging.getLogger("mutagen").warning("theirs")

    assert [7, 7] == [line["job_id"] for line in _lines(stream)]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        pytest.param({"path": "a\x1b[31mb"}, "\\x1b[31m", id="escape"),
        pytest.param({"path": "a\nb"}, "\\n", id="newline"),
        pytest.param({"path": "a\u202eb"}, "\\u202e", id="right-to-left"),
        pytest.param({"path": "caf\udce9"}, "\\udce9", id="not-utf-8"),
        pytest.param({"\x07": "bell"}, "\\x07", id="key"),
    ],
)
def test_the_console_shows_control_characters(
    stream: io.StringIO, fields: dict[str, Any], shown: str
) -> None:
    """O1: a tag cannot command the terminal; a line is one line."""
    configure("info", "console", stream=stream)
    structlog.get_logger().info("seen", **fields)
    written = stream.getvalue()

    assert shown in written.replace("\\\\", "\\")
    assert written.removesuffix("\n").isprintable()
    assert len(written.encode()) < LINE_BYTES


def test_the_console_prints_tracebacks_readably(stream: io.StringIO) -> None:
    """O1: a traceback keeps its lines, but not the control characters of what failed."""
    configure("info", "console", stream=stream)
    try:
        _fail(message="\x1b[31m" + "𝄞" * 9_000, secret="")
    except ValueError:
        structlog.get_logger().exception("failed")
    written = stream.getvalue()

    assert "\nTraceback (most recent call last):\n" in written
    assert "\x1b" not in written
    assert len(written.encode()) < LINE_BYTES


def test_auto_is_console_on_a_terminal_only(tmp_path: Path) -> None:
    """1.2: log_format auto: people get the console, files and journals get JSON."""
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as terminal:  # noqa: PTH123  # a descriptor
        configure("info", "auto", stream=terminal)
        structlog.get_logger().info("seen")
        shown = os.read(ours, 10_000).decode()
    os.close(ours)
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        configure("info", "auto", stream=log)
        structlog.get_logger().info("seen")
        kept = (tmp_path / "log").read_text()

    assert "[info" in shown
    assert "seen" == json.loads(kept)["event"]


def test_a_full_disk_does_not_stop_the_work() -> None:
    """O1: a line that cannot be written is lost; the caller goes on."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        configure("info", "json", stream=full)
        structlog.get_logger().info("seen")
        logging.getLogger("mutagen").warning("odd")


_CHATTER = """
import structlog
from pacd.logs import configure_worker
from tests.logging_of_process import given_back
configure_worker("info", "json")
for number in range(75):  # a flood would be told in short (w55)
    structlog.get_logger().info("said", number=number, words="x" * 3500)
"""


def test_lines_of_several_processes_do_not_mix() -> None:
    """D1: w30: four processes write long lines into one pipe; each arrives whole."""
    reader, writer = os.pipe()
    talkers = [
        subprocess.Popen([sys.executable, "-c", _CHATTER], stderr=writer, cwd=ROOT)
        for _talker in range(4)
    ]
    os.close(writer)
    with open(reader, encoding="ascii") as pipe:  # noqa: PTH123  # a descriptor
        numbers = sorted(json.loads(line)["number"] for line in pipe)
    ends = [talker.wait(timeout=30) for talker in talkers]

    assert [0, 0, 0, 0] == ends
    assert sorted([*range(75)] * 4) == numbers


def test_spawned_workers_log_like_the_daemon(capfd: pytest.CaptureFixture[str]) -> None:
    """O1: w30: as the initializer of a spawned pool it makes workers write JSON to stderr."""
    with ProcessPoolExecutor(
        1, mp_context=get_context("spawn"), initializer=configure_worker, initargs=("info", "json")
    ) as pool:
        pool.submit(logging.getLogger("mutagen").warning, "from afar").result(timeout=30)
    out, err = capfd.readouterr()

    assert "" == out
    assert "from afar" == json.loads(err)["event"]


@pytest.mark.parametrize(
    ("status", "most"),
    [pytest.param("error", 110, id="errors"), pytest.param("ok", 3_610, id="ok")],
)
def test_w55_a_storm_of_decisions_stays_below_journalds_limit(
    stream: io.StringIO, status: str, most: int
) -> None:
    """w55: 20,000 decisions are fewer than 10,000 lines in 30 s, and none goes uncounted."""
    flush()
    configure("info", "json", stream=stream)
    for number in range(20_000):
        item = PlanItem(
            PurePosixPath(f"A/{number}.flac"), Action.MIRROR_ENCODE, "no output", "phone"
        )
        say("music", item, Told("mirror_encode", status, "done", "", {"failure": "read-only"}), 1)
    flush()
    told = _lines(stream)

    assert len(told) <= most
    assert 20_000 == sum(line.get("more", 1) for line in told)
    assert "more like this; `pacctl history` has each" in told[-1]["reason"]
    assert ("mirror_encode", status, "music", "phone", "read-only", "A/19999.flac") == tuple(
        told[-1][name] for name in ("action", "status", "library", "mirror", "failure", "path")
    )


def test_w55_libraries_are_held_back_too(stream: io.StringIO) -> None:
    """w55: what a library repeats thousands of times is told in sum as well."""
    flush()
    configure("info", "json", stream=stream)
    for number in range(1_000):
        logging.getLogger("watchdog").warning("odd: %d", number)
    flush()
    told = _lines(stream)

    assert 101 == len(told)
    assert ("odd: %d", 900) == (told[-1]["event"], told[-1]["more"])
