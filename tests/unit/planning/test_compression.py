"""What a COMPRESSION tag says, and what PAC writes into it."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacd.planning.compression import compression_tag, stated_level
from tests.builders import NOW


@pytest.mark.parametrize(
    ("tag", "level"),
    [
        ("flac 1.4.2; level=8; verify=1; date=2026-11-21", 8),
        ("level=8", 8),
        ("LEVEL=8", 8),
        ("level = 5", 5),
        ("flac 1.4.2;level=3", 3),
        ("8", 8),
        (" 0 ", 0),
        ("8\n", 8),
        ("9", None),
        ("level=9", None),
        ("level=80", None),
        ("level=12", None),
        ("-8", None),
        ("12", None),
        ("8 8", None),
        ("sublevel=8", None),
        ("noise=8; xlevel=7", None),
        ("best", None),
        ("flac 1.4.2 -8", None),
        ("", None),
    ],
)
def test_levels_are_read_in_both_spellings(tag: str, level: int | None) -> None:
    """F4: `level=8` as PAC writes it, or a bare `8` as other tools do."""
    assert level == stated_level(tag)


def test_the_tag_says_tool_level_and_day() -> None:
    """F4: the exact text."""
    assert "flac 1.4.2; level=8; verify=1; date=2026-11-21" == compression_tag("flac 1.4.2", 8, NOW)


@given(st.integers(0, 8), st.datetimes(min_value=datetime(1970, 1, 1)))  # noqa: DTZ001  # hypothesis wants naive bounds
def test_what_is_written_is_read_again(level: int, now: datetime) -> None:
    """F4, P4: a file that PAC has compressed is not compressed again."""
    assert level == stated_level(compression_tag("flac 1.5.0", level, now))


@given(st.text())
def test_any_text_is_read_without_fault(tag: str) -> None:
    """X2: tags are hostile; a level is one of flac's, or none."""
    assert stated_level(tag) in {None, *range(9)}
