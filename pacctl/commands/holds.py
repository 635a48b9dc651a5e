"""`holds` and `release`: what needs a person."""

from __future__ import annotations

import json
from functools import partial

from pacctl.phrases import distance, listed, local, several
from pacctl.render import Column, Painted, Screen
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import datetime
    from typing import Any

    from pacctl.record import Record
    from pacctl.session import Command, Session
    from pacd.protocol.files import Holds, HoldView

_COLOURS = {"error": "red", "suspect": "yellow", "notice": "cyan"}
_COLUMNS = (
    Column("id", right=True),
    Column("severity"),
    Column("since"),
    Column("cause"),
)
_LIBRARY = Column("library")  # where there are several
_PATH = Column("path", share=1, middle=True)
_LABEL = 14
_NUMBERS = "numbers"  # evidence that detectors measured, by detector
_TIMES = frozenset({"tested", "judged", "last_gone"})  # evidence that is a moment


def _holds_arguments(parser: ArgumentParser) -> None:
    from pacctl.parser import shared  # noqa: PLC0415  # a parser of its own for `show`

    parser.add_argument("--format", choices=("md", "csv", "json"), help="the whole list, to keep")
    show = parser.add_subparsers(dest="show", metavar="show ID").add_parser(
        "show", help="all of one hold", parents=[shared()]
    )
    show.add_argument("id", type=int, metavar="ID")


def _holds(arguments: Namespace, session: Session) -> int:
    if arguments.show:
        return _show(arguments, session)
    if arguments.format == "json":
        arguments.format, session.json = None, True
    answer = session.client.get("holds")
    if arguments.format:
        from pacctl.export import EXPORTS  # noqa: PLC0415  # only when asked for

        document: Any = answer.document
        for line in EXPORTS[arguments.format](document.holds):
            session.screen.line(line)
    else:
        session.say(answer, _records, partial(_table, now=session.now))
    return Exit.OK


def _records(screen: Screen, document: Holds) -> None:
    for each in document.holds:
        _record(screen, each)


def _record(screen: Screen, hold: HoldView) -> None:
    head = (hold.id, hold.severity, hold.since, hold.cause, hold.library, hold.path)
    screen.record(*head, hold.mirror, hold.md5, hold.reason)


def _table(screen: Screen, document: Record, *, now: datetime) -> None:
    found: Any = document
    holds: list[HoldView] = found.holds
    if not holds:
        screen.line(Painted("Nothing needs you.", "green"))
        return
    libraries: Any = document.get("libraries", ())  # a daemon before this key does not say
    whose = len(libraries) > 1
    screen.told(
        (*_COLUMNS, *((_LIBRARY,) if whose else ()), _PATH),
        [
            (
                str(each.id),
                Painted(each.severity, _COLOURS.get(each.severity, "yellow")),
                distance(each.since, now=now),
                each.cause,
                *((each.library,) if whose else ()),
                place(each),
            )
            for each in holds
        ],
        "reason",
        [each.reason for each in holds],
    )
    screen.line()
    screen.next(f"pacctl holds show {holds[0].id}", "all of one, and what to do")


def _show(arguments: Namespace, session: Session) -> int:
    answer = session.client.get(f"holds/{arguments.id}")
    session.say(answer, _record, partial(hold_in_full, now=session.now))
    return Exit.OK


def hold_in_full(screen: Screen, hold: HoldView, *, now: datetime) -> None:
    """All of one hold, last what to do about it."""
    colour = _COLOURS.get(hold.severity, "yellow")
    screen.line(Painted(f"{hold.severity}: {hold.cause}", colour), f"  hold {hold.id}")
    screen.prose(place(hold))
    screen.line()
    evidence = dict(hold.evidence)
    record: Any = hold
    words = str(evidence.pop("words", ""))
    facts = (
        ("reason", hold.reason),
        ("file", record.get("file", "")),  # a daemon before this key does not say
        ("library", hold.library),
        ("mirror", hold.mirror),
        ("since", f"{local(hold.since)} ({distance(hold.since, now=now)})"),
        ("audio md5", hold.md5),
        ("spectrogram", hold.spectrogram or ""),
        *((name, _value(name, value)) for name, value in evidence.items() if name != _NUMBERS),
    )
    for name, value in facts:
        if value:
            screen.prose(value, first=Painted(name.ljust(_LABEL), "dim"), indent=_LABEL)
    numbers = evidence.get(_NUMBERS)
    if isinstance(numbers, dict):
        for name, found in numbers.items():
            label = Painted(_NUMBERS.ljust(_LABEL), "dim")
            screen.prose(f"{name}: {listed(found)}", first=label, indent=_LABEL)
    if words:
        screen.line()
        screen.line(Painted("the tool said", "dim"))
        screen.prose(*words.splitlines(), first="  ", indent=2)
    screen.line()
    screen.line(Painted("what to do", "dim"))
    screen.prose(hold.advice, first="  ", indent=2)


def _value(name: str, value: object) -> str:
    if name in _TIMES and isinstance(value, str):
        return local(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _release_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", type=int, metavar="ID")
    parser.add_argument(
        "--accept", action="store_true", help="known and fine, as long as the audio stays the same"
    )


def _release(arguments: Namespace, session: Session) -> int:
    content = {"ids": arguments.ids, "accept": arguments.accept}
    answer = session.client.post("release", content)
    session.say(answer, _records, _accepted if arguments.accept else _released)
    return Exit.OK


def place(hold: HoldView) -> str:
    """What a hold is about: a file, or all of a library as one of its mirrors has it."""
    return hold.path if hold.path != "." else f"mirror {hold.mirror} of library {hold.library}"


def _released(screen: Screen, document: Holds) -> None:
    for each in document.holds:
        screen.path(f"released {each.id}", place(each))
    screen.line(f"{several(len(document.holds), 'hold')} ended; PAC looks at the files again")


def _accepted(screen: Screen, document: Holds) -> None:
    for each in document.holds:
        screen.path(f"accepted {each.id}", place(each))
    ended = several(len(document.holds), "hold")
    whole = [each for each in document.holds if each.cause == "mass-disappearance"]
    same = "" if whole else ", as long as the audio stays the same"
    screen.line(f"{ended} ended{same}")
    if any("missing" not in each.evidence for each in whole):
        screen.next("pacctl prune", "removes the outputs, unless `prune = true` does")


COMMANDS: dict[str, Command] = {
    "holds": (_holds_arguments, _holds),
    "release": (_release_arguments, _release),
}
