"""`why` and `history`: what is known of a file, and what was done."""

from __future__ import annotations

import json

from pacctl.parser import a_path
from pacctl.phrases import listed, local, size, span
from pacctl.render import Column, Painted, Part, Screen
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from pacctl.session import Command, Session
    from pacd.protocol.files import History, HistoryView, Why

_STATES = {
    "in-order": ("in order: nothing is to be done", "green"),
    "settling": ("settling: PAC waits until nobody writes to it", "cyan"),
    "waiting": ("waiting for its turn", "cyan"),
    "away": ("waiting for a disk that is away", "yellow"),
    "running": ("being worked on now", "cyan"),
    "retrying": ("failed, and will be tried again", "yellow"),
    "held": ("held: it needs you", "red"),
    "ignored": ("ignored", "dim"),
    "output": ("made by PAC, or in a mirror", "dim"),
    "folder": ("a folder", "cyan"),
    "accepted": ("accepted by somebody: nothing is to be done", "yellow"),
    "missing": ("missing: it was there once", "yellow"),
}
_STATUS_COLOURS = {"ok": "green", "warn": "yellow", "suspect": "yellow", "error": "red"}
_STORY_COLUMNS = (Column("when"), Column("action"))
_COLUMNS = (*_STORY_COLUMNS, Column("path", share=1, middle=True))
_LABEL = 16
_FINDINGS = "findings"  # of authenticity: what each detector said
_LINES = 100


def _why_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("path", type=a_path, metavar="PATH")


def _why(arguments: Namespace, session: Session) -> int:
    answer = session.about(arguments.path, lambda path: session.client.get("why", {"path": path}))
    session.say(answer, _records, _story)
    return Exit.OK


def _story(screen: Screen, why: Why) -> None:
    words, colour = _STATES.get(why.state, (why.state, "yellow"))
    screen.prose(why.path)
    screen.listing("", [Painted(words, colour), f"library {why.library}"], indent=0)
    screen.line()
    decision = why.decision
    nothing = decision.action == "none"
    label = "because" if nothing else "to be done"
    reason = decision.reason if nothing else f"{decision.action}: {decision.reason}"
    screen.prose(reason, first=Painted(label.ljust(_LABEL), "dim"), indent=_LABEL)
    for hold in why.holds:
        text = f"{hold.reason} (`pacctl holds show {hold.id}`)"
        screen.prose(text, first=Painted(f"hold {hold.id}".ljust(_LABEL), "red"), indent=_LABEL)
    if why.facts:
        screen.line()
    for name, value in why.facts.items():
        lines = _lines(name, value)
        label = name.removesuffix("_bytes").removesuffix("_s").removesuffix("_hz")
        label = label.replace("_", " ")
        screen.prose(*lines, first=Painted(label.ljust(_LABEL), "dim"), indent=_LABEL)
    screen.line()
    if not why.history:
        if why.state != "folder":
            screen.line("no history yet")
        return
    rows = [(local(each.at), _action(each)) for each in why.history]
    screen.told(_STORY_COLUMNS, rows, "what", [each.message for each in why.history])


def _records(screen: Screen, why: Why) -> None:
    screen.record("state", why.library, why.path, why.state)
    screen.record("decision", why.decision.action, why.decision.reason)
    for name, value in why.facts.items():
        screen.record(
            "fact", name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        )
    for hold in why.holds:
        screen.record("hold", hold.id, hold.severity, hold.cause, hold.reason)
    for each in why.history:
        screen.record("history", each.at, each.action, each.status, each.message)


def _lines(name: str, value: object) -> list[str]:
    if isinstance(value, dict) and value:
        told = (
            each if key == _FINDINGS else [f"{key} {_value(str(key), each)}"]
            for key, each in value.items()
        )
        return [line for lines in told for line in map(_finding, lines)]
    if isinstance(value, list) and value:
        return [_value(name, each) for each in value]
    return [_value(name, value)]


def _finding(found: str | Mapping[str, object]) -> str:
    """What one detector found, with its numbers by name; lines of text are as they are."""
    if isinstance(found, str):
        return found
    detector, status = found.get("detector"), found.get("status")
    said = f"{detector} {found.get('version')}: {status}: {found.get('sentence')}"
    numbers = found.get("numbers")
    return f"{said} ({listed(numbers)})" if numbers else said


def _value(name: str, value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "unknown"}[value]
    if isinstance(value, int | float):
        return _number(name, value)
    if isinstance(value, str):
        return local(value) if value and name.endswith("_at") else value
    if isinstance(value, dict):
        return ", ".join(_value(key, each) for key, each in value.items() if each)
    if isinstance(value, list):
        return " · ".join(_value(name, each) for each in value)
    return str(value)


def _number(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return size(int(value))
    if name.endswith("_hz"):
        return f"{value:,} Hz"
    return span(value) if name.endswith("_s") else f"{value:,}"


def _action(entry: HistoryView) -> Part:
    """Its name says how it went, as flac_test_err does; colour says it twice."""
    colour = _STATUS_COLOURS.get(entry.status)
    return Painted(entry.action, colour) if colour else entry.action


def _history_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", type=a_path, metavar="PATH", help="a file or folder; or everything"
    )
    parser.add_argument(
        "--limit", type=int, default=_LINES, metavar="N", help="at most so many entries (100)"
    )


def _history(arguments: Namespace, session: Session) -> int:
    limit: int = arguments.limit
    answer = session.about(
        arguments.path,
        lambda path: session.client.get("history", {"path": path, "limit": limit}),
    )
    session.say(answer, _log_records, _log)
    return Exit.OK


def _log_records(screen: Screen, history: History) -> None:
    for each in history.entries:
        head = (each.at, each.library, each.path, each.action, each.status)
        screen.record(*head, each.message)


def _log(screen: Screen, history: History) -> None:
    if not history.entries:
        screen.line("no history yet")
        return
    rows = [(local(each.at), _action(each), each.path) for each in history.entries]
    screen.told(_COLUMNS, rows, "what", [each.message for each in history.entries])


COMMANDS: dict[str, Command] = {
    "why": (_why_arguments, _why),
    "history": (_history_arguments, _history),
}
