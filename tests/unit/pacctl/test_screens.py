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
    Counts,
    Document,
    FileState,
    History,
    HoldCounts,
    Holds,
    Paused,
    Plan,
    Problem,
    ProblemKind,
    Prune,
    PruneState,
    Queue,
    Restored,
    ScanTicket,
    State,
    Status,
    TicketState,
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
_MISTAKEN = replace(
    _DEGRADED,
    problems=(
        Problem(
            kind=ProblemKind.RELOAD_REFUSED,
            what="The last reload was refused.",
            fix="Correct the configuration.",
        ),
    ),
)
_HOSTILE = replace(
    CORRUPT,
    path="\x1b]0;owned\x07/\u202egpj.flac\n\udcff",
    evidence={"words": "\x1b[2J\x9b31m", "\x1bname": "\x1bvalue"},
    reason="\x1b[31mred",
    library="\x1b[m",
    file="/\x1b]0;owned\x07/\u202egpj.flac\n\udcff",
    advice="\x1b]52;c;cGFjCg==\x07",
)
_JUDGED = {
    "authenticity": {
        "status": "suspect",
        "reason": "PAC's own detector: it was MP3 once",
        "judged_at": "2026-11-20T22:15:00Z",
        "findings": [
            {
                "detector": "builtin",
                "version": "5",
                "status": "suspect",
                "sentence": "it was MP3 once",
                "numbers": {
                    "bits": [16, 16],
                    "edge_hz": 11_283,
                    "codec": "MP3",
                    "floor_db": -101.3,
                },
            },
            {
                "detector": "lac",
                "version": "1.0",
                "status": "ok",
                "sentence": "clean",
                "numbers": {},
            },
        ],
    }
}
_SCANNED = ScanTicket(
    id=1,
    state=TicketState.DONE,
    path=None,
    exit=0,
    counts=Counts(library={"scanned": 47, "recompress_skipped": 37}),
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
    "why-judged": (files._story, replace(EXPLAINED, facts=_JUDGED)),
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
    "scan": (work._summary, _SCANNED),
    "scan-in-vain": (
        work._summary,
        replace(_SCANNED, counts=Counts(library={}), exit=2, message="Library music: it is away."),
    ),
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
    (_MISTAKEN, "pacctl config check", True),
    (replace(_MISTAKEN, holds=HoldCounts(error=1)), "pacctl config check", True),
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


@pytest.mark.parametrize(
    ("watch", "shown"),
    [
        (Watch(mode="inotify", away=("music",)), "inotify · none of music, which is away"),
        (
            Watch(mode="inotify", directories=3, watched=3, away=("music", "attic")),
            "inotify · all 3 folders at the last audit none of music and attic, which are away",
        ),
    ],
)
def test_w08_folders_that_are_away_are_no_coverage(watch: Watch, shown: str) -> None:
    """w08, w56: no number of folders stands for those that nobody could watch."""
    text = _shown(_now(overview), replace(WATCHING, watch=watch))

    assert f"watch {shown} " in f"{' '.join(text.split())} "


def test_w58_each_state_of_a_file_is_told_in_words_of_its_own() -> None:
    """w58: first of all, so that what waits for a disk is told from what waits for its turn."""
    told = [
        _shown(files._story, replace(MIRRORED, state=state)).splitlines()[1].partition(" ·")[0]
        for state in FileState
    ]

    assert len(FileState) == len(set(told))
    assert {"waiting for its turn", "waiting for a disk that is away"} < set(told)
    assert not {*FileState} & {*told} - {FileState.IGNORED}


def test_a_document_of_another_version_is_said_so() -> None:
    """w46: a key that is missing ends in a sentence, not in a traceback."""
    found: Any = parse('{"schema": 1, "state": "watching"}')
    why: Why = found

    with pytest.raises(ProtocolError, match=r"lacks 'facts'.*different versions"):
        _ = why.facts
