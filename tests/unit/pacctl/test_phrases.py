"""How times, numbers and sizes are said."""

from datetime import UTC, datetime

import pytest

from pacctl.phrases import distance, grouped, several, size, span

_NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-21T12:00:00Z", "just now"),
        ("2026-11-21T11:59:30Z", "just now"),
        ("2026-11-21T11:58:00Z", "2 min ago"),
        ("2026-11-21T09:00:00Z", "3 h ago"),
        ("2026-11-01T12:00:00Z", "20 d ago"),
        ("2026-11-21T12:00:20Z", "in 20 s"),
        ("2026-11-22T09:00:00.5Z", "in 21 h"),
        ("2026-11-21T13:00:00+01:00", "just now"),
    ],
)
def test_moments_are_said_as_distances(moment: str, said: str) -> None:
    """Screens: audit times in human time."""
    assert said == distance(moment, now=_NOW)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (5_400, "1 h 30 min"),
        (3_600, "1 h"),
        (3_601, "1 h"),
        (36_061, "10 h"),
        (93_784, "1 d 2 h"),
        (-5, "0 s"),
    ],
)
def test_spans_have_one_or_two_units(seconds: float, said: str) -> None:
    """Screens: an estimate is not given to the second."""
    assert said == span(seconds)


def test_numbers_are_grouped_and_counted() -> None:
    """Screens: grouped digits, right plurals."""
    assert "1,234,567" == grouped(1_234_567)
    assert "1 file" == several(1, "file")
    assert "0 files" == several(0, "file")
    assert "2 files need" == several(2, "file needs", "files need")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (31_337_000, "31.3 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_are_short(number: int, said: str) -> None:
    """Screens: sizes for people; --json has the bytes."""
    assert said == size(number)
