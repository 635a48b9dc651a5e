"""The schedule with its real thread; every moment is chosen so that nothing is waited for."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from queue import Queue

import pytest

from pacd.schedule import Schedule

DAY = timedelta(days=1)
HALF_A_DAY = timedelta(hours=12)
HALF_AN_HOUR = timedelta(minutes=30)
NOW = datetime.now(UTC)  # the scheduler's own thread reads the real clock
PATIENCE_S = 10.0


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    """A schedule that is stopped in the end."""
    schedule = Schedule()
    yield schedule
    schedule.stop()


def _nothing() -> None:
    """What is asked for when only the moment matters."""


def _plan(schedule: Schedule, last_finished: datetime | None, called: threading.Event) -> None:
    schedule.every_audit(
        called.set, interval=DAY, jitter=timedelta(), last_finished=last_finished, now=NOW
    )


@pytest.mark.parametrize(
    "last_finished",
    [
        pytest.param(None, id="never"),
        pytest.param(NOW - 2 * DAY, id="overdue"),
        pytest.param(NOW - 40 * DAY, id="long-overdue"),
        pytest.param(NOW - DAY, id="just-due"),
    ],
)
def test_w40_overdue_audit_is_asked_for_at_once(
    schedule: Schedule, last_finished: datetime | None
) -> None:
    """W5: w40: after downtime, and at the very first start, an audit is asked for at once."""
    called = threading.Event()
    _plan(schedule, last_finished, called)
    schedule.start()

    assert called.wait(PATIENCE_S)


def test_w40_restarts_do_not_put_an_audit_off(schedule: Schedule) -> None:
    """W5: w40: the next audit counts from the end of the last, not from the start."""
    _plan(schedule, NOW - HALF_A_DAY, threading.Event())
    schedule.start()

    assert NOW + HALF_A_DAY == schedule.next_audit()


def test_w40_jitter_only_delays(schedule: Schedule) -> None:
    """W5: w40: an audit comes no earlier than due, and later by at most the jitter."""
    for _draw in range(50):
        schedule.every_audit(
            _nothing, interval=DAY, jitter=HALF_AN_HOUR, last_finished=NOW, now=NOW
        )
        planned = schedule.next_audit()

        assert planned is not None
        assert NOW + DAY <= planned <= NOW + DAY + HALF_AN_HOUR


def test_w40_next_audit_counts_from_the_end_of_the_last(schedule: Schedule) -> None:
    """W5: w40: an audit that took five hours moves the next by as much."""
    _plan(schedule, NOW - timedelta(hours=1), threading.Event())
    schedule.start()
    schedule.audit_finished(NOW + timedelta(hours=5))

    assert NOW + timedelta(hours=29) == schedule.next_audit()


def test_w01_while_changes_go_unseen_audits_come_sooner(schedule: Schedule) -> None:
    """W4, w01: no later than is said, whatever the plan; the plan itself stays."""
    _plan(schedule, None, threading.Event())
    schedule.start()
    schedule.audit_finished(NOW, within=HALF_A_DAY)
    assert NOW + HALF_A_DAY == schedule.next_audit()
    schedule.audit_finished(NOW, within=2 * DAY)
    assert NOW + DAY == schedule.next_audit()
    schedule.audit_finished(NOW)
    assert NOW + DAY == schedule.next_audit()


def test_w40_an_audit_that_never_ends_does_not_end_the_plan(schedule: Schedule) -> None:
    """W5: once asked for, the next one is planned though no end was reported."""
    called = threading.Event()
    _plan(schedule, None, called)
    schedule.start()
    called.wait(PATIENCE_S)
    planned = schedule.next_audit()

    assert planned is not None
    assert NOW < planned <= NOW + DAY


def test_w40_times_missed_while_asleep_are_one_call(schedule: Schedule) -> None:
    """W5: w40: a thousand missed moments lead to one request, not to a thousand."""
    calls: Queue[str] = Queue()
    schedule.every_audit(
        lambda: calls.put("audit"),
        interval=DAY,
        jitter=timedelta(),
        last_finished=None,
        now=NOW - 1000 * DAY,
    )
    schedule.start()
    first = calls.get(timeout=PATIENCE_S)
    schedule.at(NOW, "behind it", lambda: calls.put("behind it"))

    assert ["audit", "behind it"] == [first, calls.get(timeout=PATIENCE_S)]


class Shifted(datetime):
    """The wall clock as the schedule's thread sees it, set forwards or back by a test."""

    by = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no Self
        return datetime.now(tz) + cls.by


def test_w40_what_fell_due_while_asleep_is_called_on_waking(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W5: w40: its thread waits by a clock that stands still in sleep; a look helps."""
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Shifted)
    monkeypatch.setattr(Shifted, "by", timedelta())
    calls: Queue[str] = Queue()
    schedule.every_audit(
        lambda: calls.put("audit"), interval=DAY, jitter=timedelta(), last_finished=NOW, now=NOW
    )
    schedule.start()
    schedule.look_at_clock(NOW)
    monkeypatch.setattr(Shifted, "by", 40 * DAY)  # forty intervals asleep
    schedule.look_at_clock(NOW + 40 * DAY)

    assert "audit" == calls.get(timeout=PATIENCE_S)
    schedule.stop()
    assert calls.empty()


def test_w40_a_clock_that_was_set_back_puts_no_audit_off(schedule: Schedule) -> None:
    """W5: w40: the next audit is never further away than interval and jitter allow."""
    schedule.every_audit(_nothing, interval=DAY, jitter=HALF_AN_HOUR, last_finished=NOW, now=NOW)
    schedule.look_at_clock(NOW)
    untouched = schedule.next_audit()
    back = NOW - 1000 * DAY
    schedule.look_at_clock(back)
    planned = schedule.next_audit()

    assert untouched is not None
    assert NOW + DAY <= untouched <= NOW + DAY + HALF_AN_HOUR
    assert planned is not None
    assert back + DAY <= planned <= back + DAY + HALF_AN_HOUR


def test_w40_an_end_in_the_future_says_nothing(schedule: Schedule) -> None:
    """W5: w40: an audit that ended by a clock years ahead does not stop audits for years."""
    called = threading.Event()
    _plan(schedule, NOW + 1000 * DAY, called)
    schedule.start()

    assert called.wait(PATIENCE_S)


def test_w33_a_schedule_that_calls_nothing_is_told(schedule: Schedule) -> None:
    """D2: w33: what is overdue at two looks was not called: the thread is dead, or stuck."""
    _plan(schedule, NOW - 2 * DAY, threading.Event())  # and never started
    first = schedule.look_at_clock(NOW + DAY)
    second = schedule.look_at_clock(NOW + DAY)

    assert (True, False) == (first.result(), second.result())


def test_a_reload_replaces_the_plan(schedule: Schedule) -> None:
    """W5: a changed interval holds from now on, before and after the start."""
    _plan(schedule, NOW, threading.Event())
    schedule.every_audit(_nothing, interval=2 * DAY, jitter=timedelta(), last_finished=NOW, now=NOW)

    assert NOW + 2 * DAY == schedule.next_audit()

    schedule.start()

    assert NOW + 2 * DAY == schedule.next_audit()

    schedule.every_audit(_nothing, interval=3 * DAY, jitter=timedelta(), last_finished=NOW, now=NOW)

    assert NOW + 3 * DAY == schedule.next_audit()


def test_w40_next_audit_is_told_in_utc(schedule: Schedule) -> None:
    """W5: w40: no summer time comes into it."""
    _plan(schedule, NOW, threading.Event())
    planned = schedule.next_audit()

    assert planned is not None
    assert timedelta() == planned.utcoffset()


def test_nothing_is_planned_at_first(schedule: Schedule) -> None:
    """W5: without a plan there is no next audit, and the end of one changes nothing."""
    schedule.start()
    schedule.audit_finished(NOW)

    assert schedule.next_audit() is None


def test_w60_a_moment_that_is_past_is_called_at_once(schedule: Schedule) -> None:
    """D1: w60: a pause that ran out while the daemon was down ends at its start."""
    called = threading.Event()
    schedule.at(NOW - DAY, "resume", called.set)
    schedule.start()

    assert called.wait(PATIENCE_S)


def test_a_name_has_one_moment(schedule: Schedule) -> None:
    """D1: a longer pause replaces the shorter one; ending it by hand forgets it."""
    calls: Queue[str] = Queue()
    schedule.at(NOW - DAY, "resume", lambda: calls.put("replaced"))
    schedule.at(NOW - DAY, "resume", lambda: calls.put("kept"))
    schedule.at(NOW - DAY, "other", lambda: calls.put("cancelled"))
    schedule.cancel("other")
    schedule.cancel("never there")
    schedule.start()
    first = calls.get(timeout=PATIENCE_S)
    schedule.stop()

    assert "kept" == first
    assert calls.empty()


def test_a_call_that_fails_does_not_end_the_schedule(schedule: Schedule) -> None:
    """W5: an error in one request leaves the thread alive for the next."""
    called = threading.Event()
    schedule.at(NOW - DAY, "a fault", {}.popitem)  # type: ignore[arg-type]
    schedule.start()
    schedule.at(NOW - DAY, "after it", called.set)

    assert called.wait(PATIENCE_S)


def test_stopping_leaves_no_thread() -> None:
    """D1: w28: after stop() no thread of the schedule is left; stopping twice is harmless."""
    before = set(threading.enumerate())
    schedule = Schedule()
    called = threading.Event()
    _plan(schedule, None, called)
    schedule.start()
    called.wait(PATIENCE_S)
    schedule.stop()
    schedule.stop()

    assert set() == set(threading.enumerate()) - before  # an earlier test's may end meanwhile


@pytest.mark.parametrize("attempt", range(20))
def test_stopping_amid_a_call_is_clean(attempt: int) -> None:
    """D1: w28: stopped in the very moment of a call, the thread ends without a word."""
    schedule = Schedule()
    calls: Queue[int] = Queue()
    for number in range(20):
        schedule.at(NOW - DAY, f"call {number}", lambda: calls.put(attempt))
    schedule.start()
    calls.get(timeout=PATIENCE_S)
    schedule.stop()
