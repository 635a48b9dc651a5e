"""When what is asked for: audits and the ends of pauses; it only calls, it never works."""

import random
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

_AUDIT: Final = "audit"

_SET_BACK: Final = timedelta(minutes=1)
"""A next audit that is later than it could be by so much was planned by another clock."""

_LATE: Final = timedelta(seconds=10)
"""Whoever is called that late twice in a row was not called: the thread is dead or stuck."""


class Schedule:
    """
    A thread that calls functions when they are due.

    The functions must return at once and leave the schedule alone: they put a request
    on a queue.  What was due while the machine slept is called once, on waking; nothing
    is called twice at once.
    """

    def __init__(self) -> None:
        # apscheduler 3.11 by itself drops what is more than a second late.
        defaults = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._scheduler = BackgroundScheduler(
            # In a time zone with summer time some moments do not exist and some come twice.
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(max_workers=1)},
            job_defaults=defaults,
        )
        self._interval = timedelta()
        self._jitter = timedelta()
        self._was_late = False

    def start(self) -> None:
        """Begin to call; what is overdue is called now."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call nothing more; returns when the last call has, and the thread is gone."""
        if self._scheduler.running:
            # apscheduler 3.11.3 looks for a one-off call in the wrong place, and its thread
            # dies, if it is shut down just then: this waits for its round to end first.
            self._scheduler.remove_all_jobs()
            self._scheduler.shutdown(wait=True)

    def every_audit(
        self,
        request: Callable[[], None],
        *,
        interval: timedelta,
        jitter: timedelta,
        last_finished: datetime | None,
        now: datetime,
    ) -> None:
        """
        Ask for an audit now if one is overdue, and then time after time.

        Called again (after a reload) it replaces the old plan.

        Args:
            jitter: Each audit is delayed at random by at most this.
            last_finished: None when none ever was.
        """
        self._interval, self._jitter = interval, jitter
        # An end that is still to come was written by a clock that was wrong: it says nothing.
        due = last_finished + interval if last_finished and last_finished <= now else now
        self._forget(_AUDIT)
        self._scheduler.add_job(
            request,
            # It goes on even if an audit never reports its end.
            IntervalTrigger(
                seconds=interval.total_seconds(), jitter=jitter.total_seconds(), timezone=UTC
            ),
            id=_AUDIT,
            next_run_time=self._delayed(due) if due > now else now,
        )

    def audit_finished(self, now: datetime, *, within: timedelta | None = None) -> None:
        """
        Plan the next audit from the end of this one, whoever had asked for it.

        Args:
            within: It is asked for after no longer than this, whatever the plan; None for no haste.
        """
        due = self._delayed(now + self._interval)
        due = min(due, now + within) if within else due
        with suppress(JobLookupError):  # none is planned, or it is being planned anew just now
            self._scheduler.modify_job(_AUDIT, next_run_time=due)

    def look_at_clock(self, now: datetime) -> "Future[object]":
        """
        Make good what the clock did: the machine slept, or the clock was set.

        To be called every minute or so: apscheduler 3.11 waits by the monotonic clock, which
        stands still while the machine sleeps.

        Returns:
            Done; False if what is overdue was not called since this was called the last time.
        """
        planned = self.next_audit()
        latest = now + self._interval + self._jitter
        if planned and planned > latest + _SET_BACK:
            self.audit_finished(now)
            planned = None
        late = planned is not None and planned < now - _LATE
        alive: Future[object] = Future()
        alive.set_result(not (late and self._was_late))
        self._was_late = late
        if self._scheduler.running:
            self._scheduler.wakeup()
        return alive

    def next_audit(self) -> datetime | None:
        """When the next audit will be asked for, in UTC; None when none is planned."""
        job = self._scheduler.get_job(_AUDIT)
        planned: datetime | None = job.next_run_time if job else None
        return planned

    def at(self, moment: datetime, name: str, call: Callable[[], None]) -> None:
        """Call once at a moment, or now if it is past; a name has one such call."""
        self.cancel(name)
        self._scheduler.add_job(call, DateTrigger(moment, timezone=UTC), id=f"at:{name}")

    def cancel(self, name: str) -> None:
        """Forget the call of that name, if it is still to come."""
        self._forget(f"at:{name}")

    def _forget(self, job: str) -> None:
        # Not replace_existing: before start() that would leave the old one to be asked for.
        with suppress(JobLookupError):
            self._scheduler.remove_job(job)

    def _delayed(self, moment: datetime) -> datetime:
        share = random.random()  # noqa: S311  # spreads load, keeps no secret
        return moment + self._jitter * share
