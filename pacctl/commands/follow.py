"""`follow`: events as they happen."""

from __future__ import annotations

from pacctl.failure import Failure
from pacctl.phrases import clock
from pacctl.record import parse
from pacctl.render import Painted, Part, Screen
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from pacctl.session import Command, Session
    from pacd.protocol.files import Event

_COLOURS = {
    "item-failed": "red",
    "hold-opened": "yellow",
    "problem": "red",
    "item-done": "green",
    "hold-ended": "green",
}
_KIND = 16


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=int, metavar="ID", help="first the kept events after this one; 0 for all"
    )


def _follow(arguments: Namespace, session: Session) -> int:
    session.lines = True
    for line in session.client.stream("events", {"since": arguments.since}):
        message: Any = parse(line)
        kind = message.message_type
        if session.json:
            session.screen.raw(line)
        elif kind == "gap":
            _gap(session, message)
        elif kind == "event" and session.plain:
            _record(session.screen, message)
        elif kind == "event":
            _event(session.screen, message)
        session.screen.flush()
    raise Failure(
        "The daemon ended the stream: it stops, or this reader was too slow.",
        Exit.UNREACHABLE,
        fix="See `pacctl status`; `pacctl follow --since ID` takes up again.",
    )


def _event(screen: Screen, event: Event) -> None:
    what = event.kind.ljust(_KIND)
    colour = _COLOURS.get(event.kind, "")
    parts: list[Part] = [
        Painted(f"{clock(event.at)}  ", "dim"),
        Painted(what, colour) if colour else what,
    ]
    action = f"{event.action} → {event.mirror}" if event.mirror else event.action
    path = event.library if event.path == "." else event.path  # the root of a library
    words = [action, path, event.message]
    parts.append("  ".join(each for each in words if each))
    screen.line(*parts)


def _record(screen: Screen, event: Event) -> None:
    head = (event.id, event.at, event.kind, event.library, event.path, event.action)
    screen.record(*head, event.mirror, event.status, event.message)


def _gap(session: Session, gap: Any) -> None:
    if session.plain:
        session.screen.record("gap", gap.after, gap.next)
        return
    lost = f"events between {gap.after} and {gap.next} were lost"
    session.screen.line(Painted(f"…  {lost}; `pacctl history` has what was done", "yellow"))


COMMANDS: dict[str, Command] = {"follow": (_arguments, _follow)}
