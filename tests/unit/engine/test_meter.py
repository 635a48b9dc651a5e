"""What is counted for monitors, from values."""

import signal
from pathlib import PurePosixPath

import pytest

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action, PlanItem
from pacd.engine.meter import BOUNDS_S, CRASHES, DRIFTS, KINDS, LOOK, RESULTS, Meter
from pacd.engine.pool import Answer
from pacd.errors import FailureKind

NONE_SINCE = 1 << 62
"""More kills than there can be: the machine that the test runs on may run out of memory."""

ITEM = PlanItem(PurePosixPath("A/01.flac"), Action.TEST, "never tested")


def test_w56_every_number_is_there_from_the_start() -> None:
    """w56: nothing appears later, so that rates are right from the first event on."""
    meter = Meter()

    assert {(kind, result) for kind in KINDS for result in RESULTS} == meter.jobs.keys()
    assert set(CRASHES) == meter.crashes.keys()
    assert set(DRIFTS) == meter.drift.keys()
    assert {*KINDS, LOOK} == meter.durations.keys()
    numbers = (meter.jobs, meter.crashes, meter.drift, meter.files, meter.bytes)
    assert {0} == {value for each in numbers for value in each.values()}


@pytest.mark.parametrize(
    ("answer", "oom_before", "cause", "replaced"),
    [
        (Answer(1, None, "exit code 7"), NONE_SINCE, "exit", 1),
        (Answer(1, None, "signal SIGSEGV", signal.SIGSEGV), NONE_SINCE, "signal", 1),
        (Answer(1, None, "signal SIGKILL", signal.SIGKILL), NONE_SINCE, "signal", 1),
        (Answer(1, None, "signal SIGKILL", signal.SIGKILL), -1, "oom", 1),
        (Answer(1, None, "signal SIGTERM", signal.SIGTERM, overdue=True), -1, "timeout", 1),
        (Answer(1, None, "no more processes", started=False), NONE_SINCE, "unstarted", 0),
    ],
)
def test_w56_a_lost_worker_has_a_cause(
    answer: Answer, oom_before: int, cause: str, replaced: int
) -> None:
    """w56: killed for want of memory, ended as overdue, crashed, or never started."""
    meter = Meter()
    meter.lost(answer, oom_kills_before=oom_before)

    assert {**dict.fromkeys(CRASHES, 0), cause: 1} == meter.crashes
    assert replaced == meter.replaced


def test_w56_what_was_interrupted_has_not_failed() -> None:
    """w56: a job ended from outside is done again, and told apart from an error."""
    meter = Meter()
    meter.ended(Failed(ITEM, FailureKind.INTERRUPTED, "ended"), "warn")
    meter.ended(Failed(ITEM, FailureKind.IO, "failed"), "error")

    assert (1, 1) == (meter.jobs[("test", "interrupted")], meter.jobs[("test", "error")])


def test_w56_a_duration_falls_into_its_bucket() -> None:
    """w56: bounds are inclusive; what lasts longer than all of them is counted as well."""
    meter = Meter()
    for seconds in (BOUNDS_S[0], BOUNDS_S[1], 2 * BOUNDS_S[-1]):
        meter.answered("test", seconds)
    spent = meter.durations["test"]

    assert (1, 1, 1) == (spent.counts[0], spent.counts[1], spent.counts[-1])
    assert 3 == sum(spent.counts)
