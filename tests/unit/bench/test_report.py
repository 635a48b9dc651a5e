"""What a row of the benchmark says of its target."""

import pytest

from bench.report import Row


@pytest.mark.parametrize(
    ("value", "limit", "missed", "met"),
    [
        (1.04, 1.05, False, "yes"),
        (1.05, 1.05, False, "yes"),
        (1.06, 1.05, True, "**no**"),
        (9.0, None, False, ""),
    ],
)
def test_a_missed_target_is_seen(value: float, limit: float | None, missed: bool, met: str) -> None:
    """B1 to B5: what the table calls a miss is what the benchmark fails for."""
    row = Row("B1", "first ingest", "", "", value, limit)

    assert missed is row.missed
    assert row.line.endswith(f"| {met} |")
