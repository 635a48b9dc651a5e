"""Golden screens: 80 columns, no colour, the time passed in."""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pacctl.commands import condition, files, holds, prune, restore, work
from pacctl.overview import advice, attention, overview, records
from pacctl.record import ProtocolError, parse
from pacctl.render import Screen
from pacctl.width import width
from pacd.protocol.documents import (
    Audit,
    Bin,
    Document,
    History,
    HoldCounts,
    Holds,
    Paused,
    Plan,
    Prune,
    PruneState,
    Queue,
    Restored,
    State,
    Status,
    Watch,
    Why,
    to_json,
)
from tests.fakes import (
    BIN,
    CHECKED,
    CORRUPT,
    EXPLAINED,
    FAILED,
    IGNORED,
    ITEMS,
    LIBRARY,
    LIMIT_PROBLEM,
    MASS,
    MIRRORED,
    ORPHAN,
    RECYCLED,
    REFUSED,
    RUNNING,
    SPARE,
    STUCK,
    SUSPECT,
    TESTED,
    UNSETTLED,
    UNSTABLE,
    WATCHING,
    WORKING,
)

_GOLDEN = Path(__file__).parent / "golden"
_NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
_SCANNING = replace(
    WATCHING,
    state=State.SCANNING,
    libraries=(replace(LIBRARY, scan_status="scanning", scan_progress=3_000),),
    audit=Audit(running=True),
)
_DEGRADED = replace(
    WATCHING,
    state=State.DEGRADED,
    problems=(LIMIT_PROBLEM,),
    watch=Watch(mode="inotify", directories=1_434, watched=1_234, overflows=1),
    libraries=(replace(LIBRARY, scan_status="error", scan_error="/srv/music is not mounted"),),
)
_HOSTILE = replace(
    CORRUPT,
    path="\x1b]0;owned\x07/\u202egpj.flac\n\udcff",
    evidence={"words": "\x1b[2J\x9b31m", "\x1bname": "\x1bvalue"},
    reason="\x1b[31mred",
    library="\x1b[m",
    advice="\x1b]52;c;cGFjCg==\x07",
)
_now = partial(partial, now=_NOW)

_SCREENS: Mapping[str, tuple[Callable[..., None], Document]] = {
    "watching": (_now(overview), WATCHING),
    "working": (_now(overview), WORKING),
    "scanning": (_now(overview), _SCANNING),
    "paused": (
        _now(overview),
        replace(WATCHING, state=State.PAUSED, paused=Paused(until="2026-11-21T14:00:00Z")),
    ),
    "degraded": (_now(overview), _DEGRADED),
    "bare": (_now(overview), replace(WATCHING, libraries=(), audit=Audit())),
    "plain": (records, WORKING),
    "holds": (_now(holds._table), Holds(holds=(CORRUPT, UNSTABLE))),
    "holds-of-several": (
        _now(holds._table),
        Holds(holds=(CORRUPT, replace(UNSTABLE, library="attic")), libraries=("attic", "music")),
    ),
    "no-holds": (_now(holds._table), Holds()),
    "hold": (_now(holds.hold_in_full), CORRUPT),
    "hostile": (_now(holds.hold_in_full), _HOSTILE),
    "hold-suspect": (_now(holds.hold_in_full), SUSPECT),
    "why": (files._story, replace(EXPLAINED, holds=(CORRUPT,))),
    "why-in-order": (files._story, MIRRORED),
    "history": (files._log, History(entries=(TESTED, FAILED))),
    "why-ignored": (files._story, IGNORED),
    "plan": (work._plan_table, Plan(items=ITEMS, more=1_000)),
    "plan-waiting": (work._plan_table, Plan(waiting=(UNSETTLED,), settle_s=10.0)),
    "plan-all": (
        work._plan_table,
        Plan(items=ITEMS, waiting=(UNSETTLED,) * 30, more_waiting=70, settle_s=90.0),
    ),
    "queue": (work._queue_tables, Queue(running=(RUNNING,), waiting=ITEMS)),
    "hold-mass": (_now(holds.hold_in_full), MASS),
    "accepted-mass": (holds._accepted, Holds(holds=(MASS,))),
    "prune-dry": (
        prune._foreseen,
        Prune(id=0, state=PruneState.FORESEEN, orphans=(ORPHAN, STUCK), more=40, kept=(SPARE,)),
    ),
    "prune-refused": (
        prune._foreseen,
        Prune(id=0, state=PruneState.FORESEEN, refused=(REFUSED,)),
    ),
    "restore": (restore._listed, BIN),
    "restore-empty": (restore._listed, Bin(files=(), size_bytes=0, retention_days=30)),
    "restored": (restore._restored, Restored(id=3, library="music", path=RECYCLED.path)),
    "exchanged": (
        restore._restored,
        Restored(id=3, library="music", path=RECYCLED.path, exchanged=9),
    ),
    "prune-nothing": (prune._foreseen, Prune(id=0, state=PruneState.FORESEEN)),
    "pruned": (
        prune._done,
        Prune(
            id=3,
            state=PruneState.DONE,
            orphans=(ORPHAN, STUCK),
            removed=1,
            kept=(SPARE,) * 7,
            failed=(STUCK,),
            refused=(REFUSED,),
        ),
    ),
    "pruned-nothing": (prune._done, Prune(id=3, state=PruneState.DONE)),
    "doctor": (condition._doctor_words, CHECKED),
}


def _shown(show: Callable[..., None], document: object, columns: int = 80) -> str:
    stream = io.StringIO()
    show(Screen(stream, {"COLUMNS": str(columns)}), document)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """People read local time; here that is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("name", _SCREENS)
def test_screen_is_as_it_was(name: str) -> None:
    """O1: what people read changes only on purpose (golden/NAME.txt)."""
    show, document = _SCREENS[name]

    found = _shown(show, parse(to_json(document)))

    assert (_GOLDEN / f"{name}.txt").read_text("utf-8") == found


@pytest.mark.parametrize("columns", [57, 80, 200])
@pytest.mark.parametrize("name", _SCREENS)
def test_no_line_is_wider_than_the_screen(name: str, columns: int) -> None:
    """Screens: width-aware; only --plain, for programs, is not cut."""
    show, document = _SCREENS[name]
    lines = _shown(show, parse(to_json(document)), columns).splitlines()

    assert name == "plain" or columns >= max(map(width, lines))


@pytest.mark.parametrize("show", [_now(holds.hold_in_full), holds._record])
def test_nothing_that_is_shown_is_a_command(show: Callable[..., None]) -> None:
    """w49: no control character comes through from names, tags or tool words."""
    text = _shown(show, parse(to_json(_HOSTILE)))

    assert all(each.isprintable() or each in "\t\n" for each in text)
    assert text.isascii()


_ADVICE: list[tuple[Status, str, bool]] = [
    (WATCHING, "pacctl history", False),
    (replace(WATCHING, state=State.WORKING), "pacctl follow", False),
    (replace(WATCHING, holds=HoldCounts(notice=1)), "pacctl holds", False),
    (replace(WATCHING, holds=HoldCounts(suspect=1)), "pacctl holds", True),
    (replace(WORKING, holds=HoldCounts(error=1)), "pacctl holds", True),
    (_DEGRADED, "pacctl doctor", True),
    (replace(WATCHING, paused=Paused()), "pacctl resume", False),
    (replace(WATCHING, libraries=()), "pacctl config show", False),
]


@pytest.mark.parametrize(("status", "command", "pressing"), _ADVICE)
def test_the_last_line_is_the_next_useful_command(
    status: Status, command: str, pressing: bool
) -> None:
    """Requirements 1.3: status ends with it, and --check agrees on what is urgent."""
    text = _shown(_now(overview), status)

    assert command == advice(status)[0]
    assert pressing is attention(status)
    assert text.splitlines()[-1].startswith(f"next: {command}  ")


def test_w10_where_audits_alone_see_changes_is_said() -> None:
    """w10, W4: with the reason, and no number of folders that nobody could keep."""
    note = "music is on nfs4, where changes by other machines give no events"
    status = replace(WATCHING, watch=Watch(mode="poll", polled=(note,)))
    lines = _shown(_now(overview), status).splitlines()
    place = lines.index("watch     poll")

    assert note == " ".join(" ".join(lines[place + 1 : place + 3]).split())


def test_a_document_of_another_version_is_said_so() -> None:
    """w46: a key that is missing ends in a sentence, not in a traceback."""
    found: Any = parse('{"schema": 1, "state": "watching"}')
    why: Why = found

    with pytest.raises(ProtocolError, match=r"lacks 'facts'.*different versions"):
        _ = why.facts
