"""B2: what is asked once per folder or file is answered through an index."""

from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.domain.verdict import Authenticity
from pacd.store.database import Store
from pacd.store.holds import Ending
from tests.integration.store.examples import (
    EXPORTED,
    FOLDER,
    INTACT,
    JUDGED,
    MD5,
    NOW,
    OUTPUT,
    PATH,
    REPLACED,
    SEEN,
    TRACK,
    failed,
    fill,
    item,
)

LIBRARY = 1
MOVED = PurePosixPath("moved.flac")

# What is asked -> the columns that must lead to the rows.
QUESTIONS: dict[str, tuple[Callable[[Store], object], str]] = {
    "in_folder": (
        lambda s: s.tracks.in_folder(LIBRARY, FOLDER),
        "idx_files_folder (library_id=? AND folder=?",
    ),
    "known": (lambda s: s.tracks.known(LIBRARY, PATH), "(library_id=? AND path=?"),
    "by_content": (
        lambda s: s.tracks.by_content(LIBRARY, SEEN),
        "(library_id=? AND device=? AND inode=? AND file_size=? AND mtime_ns=?",
    ),
    "seen": (lambda s: s.tracks.seen(LIBRARY, PATH, SEEN, now=NOW), "(library_id=? AND path=?"),
    "seen_new": (lambda s: s.tracks.seen(LIBRARY, PATH, REPLACED, now=NOW), "path=?"),
    "moved": (lambda s: s.tracks.moved(1, MOVED, SEEN, now=NOW), "(library_id=? AND path=?"),
    "gone": (lambda s: s.tracks.gone(LIBRARY, [PATH], now=NOW), "(library_id=? AND path=?"),
    "valid_count": (lambda s: s.tracks.valid_count(LIBRARY), "COVERING INDEX idx_files_content"),
    "untested": (lambda s: s.verdicts.untested(LIBRARY), "idx_files_untested (library_id=?"),
    "judgement": (lambda s: s.authenticity.of(MD5), "authenticity USING PRIMARY KEY (md5=?"),
    "judged": (lambda s: s.authenticity.record(MD5, JUDGED), ""),
    "forget_judgement": (
        lambda s: s.authenticity.forget(MD5),
        "authenticity USING PRIMARY KEY (md5=?",
    ),
    "stands": (
        lambda s: s.tracks.stands(LIBRARY, PATH, Authenticity.OK),
        "(library_id=? AND path=?",
    ),
    "of_audio": (lambda s: s.verdicts.of_audio(LIBRARY, MD5), "idx_checks_md5 (md5=?"),
    "last_accepted": (
        lambda s: s.holds.last_accepted(LIBRARY, Cause.MASS_DISAPPEARANCE, "phone"),
        "idx_holds_accepted_md5 (md5=?",
    ),
    "fingerprint": (lambda s: s.folders.fingerprint(LIBRARY, FOLDER), "library_id=? AND folder=?"),
    "disturb": (lambda s: s.folders.disturb(LIBRARY, FOLDER), ""),
    "all_folders": (
        lambda s: s.folders.all(LIBRARY, {"policy"}, FOLDER),
        "PRIMARY KEY (library_id=? AND folder>? AND folder<?)",
    ),
    "stale": (
        lambda s: s.folders.stale(LIBRARY, tested_before=NOW, tested_after=NOW),
        "idx_checks_age (last_test_ts<?",
    ),
    "stale_ahead": (
        lambda s: s.folders.stale(LIBRARY, tested_before=NOW, tested_after=NOW),
        "idx_checks_age (last_test_ts>?",
    ),
    "stale_files": (
        lambda s: s.folders.stale(LIBRARY, tested_before=NOW, tested_after=NOW),
        "idx_files_content (library_id=? AND device=? AND inode=? AND file_size=? AND mtime_ns=?",
    ),
    "lying": (lambda s: s.recycled.lying(LIBRARY), "idx_recycled_lying (library_id=?"),
    "restored": (lambda s: s.recycled.restored(MD5), "idx_recycled_restored (md5=?"),
    "overdue": (
        lambda s: s.recycled.overdue(LIBRARY, since=NOW, most=9),
        "idx_recycled_lying (library_id=?",
    ),
    "origin": (lambda s: s.recycled.origin(MD5), "idx_recycled_made (made_md5=?"),
    "unresampled": (
        lambda s: s.recycled.waiting_for_resampler(LIBRARY),
        "SCAN checks USING INDEX idx_checks_above_cd",
    ),
    "check_of": (lambda s: s.verdicts.check_of(SEEN), "PRIMARY KEY (device=? AND inode=?"),
    "forget_check": (lambda s: s.verdicts.forget(SEEN), "PRIMARY KEY (device=? AND inode=?"),
    "outputs": (
        lambda s: s.outputs.in_folder(LIBRARY, "phone", FOLDER),
        "(library_id=? AND mirror=? AND folder=?",
    ),
    "outputs_with_audio": (
        lambda s: s.outputs.with_audio(LIBRARY, "phone", MD5),
        "idx_outputs_md5 (library_id=? AND mirror=? AND src_md5=?",
    ),
    "orphans": (
        lambda s: s.outputs.orphans(LIBRARY, "phone"),
        "idx_outputs_orphans (library_id=? AND mirror=?",
    ),
    "count_orphans": (
        lambda s: s.outputs.count_orphans(LIBRARY, "phone"),
        "idx_outputs_orphans (library_id=? AND mirror=?",
    ),
    "count_outputs": (
        lambda s: s.outputs.count(LIBRARY, "phone"),
        "COVERING INDEX idx_outputs_kept (library_id=? AND mirror=? AND state=? AND orphaned_at=?",
    ),
    "orphaned": (
        lambda s: s.outputs.orphaned(LIBRARY, "phone", [PATH], now=NOW),
        "(library_id=? AND mirror=? AND path=?",
    ),
    "wanted": (
        lambda s: s.outputs.wanted(LIBRARY, "phone", [PATH]),
        "(library_id=? AND mirror=? AND path=?",
    ),
    "sidecars": (
        lambda s: s.sidecars.in_folder(LIBRARY, "phone", FOLDER),
        "(library_id=? AND mirror=? AND folder=?",
    ),
    "sidecars_of_file": (
        lambda s: s.sidecars.of_file(LIBRARY, "phone", SEEN),
        "idx_sidecars_source (library_id=? AND mirror=? AND source_inode=?",
    ),
    "orphaned_sidecars": (
        lambda s: s.sidecars.orphans(LIBRARY, "phone"),
        "idx_sidecars_orphans (library_id=? AND mirror=?",
    ),
    "count_orphaned_sidecars": (
        lambda s: s.sidecars.count_orphans(LIBRARY, "phone"),
        "idx_sidecars_orphans (library_id=? AND mirror=?",
    ),
    "count_sidecars": (
        lambda s: s.sidecars.count(LIBRARY, "phone"),
        "COVERING INDEX idx_sidecars_kept (library_id=? AND mirror=? AND state=? AND orphaned_at=?",
    ),
    "exports": (
        lambda s: s.exports.at(LIBRARY, [EXPORTED.target]),
        "(library_id=? AND path=?",
    ),
    "setbacks": (lambda s: s.jobs.setbacks(LIBRARY, FOLDER), "(library_id=? AND folder=?"),
    "finished": (lambda s: s.jobs.finished(1, now=NOW), "action=? AND mirror=?"),
    "clear_setbacks": (
        lambda s: s.jobs.clear_setbacks(LIBRARY, PATH, Action.TEST),
        "(library_id=? AND path=?",
    ),
    "rewrites": (
        lambda s: s.jobs.rewrites(LIBRARY, FOLDER, since=NOW, until=NOW),
        "(library_id=? AND folder=? AND action=? AND ended_at>?",
    ),
    "holds": (lambda s: s.holds.in_folder(LIBRARY, FOLDER), "(library_id=? AND folder=?"),
    "accepted_audio": (lambda s: s.holds.accepted(MD5, SEEN), "(md5=?"),
    "accepted_bytes": (lambda s: s.holds.accepted("", SEEN), "(device=? AND inode=?"),
    "history": (lambda s: s.history.of(LIBRARY, PATH, limit=9), "(library_id=? AND path=?"),
    "history_since": (lambda s: s.history.since(1, limit=9), "PRIMARY KEY (rowid>?"),
    "history_below": (
        lambda s: s.history.below(LIBRARY, FOLDER, limit=9),
        "(library_id=? AND path>?",
    ),
    "state": (lambda s: s.counters.state(LIBRARY), "(library_id=? AND device=? AND inode=?"),
    "standing": (
        lambda s: s.counters.standing(LIBRARY, FOLDER),
        "idx_holds_folder (library_id=?",
    ),
    "outputs_below": (
        lambda s: s.outputs.count_of(LIBRARY, "phone", FOLDER),
        "idx_outputs_kept (library_id=? AND mirror=?",
    ),
    "described": (lambda s: s.tracks.described(LIBRARY, PATH, TRACK, SEEN, now=NOW), ""),
    "record_check": (lambda s: s.verdicts.record(INTACT, TRACK, SEEN), ""),
    "record_output": (lambda s: s.outputs.record(LIBRARY, "phone", OUTPUT), ""),
    "failed": (lambda s: s.jobs.failed(1, failed(item()), now=NOW, retry_at=NOW), "rowid=?"),
    "open_hold": (
        lambda s: s.holds.open(
            LIBRARY, PATH, Cause.CORRUPT, reason="", observation=SEEN, evidence={}, now=NOW
        ),
        "path=? AND cause=? AND mirror=?",
    ),
    "end_hold": (lambda s: s.holds.end(1, Ending.GONE, now=NOW), "rowid=?"),
}

FEW = ("idx_checks_failed", "idx_checks_above_cd")
"""Indexes of failed verdicts, and of hi-res files, alone: all of one is what was asked for."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_are_answered_through_an_index(store: Store, library: int, question: str) -> None:
    """B2: no statement of these reads a whole table, and the right columns lead it."""
    ask, wanted = QUESTIONS[question]
    fill(store, library)
    statements: list[str] = []
    raw = store._connection._raw
    raw.set_trace_callback(statements.append)
    ask(store)
    raw.set_trace_callback(None)
    plans = [
        str(row["detail"])
        for sql in statements
        if sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
        for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]

    assert [] == [plan for plan in plans if plan.startswith("SCAN") and not plan.endswith(FEW)]
    assert any(wanted in plan for plan in plans) or not wanted
    assert statements
