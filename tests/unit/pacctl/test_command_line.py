"""The command line, without a daemon."""

import argparse
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacctl.cli import _parsed, _place_of_verb, plainly
from pacctl.commands.pause import duration
from pacctl.place import places
from pacctl.verbs import VERBS, command


@pytest.mark.parametrize(
    ("argv", "place"),
    [
        (["status"], 0),
        (["--json", "status", "--watch"], 1),
        (["--socket", "/x", "status"], 2),
        (["--socket=/x", "--plain", "holds", "show", "7"], 2),
        (["--version", "status"], None),
        (["-h"], None),
        ([], None),
        (["--socket"], None),
    ],
)
def test_the_verb_is_found_behind_the_options(argv: list[str], place: int | None) -> None:
    """Requirements 1.3: shared options stand before or behind the verb."""
    assert place == _place_of_verb(argv)


_WORDS = (
    "status", "--json", "--plain", "--no-color", "--check", "--socket", "/s", "-x", "--", "",
    "--watch", "2", "--socket=/t", "holds", "--help", "--version", "--jso",
)  # fmt: skip


@given(st.lists(st.sampled_from(_WORDS), max_size=6))
def test_a_plain_status_is_read_as_argparse_reads_it(argv: list[str]) -> None:
    """B5: what is read without argparse means the same; all else is left to it."""
    plain = plainly(argv)
    if plain is None:
        return
    place = _place_of_verb(argv)
    assert place is not None
    slow = vars(_parsed(argv, place))

    assert vars(plain) == slow


@pytest.mark.parametrize("argv", [["status"], ["--socket", "/s", "--json", "status", "--check"]])
def test_a_plain_status_does_without_argparse(argv: list[str]) -> None:
    """B5: the way monitors ask."""
    assert plainly(argv) is not None


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_command(verb: str) -> None:
    """Requirements 1.3: one table of verbs, and nothing in it is missing."""
    add_arguments, run = command(verb)
    add_arguments(argparse.ArgumentParser())

    assert callable(run)


def test_no_command_is_left_out_of_the_table() -> None:
    """Requirements 1.3: each command of each module is a verb."""
    modules = {name for name, _ in VERBS.values()}
    found = {verb for name in modules for verb in import_module(f"pacctl.commands.{name}").COMMANDS}

    assert set(VERBS) == found


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30min", 1_800), ("30m", 1_800), ("2h", 7_200), ("1h30m", 5_400),
     ("1.5d", 129_600), ("1w", 604_800)],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    """w60: `pause --for 2h`."""
    assert seconds == duration(text)


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["holds", "4"], {"show": "show", "id": 4}),
        (["holds", "4", "--json"], {"show": "show", "id": 4, "json": True}),
        (["--json", "holds", "--plain", "4"], None),
        (["holds", "--socket", "4"], {"show": None, "socket": "4"}),
        (["holds", "show", "4"], {"show": "show", "id": 4}),
        (["holds"], {"show": None}),
    ],
)
def test_a_hold_is_shown_by_its_number_alone(
    argv: list[str], wanted: dict[str, object] | None
) -> None:
    """1.3: `holds 4` can only mean `holds show 4`."""
    place = _place_of_verb(argv)
    assert place is not None
    if wanted is None:
        with pytest.raises(SystemExit):
            _parsed(argv, place)
        return
    found = vars(_parsed(argv, place))

    assert wanted == {name: found[name] for name in wanted}


@pytest.mark.parametrize("text", ["-5m", "-1", "0", "0s", "0h0m"])
def test_a_pause_is_longer_than_0(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """w60, 1.3: what is wrong with it is said, also where argparse would take it for an option."""
    with pytest.raises(SystemExit):
        _parsed(["pause", "--for", text], 0)

    assert "a pause must be longer than 0" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "h", "2x", "-1h", "1h30", "0", "0s", "1e9", "²h", "inf"])
def test_odd_durations_are_refused(text: str) -> None:
    """w60: no pause by accident."""
    with pytest.raises(argparse.ArgumentTypeError):
        duration(text)


def test_the_search_for_the_socket() -> None:
    """Requirements 1.1: the runtime directories, then the system's place."""
    environ = {
        "RUNTIME_DIRECTORY": "/run/one:/run/two",
        "XDG_RUNTIME_DIR": "/run/user/1000",
    }

    assert (
        "/run/one/pacd.sock",
        "/run/user/1000/pacd/pacd.sock",
        "/run/pacd/pacd.sock",
    ) == places(environ)
    assert ("/run/pacd/pacd.sock",) == places({})
