"""Which lives of a daemon have grown, by what a soak has seen of their memory."""

import math
import random
from collections.abc import Callable

import pytest

from faults.soak import report
from faults.soak.watching import SAMPLE_EVERY_S, Sample, Span

LIFE_MIN = 42.0
OVERFLOW_EVERY_MIN = 6.0

Course = Callable[[float], float]
"""Private memory in MiB, by the minutes of a life."""


def life(course: Course, minutes: float = LIFE_MIN) -> Span:
    """A life of which only the private memory changes."""
    span = Span(pid=1, since_s=1_000.0)
    for number in range(int(60 * minutes / SAMPLE_EVERY_S) + 1):
        at_min = number * SAMPLE_EVERY_S / 60
        overflows = int(at_min / OVERFLOW_EVERY_MIN)
        private_mib = course(at_min)
        span.samples.append(
            Sample(1_000.0 + 60 * at_min, 30 + private_mib, private_mib, 26, 13, 3, overflows)
        )
    return span


def flat(_minute: float) -> float:
    return 64.0


def noisy(minute: float) -> float:
    return 64.0 + random.Random(minute).uniform(-1, 1)


def filling(minute: float) -> float:
    """Caches that have an end."""
    return 64.0 + min(12.0, minute)


def leaking(minute: float) -> float:
    """As it was before its threads shared their memory (decision 0024)."""
    return 64.0 + minute


def slowly_leaking(minute: float) -> float:
    """What a gain of less than 15 per cent in the second half does not show."""
    return 64.0 + minute / 3


def staircase(minute: float) -> float:
    return 64.0 + 2.5 * int(minute / OVERFLOW_EVERY_MIN)


@pytest.mark.parametrize("course", [flat, noisy, filling])
def test_w29_a_flat_life_is_flat(course: Course) -> None:
    """w29: neither noise nor caches that fill up are growth."""
    assert [] == list(report.growth(life(course)))


@pytest.mark.parametrize("period_min", [5.0, 10.0, 20.0, 40.0])
def test_w29_swings_of_a_mib_are_no_growth(period_min: float) -> None:
    """w29: whatever their phase, and however abrupt they are."""
    for phase in range(24):

        def swung(minute: float, phase: int = phase) -> float:
            return 64.0 + math.copysign(
                1.0, math.sin(math.tau * (minute / period_min + phase / 24))
            )

        assert [] == list(report.growth(life(swung)))


@pytest.mark.parametrize(
    ("course", "mib_h"), [(leaking, 60.0), (slowly_leaking, 20.0), (staircase, 25.0)]
)
def test_w29_a_leak_is_told_of(course: Course, mib_h: float) -> None:
    """w29: a MiB a minute, a third of it, and 2.5 MiB for each overflow."""
    told = " ".join(report.growth(life(course)))
    risen = report.rise(life(course))

    assert "private memory grew by" in told
    assert risen is not None
    assert risen.mib_h == pytest.approx(mib_h, abs=3.0)


def test_w03_w29_what_an_overflow_costs_is_told() -> None:
    """w03, w29: a staircase has its step in the figures."""
    risen = report.rise(life(staircase, minutes=120.0))

    assert risen is not None
    assert risen.words.endswith("over 60 min, 2.48 for each of 10 overflows")


def test_w29_a_long_soak_without_a_long_life_has_shown_nothing() -> None:
    """w29: a slope that nobody could judge is a breach where an hour was there for it."""
    short, long = life(flat, minutes=39.0), life(flat, minutes=41.0)

    assert report.rise(short) is None
    assert 1 == len(list(report.unknown([short], 60.0)))
    assert [] == list(report.unknown([short, long], 60.0))
    assert [] == list(report.unknown([short], 3.0))


def test_w29_the_table_tells_the_slope() -> None:
    """w29: also where it is no breach; of a life too short it says so."""
    *_head, long, short = report.of_lives([life(flat), life(flat, minutes=10.0)])

    assert long.split(" | ")[4] == "0.0 MiB an hour over 21 min, 0.00 for each of 4 overflows"
    assert short.split(" | ")[4] == "too short to tell"
