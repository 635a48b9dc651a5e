"""`pause` and `resume`."""

from __future__ import annotations

import argparse
import re
from functools import partial

from pacctl.phrases import distance, local, several
from pacctl.session import no_arguments
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from datetime import datetime

    from pacctl.client import Answer
    from pacctl.render import Screen
    from pacctl.session import Command, Session
    from pacd.protocol.status import Status, Workload

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_TOO_SHORT = "a pause must be longer than 0"
_PART = r"([0-9]+(?:\.[0-9]+)?)\s*(min|[smhdw])\s*"


def _pause_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--for",
        dest="for_s",
        type=duration,
        metavar="TIME",
        help="how long, as 90s, 30min, 2h, 1d; without it until `resume`",
    )


def _pause(arguments: argparse.Namespace, session: Session) -> int:
    return _said(session.client.post("pause", {"for_s": arguments.for_s}), session)


def _resume(_arguments: argparse.Namespace, session: Session) -> int:
    return _said(session.client.post("resume", {}), session)


def _said(answer: Answer, session: Session) -> int:
    session.say(answer, _record, partial(_sentence, now=session.now))
    return Exit.OK


def _record(screen: Screen, status: Status) -> None:
    screen.record("state", status.state, status.paused.until if status.paused else None)


def _sentence(screen: Screen, status: Status, *, now: datetime) -> None:
    until = status.paused.until if status.paused else None
    if not status.paused:
        screen.line(f"goes on: {status.state}")
    elif until:
        screen.line(f"paused until {local(until)} ({distance(until, now=now)})")
    else:
        screen.line("paused until `pacctl resume`")


class PauseTeller:
    """Says, once for each pause, that what somebody waits for does not go on."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told = False

    def look(self, status: Status) -> None:
        """Say it, if it is news."""
        paused = status.paused
        if paused and not self._told:
            self._tell(paused.until, status.queue)
        self._told = bool(paused)

    def _tell(self, until: str | None, queue: Workload) -> None:
        session = self._session
        if session.json:
            waiting = {"waiting": queue.waiting, "folders_waiting": queue.folders_waiting}
            paused = {"until": until, **waiting, "fix": "`pacctl resume`"}
            session.screen.message("paused", paused)
            return
        when = f" until {local(until)} ({distance(until, now=session.now)})" if until else ""
        numbers = ((queue.waiting, "item"), (queue.folders_waiting, "folder"))
        waits = " and ".join(several(number, noun) for number, noun in numbers if number)
        if waits:
            verb = "waits" if queue.waiting + queue.folders_waiting == 1 else "wait"
            what = f"{waits} {verb}; `pacctl resume` lets them go on"
        else:
            what = "nothing goes on; `pacctl resume` ends it"
        session.screen.redraw("")
        session.warn(f"paused{when}: {what}")


def duration(text: str) -> float:
    """
    Seconds from "90", "90s", "30min", "1h30m".

    Raises:
        argparse.ArgumentTypeError: It is none of these, or no time at all.
    """
    if text[:1] == "-" and text[1:2].isdecimal():
        raise argparse.ArgumentTypeError(_TOO_SHORT)
    whole = f"{text}s" if text.isascii() and text.isdigit() else text
    if not re.fullmatch(f"(?:{_PART})+", whole):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 90s, 30min, 2h or 1d")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, whole))
    if not seconds:
        raise argparse.ArgumentTypeError(_TOO_SHORT)
    return seconds


COMMANDS: dict[str, Command] = {
    "pause": (_pause_arguments, _pause),
    "resume": (no_arguments, _resume),
}
