"""`health` for monitors, `doctor` for people."""

from __future__ import annotations

from pacctl.phrases import several
from pacctl.render import Painted
from pacctl.session import no_arguments
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from pacctl.render import Screen
    from pacctl.session import Command, Session
    from pacd.protocol.status import Doctor, Health

# Requirements 1.3: 0 ok, 1 degraded, 2 failed, 3 not running; systemctl and
# the LSB use 3 for that as well.
_HEALTH_EXITS = {"ok": 0, "degraded": 1, "failed": 2}
_MARKS = {"ok": ("ok", "green"), "degraded": ("weak", "yellow"), "failed": ("bad", "red")}
_COLOURS = {"ok": "green", "degraded": "yellow", "failed": "red"}
_INDENT = 6


def _health(_arguments: Namespace, session: Session) -> int:
    answer = session.client.get("health")
    session.say(answer, _health_records, _health_words)
    return _HEALTH_EXITS.get(str(answer.document["verdict"]), Exit.FAILED)


def _health_records(screen: Screen, health: Health) -> None:
    screen.record("health", health.verdict)
    for each in health.problems:
        screen.record("problem", each.what, each.fix)


def _health_words(screen: Screen, health: Health) -> None:
    screen.line(Painted(health.verdict, _COLOURS.get(health.verdict, "yellow")))
    for each in health.problems:
        screen.prose(f"{each.what} (fix: {each.fix})", first="  ", indent=2)


def _doctor(_arguments: Namespace, session: Session) -> int:
    answer = session.client.get("doctor")
    session.say(answer, _doctor_records, _doctor_words)
    document: Any = answer.document
    doctor: Doctor = document
    return Exit.FAILED if any(each.verdict == "failed" for each in doctor.checks) else Exit.OK


def _doctor_records(screen: Screen, doctor: Doctor) -> None:
    for each in doctor.checks:
        screen.record(each.verdict, each.name, each.found, each.fix)


def _doctor_words(screen: Screen, doctor: Doctor) -> None:
    for each in doctor.checks:
        mark, colour = _MARKS.get(each.verdict, (each.verdict, "yellow"))
        lead = Painted(mark.ljust(_INDENT), colour)
        screen.prose(f"{each.name}: {each.found}", first=lead, indent=_INDENT)
        if each.fix:
            screen.prose(f"fix: {each.fix}", first=" " * _INDENT, indent=_INDENT)
    verdicts = [str(each.verdict) for each in doctor.checks]
    bad, weak = verdicts.count("failed"), verdicts.count("degraded")
    screen.line()
    screen.line(f"{several(len(verdicts), 'check')}: {bad} bad, {weak} weak")


COMMANDS: dict[str, Command] = {
    "health": (no_arguments, _health),
    "doctor": (no_arguments, _doctor),
}
