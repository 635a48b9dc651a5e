"""Every screen of pacctl, when every text that the daemon sends is hostile."""

import re
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pacctl.__main__ import main
from pacd.protocol.documents import (
    Bin,
    ConfigView,
    Doctor,
    Health,
    History,
    Holds,
    HoldView,
    Plan,
    Prune,
    Queue,
    Status,
    Why,
)
from tests.fakes import CORRUPT, LIMIT_PROBLEM, UNSTABLE, WATCHING, FakeDaemon
from tests.serving import serving

T = TypeVar("T")

_EVIL = "\x1b]0;x\x07\x1b[2J\x9b31m\r\n\t\u202e\u2066\u2028\x7f\x00\udcff\ud800"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT.*")


def poisoned(document: T) -> T:
    """The same document with something evil in every text that is no time and no word of ours."""
    spoilt: T = _spoilt(document)
    return spoilt


def _spoilt(value: Any, at: str = "") -> Any:
    if hasattr(value, "__dataclass_fields__"):
        changes = {name: _spoilt(getattr(value, name), name) for name in value.__dataclass_fields__}
        return type(value)(**changes)
    if isinstance(value, tuple | list):
        return type(value)(_spoilt(each, at) for each in value)
    if isinstance(value, dict):
        return {key + _EVIL: _spoilt(each) for key, each in value.items()}
    ours = isinstance(value, Enum) or at in _WORDS
    if isinstance(value, str) and not ours and not _TIME.fullmatch(value):
        return value + _EVIL
    return value


_WORDS = frozenset({"state", "severity", "verdict", "status", "mode", "scan_status"})


class _Poisoned(FakeDaemon):
    def status(self) -> Status:
        return poisoned(super().status())

    def holds(self) -> Holds:
        return poisoned(super().holds())

    def hold(self, id: int) -> HoldView:  # noqa: A002  # the port's word
        return poisoned(super().hold(id))

    def plan(self, path: str | None) -> Plan:
        return poisoned(super().plan(path))

    def queue(self) -> Queue:
        return poisoned(super().queue())

    def why(self, path: str) -> Why:
        return poisoned(super().why(path))

    def history(self, path: str | None, limit: int) -> History:
        return poisoned(super().history(path, limit))

    def health(self) -> Health:
        return poisoned(super().health())

    def doctor(self) -> Doctor:
        return poisoned(super().doctor())

    def config(self) -> ConfigView:
        return poisoned(super().config())

    def recycled(self) -> Bin:
        return poisoned(super().recycled())

    def prunable(self, mirror: str | None) -> Prune:
        return poisoned(super().prunable(mirror))


_SCREENS = (
    ("status",), ("holds",), ("holds", "show", "7"), ("plan",), ("queue",), ("why", "/x.flac"),
    ("history",), ("health",), ("doctor",), ("config", "show"), ("config", "show", "--origin"),
    ("restore",), ("prune", "--dry-run"),
)  # fmt: skip
_EXPORTS = (("holds", "--format", "md"), ("holds", "--format", "csv"))


@pytest.mark.parametrize("form", [(), ("--plain",), ("--json",)], ids=["people", "plain", "json"])
def test_w49_no_screen_obeys_the_text_it_shows(
    place: Path, capsys: pytest.CaptureFixture[str], form: tuple[str, ...]
) -> None:
    """w49: names, tags, reasons and a tool's words are shown, every one, and never sent as such."""
    troubled = replace(WATCHING, problems=(LIMIT_PROBLEM,))
    daemon = _Poisoned(troubled, holds=(CORRUPT, UNSTABLE))
    with serving(daemon, place / "s") as path:
        for screen in (*_SCREENS, *(() if form else _EXPORTS)):
            capsys.readouterr()
            main(["--socket", str(path), *form, *screen])
            shown = capsys.readouterr()
            text = shown.out + shown.err

            assert "\\u" in text or "\\x1b" in text, screen
            assert all(each.isprintable() or each in "\t\n" for each in text), (screen, text)
