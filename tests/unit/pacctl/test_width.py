"""Widths of text on a terminal."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacctl.width import columns, cut_end, cut_middle, pad, width, wrap

_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf"]))


@pytest.mark.parametrize(
    ("text", "wide"),
    [("abc", 3), ("坂本龍一", 8), ("e\u0301", 1), ("\uff46", 2), ("", 0), ("Björk…", 6)],
)
def test_wide_characters_count_two_and_marks_none(text: str, wide: int) -> None:
    """Screens: East Asian names do not break the columns."""
    assert wide == width(text)


@given(_TEXT, st.integers(0, 40))
def test_what_is_cut_fits(text: str, room: int) -> None:
    """Screens: nothing is ever wider than its room."""
    assert width(cut_end(text, room)) <= room
    assert width(cut_middle(text, room)) <= room


@given(_TEXT, st.integers(2, 40))
def test_what_is_wrapped_fits_and_loses_nothing(text: str, room: int) -> None:
    """Screens: wrapping drops spaces at line ends and nothing else."""
    lines = list(wrap(text, room))

    assert all(width(line) <= room for line in lines)
    assert text.replace(" ", "") == "".join(lines).replace(" ", "")


def test_a_path_is_cut_in_its_middle() -> None:
    """Screens: the end of a path says most."""
    assert "Music/Ar…um/01 Track.flac" == cut_middle("Music/Artist/Some Album/01 Track.flac", 25)


def test_indentation_is_kept() -> None:
    """H1: what a tool said is shown as it said it."""
    assert ["    state = X"] == list(wrap("    state = X", 40))


def test_padding_fills_columns_not_characters() -> None:
    """Screens: a table stays straight."""
    assert "坂 |" == pad("坂", 3) + "|"
    assert "  7" == pad("7", 3, right=True)


@pytest.mark.parametrize(
    ("stated", "found"), [("100", 100), ("10", 40), ("0", 10_000), ("x", 10_000), ("", 10_000)]
)
def test_off_a_terminal_nothing_is_cut(stated: str, found: int) -> None:
    """Screens: `pacctl holds | grep` sees whole paths, unless $COLUMNS says otherwise."""
    assert found == columns(io.StringIO(), {"COLUMNS": stated})
