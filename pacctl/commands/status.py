"""`status`: the daemon on one screen."""

from __future__ import annotations

import time

from pacctl.overview import attention, overview, records
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from pacctl.session import Command, Session

_REDRAW_S = 2.0


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="exit 4 when attention is needed")
    parser.add_argument(
        "--watch",
        nargs="?",
        type=_seconds,
        const=_REDRAW_S,
        metavar="SEC",
        help="again every SEC seconds (2), until Ctrl-C",
    )


def _status(arguments: Namespace, session: Session) -> int:
    if arguments.watch is None:
        return _once(arguments, session)
    while True:
        session.screen.clear()
        _once(arguments, session)
        session.screen.flush()
        time.sleep(arguments.watch)


def _once(arguments: Namespace, session: Session) -> int:
    answer = session.client.get("status")
    session.say(answer, records, lambda screen, status: overview(screen, status, now=session.now))
    if not arguments.check:
        return Exit.OK
    status: Any = answer.document
    return Exit.ATTENTION if attention(status) else Exit.OK


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 86_400:  # noqa: PLR2004  # a day; less would be a busy loop
        raise ValueError
    return seconds


COMMANDS: dict[str, Command] = {"status": (_arguments, _status)}
