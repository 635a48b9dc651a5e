"""Colour only where it is wanted; tables that fit."""

import io

import pytest

from pacctl.render import Column, Painted, Screen


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _line(stream: io.StringIO, environ: dict[str, str], *, colour: bool = True) -> str:
    Screen(stream, environ, colour=colour).line(Painted("\x1b[5mred", "red"))
    return stream.getvalue()


def test_colour_stands_around_escaped_text() -> None:
    """w49: the only control characters on a terminal are our own."""
    assert "\x1b[31m\\x1b[5mred\x1b[0m\n" == _line(_Terminal(), {"TERM": "xterm"})


@pytest.mark.parametrize(
    ("stream", "environ", "colour"),
    [
        pytest.param(io.StringIO(), {"TERM": "xterm"}, True, id="no-tty"),
        pytest.param(_Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, True, id="NO_COLOR"),
        pytest.param(_Terminal(), {"TERM": "dumb"}, True, id="dumb"),
        pytest.param(_Terminal(), {"TERM": "xterm"}, False, id="--no-color"),
    ],
)
def test_colour_only_on_a_terminal_that_wants_it(
    stream: io.StringIO, environ: dict[str, str], colour: bool
) -> None:
    """Requirements 1.3: NO_COLOR, TERM=dumb, --no-color, a pipe."""
    assert "\\x1b[5mred\n" == _line(stream, environ, colour=colour)


def test_an_empty_NO_COLOR_says_nothing() -> None:  # noqa: N802  # the variable's name
    """Requirements 1.3: no-color.org: "when present and not an empty string"."""
    assert "\x1b[31m" in _line(_Terminal(), {"TERM": "xterm", "NO_COLOR": ""})


def test_a_record_is_one_line_whatever_it_holds() -> None:
    """Requirements 1.3: --plain gives one record per line, fields between tabs."""
    stream = io.StringIO()
    Screen(stream, {}).record("a\tb", "c\nd", None, 7, 0.5)

    assert "a\\tb\tc\\nd\t\t7\t0.5\n" == stream.getvalue()


def test_what_one_column_does_not_need_the_next_may_take() -> None:
    """Screens: room is shared by need."""
    stream = io.StringIO()
    columns = (
        Column("id", right=True),
        Column("path", share=3, middle=True),
        Column("why", share=1),
    )
    rows = [("1", "a.flac", "because of a reason that is rather long"), ("20", "b", "")]
    Screen(stream, {"COLUMNS": "40"}).table(columns, rows)

    assert [
        "id  path    why",
        " 1  a.flac  because of a reason that is…",
        "20  b",
    ] == stream.getvalue().splitlines()


def test_a_terminal_without_the_characters_is_no_reason_to_fail() -> None:
    """Screens: a Latin-1 locale shows what it can."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")
    Screen(stream, {}).line("坂 é")
    stream.flush()

    assert b"\\u5742 \xe9\n" == raw.getvalue()
