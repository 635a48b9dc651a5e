"""Jobs and setbacks."""

from datetime import timedelta

from pacd.domain.plan import Action, PlanItem, Setback
from pacd.errors import FailureKind
from pacd.store.database import Store
from tests.integration.store.examples import FOLDER, NOW, PATH, failed, item

SOON = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)
ENCODE = item(PATH, Action.MIRROR_ENCODE, "phone")


def _fail(store: Store, library: int, of: PlanItem, kind: FailureKind, retry: timedelta) -> None:
    job = store.jobs.started(library, of, now=NOW)
    store.jobs.failed(job, failed(of, kind), now=NOW, retry_at=NOW + retry)


def test_failures_in_a_row_are_one_setback(store: Store, library: int) -> None:
    """P5: tries are counted per path, action and mirror; the last failure is told."""
    _fail(store, library, ENCODE, FailureKind.IO, timedelta(minutes=1))
    _fail(store, library, ENCODE, FailureKind.TIMED_OUT, timedelta(hours=1))
    _fail(store, library, item(), FailureKind.TOOL_FAILED, timedelta(minutes=1))
    message = "01 Army of Me.flac could not be encoded"
    words = "ERROR: \\udcff"

    assert {
        PATH: (
            Setback(Action.MIRROR_ENCODE, "phone", FailureKind.TIMED_OUT, 2, message, words, LATER),
            Setback(Action.RECOMPRESS, "", FailureKind.TOOL_FAILED, 1, message, words, SOON),
        )
    } == store.jobs.setbacks(library, FOLDER)


def test_success_ends_its_own_setback(store: Store, library: int) -> None:
    """P5: what went well clears the same action on the same mirror, nothing else."""
    _fail(store, library, ENCODE, FailureKind.IO, timedelta(minutes=1))
    _fail(store, library, item(), FailureKind.IO, timedelta(minutes=1))
    store.jobs.finished(store.jobs.started(library, ENCODE, now=NOW), now=SOON)
    left = store.jobs.setbacks(library, FOLDER)[PATH]

    assert [Action.RECOMPRESS] == [setback.action for setback in left]


def test_setbacks_are_cleared_by_choice(store: Store, library: int) -> None:
    """H2: releasing a file clears all of it, or one action, or one mirror."""
    car = item(PATH, Action.MIRROR_ENCODE, "car")
    for each in (ENCODE, car, item()):
        _fail(store, library, each, FailureKind.IO, timedelta(minutes=1))

    def left() -> list[tuple[Action, str]]:
        found = store.jobs.setbacks(library, FOLDER).get(PATH, ())
        return [(setback.action, setback.mirror) for setback in found]

    store.jobs.clear_setbacks(library, PATH, Action.MIRROR_ENCODE, "car")
    assert [(Action.MIRROR_ENCODE, "phone"), (Action.RECOMPRESS, "")] == left()
    store.jobs.clear_setbacks(library, PATH, Action.RECOMPRESS)
    assert [(Action.MIRROR_ENCODE, "phone")] == left()
    store.jobs.clear_setbacks(library, PATH)
    assert [] == left()


def test_what_a_crash_cut_short_is_no_failure(store: Store, library: int) -> None:
    """D3: jobs that were running are marked at start-up, and held against nobody."""
    store.jobs.finished(store.jobs.started(library, item(), now=NOW), now=NOW)
    store.jobs.started(library, ENCODE, now=NOW)

    assert 1 == store.jobs.interrupted(now=LATER)
    assert 0 == store.jobs.interrupted(now=LATER)
    assert {} == store.jobs.setbacks(library, FOLDER)
    states = store._connection.rows("SELECT state FROM jobs ORDER BY id")
    assert ["done", "interrupted"] == [row["state"] for row in states]


def test_rewrites_are_counted_per_master(store: Store, library: int) -> None:
    """H1: only rewrites of masters that went well, in this folder, since then."""
    sibling = FOLDER / "02.flac"
    done = [(PATH, NOW), (PATH, LATER), (PATH, LATER), (sibling, LATER), (FOLDER / "x/y", LATER)]
    for path, ended in done:
        store.jobs.finished(store.jobs.started(library, item(path), now=NOW), now=ended)
    store.jobs.finished(store.jobs.started(library, ENCODE, now=NOW), now=LATER)
    _fail(store, library, item(), FailureKind.IO, timedelta(minutes=1))

    assert {PATH: 2, sibling: 1} == store.jobs.rewrites(library, FOLDER, since=SOON, until=LATER)
    assert {PATH: 3, sibling: 1} == store.jobs.rewrites(library, FOLDER, since=NOW, until=LATER)


def test_old_jobs_are_pruned(store: Store, library: int) -> None:
    """S2: what ended long ago goes; what still runs stays, and no id is given twice."""
    store.jobs.finished(store.jobs.started(library, item(), now=NOW), now=NOW)
    running = store.jobs.started(library, item(), now=NOW)
    last = store.jobs.started(library, item(), now=NOW)
    store.jobs.finished(last, now=NOW)

    assert 2 == store.jobs.prune(before=SOON)
    assert running < last < store.jobs.started(library, item(), now=NOW)
    assert 2 == store.jobs.interrupted(now=LATER)
