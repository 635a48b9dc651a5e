"""The documents and their JSON."""

import json
from dataclasses import fields, is_dataclass
from types import MappingProxyType

import pytest

from pacd import errors
from pacd.api.failures import failure
from pacd.protocol import files, prunes, recycled, status
from pacd.protocol.documents import Counts, HoldView, Idle, ScanTicket, TicketState, dumps, to_json
from pacd.protocol.wire import EXITS, LIBRARY_COUNTS, MIRROR_COUNTS, Exit, Kind, escape
from tests.fakes import CORRUPT, WORKING


def test_schema_stands_first() -> None:
    """w46: every document says its schema at the top level."""
    assert '{"schema": 1, "idle": true}' == to_json(Idle(idle=True))


def test_status_has_the_keys_of_the_requirements() -> None:
    """X1: requirements 1.4, the document `status`."""
    found = json.loads(to_json(WORKING))

    assert {
        "schema", "state", "version", "pid", "uptime_s", "paused", "libraries", "counts", "queue",
        "eta_s", "holds", "watch", "audit", "problems", "tools", "config",
    } == set(found)  # fmt: skip
    assert {"library", "mirror"} == set(found["counts"])
    assert set(LIBRARY_COUNTS) == set(found["counts"]["library"])
    assert set(MIRROR_COUNTS) == set(found["libraries"][0]["mirrors"][0]["counts"])
    assert {"waiting", "folders_waiting", "running"} == set(found["queue"])


def test_w53_names_that_are_no_utf8_survive() -> None:
    """w53: undecodable bytes travel as lone surrogates, spelt in ASCII."""
    ticket = ScanTicket(id=1, state=TicketState.DONE, path="a\udcff\n\u202e")

    text = to_json(ticket)

    assert text.isascii()
    assert text.isprintable()
    assert ticket.path == json.loads(text)["path"]


def test_any_mapping_is_an_object() -> None:
    """X1: the daemon may hand out read-only views of what it holds."""
    counts = Counts(library=MappingProxyType({"scanned": 1}))

    found = json.loads(to_json(ScanTicket(id=1, state=TicketState.DONE, counts=counts)))

    assert {"scanned": 1} == found["counts"]["library"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_json_cannot_say_is_an_error(value: object) -> None:
    """X1: no document is sent that another program cannot read."""
    hold = HoldView(
        id=1, library="", path="", cause="", severity="", since="", md5="", reason="", advice="",
        evidence={"value": value},
    )  # fmt: skip

    with pytest.raises((TypeError, ValueError)):
        to_json(hold)


def test_no_field_hides_behind_a_method_of_dict() -> None:
    """X1: pacctl reads documents as dicts with attributes; `Plan.items` is the one exception."""
    documents = [
        each
        for module in (status, files, prunes, recycled)
        for each in vars(module).values()
        if isinstance(each, type) and is_dataclass(each)
    ]
    hidden = {
        (each.__name__, field.name)
        for each in documents
        for field in fields(each)
        if hasattr(dict, field.name)
    }

    assert {("Plan", "items")} == hidden


@pytest.mark.parametrize(
    ("error", "http", "kind", "ending"),
    [
        (errors.UnknownError("x"), 404, Kind.NOT_FOUND, Exit.NOT_FOUND),
        (errors.RefusedError("x"), 409, Kind.REFUSED, Exit.REFUSED),
        (errors.BusyError("x"), 409, Kind.REFUSED, Exit.REFUSED),
        (errors.StoppedError(), 409, Kind.REFUSED, Exit.REFUSED),
        (errors.LateError(30.0), 503, Kind.LATE, Exit.REFUSED),
        (errors.ConfigError("x"), 422, Kind.CONFIG, Exit.FAILED),
        (errors.PreflightError("x"), 424, Kind.PREFLIGHT, Exit.UNREACHABLE),
        (errors.StoreError("x"), 500, Kind.FAILED, Exit.FAILED),
        (errors.ToolError("x"), 500, Kind.FAILED, Exit.FAILED),
    ],
)
def test_each_error_has_its_status_and_its_exit(
    error: errors.PacError, http: int, kind: str, ending: int
) -> None:
    """X1: one table from what was raised to what a script sees."""
    found, text = failure(error)

    assert (http, kind) == (found, json.loads(text)["error"]["kind"])
    assert ending == EXITS[kind]


def test_every_kind_has_an_exit() -> None:
    """X1: no answer is without its exit code."""
    assert {word for name, word in vars(Kind).items() if name.isupper()} == set(EXITS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("AC/DC ¡坂本! ½", "AC/DC ¡坂本! ½", id="ordinary"),
        pytest.param("a\x1b[31mb\x07", r"a\x1b[31mb\x07", id="escape-sequence"),
        pytest.param("a\x9b31m", r"a\x9b31m", id="c1"),
        pytest.param("a\nb\tc\r", r"a\nb\tc\r", id="line-ends"),
        pytest.param("gpj.\u202ecalf", r"gpj.\u202ecalf", id="bidi-override"),
        pytest.param("a\u2066b\u2069", r"a\u2066b\u2069", id="bidi-isolate"),
        pytest.param("a\u2028b", r"a\u2028b", id="line-separator"),
        pytest.param("a\udcffb", r"a\xffb", id="undecodable-byte"),
        pytest.param("a\ud800b", r"a\ud800b", id="lone-surrogate"),
        pytest.param("a\U000e0041", r"a\U000e0041", id="tag-character"),
        pytest.param("back\\slash", "back\\slash", id="backslash"),
        pytest.param("e\u0301 \u00a0", "e\u0301 \u00a0", id="combining-mark"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(text: str, shown: str) -> None:
    """w49: no control character, whatever its kind, reaches the terminal."""
    assert shown == escape(text)
    assert shown == escape(escape(text))


def test_hold_keeps_the_keys_of_the_requirements() -> None:
    """H3: requirements 1.4, the document `holds`."""
    found = json.loads(to_json(CORRUPT))

    assert {
        "id", "library", "path", "cause", "severity", "since", "md5", "reason", "evidence",
        "advice", "spectrogram",
    } <= set(found)  # fmt: skip


def test_w49_no_control_character_leaves_the_daemon() -> None:
    """w49: `pacctl --json` shows documents as they come: DEL too is spelt out."""
    every = "".join(map(chr, range(0xA0))) + "\u2028\u202e\udcff"

    text = dumps({"path": every})

    assert text.isascii()
    assert text.isprintable()
    assert {"schema": 1, "path": every} == json.loads(text)
