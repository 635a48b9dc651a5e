"""What a failure means for the next try; touches nothing."""

from datetime import datetime, timedelta
from typing import Final

from pacd.domain.hold import Cause
from pacd.domain.plan import Action, Facts, Setback
from pacd.errors import FailureKind

MAX_TRIES: Final = 3
"""Tries of one action on one file before a person is asked (H1: "after k tries")."""

_WAITS: Final = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))

# A disk that is full, read-only or away stays so for a while, for every file on it; so does a
# mirror that may not be written, and a machine that has no room for another process.
_MACHINE_WAITS: Final = (*_WAITS, timedelta(hours=1), timedelta(hours=6))

_MACHINE: Final = frozenset(
    {
        FailureKind.NO_SPACE,
        FailureKind.READ_ONLY,
        FailureKind.TARGET_SHUT,
        FailureKind.ROOT_GONE,
        FailureKind.NO_WORKER,
    }
)

MENDABLE: Final = _MACHINE | {FailureKind.IO, FailureKind.INTERRUPTED}
"""
What a person who asks for a scan may have mended, outside the file: it is tried at once then.
The rest says something of a file or its tool, where impatience would use up the tries (H1).
"""

LONGEST_WAIT: Final = max(_MACHINE_WAITS)
"""What would wait longer was told so by a clock that was wrong (w11, w40)."""

MAX_INTERRUPTIONS: Final = 5
"""
Tries of one action on one file that were ended from outside, one after the other, before a
person is asked: a killer in user space that acts on memory tells nobody why (decisions/0007).
"""

# Once is nobody's fault.  Who kills at random does not meet the same again after minutes.
_INTERRUPTED_WAITS: Final = (
    timedelta(seconds=1),
    timedelta(seconds=4),
    timedelta(seconds=30),
    timedelta(minutes=10),
)

# A second try would meet the same: a person is asked at once.
_AT_ONCE: Final = frozenset(
    {FailureKind.PERMISSION, FailureKind.COLLISION, FailureKind.BAD_PICTURE}
)

_CAUSES: Final = {
    FailureKind.TOOL_FAILED: Cause.ENCODE_FAILED,
    FailureKind.TOOL_CRASHED: Cause.TOOL_CRASHED,
    FailureKind.TIMED_OUT: Cause.TOOL_CRASHED,
    FailureKind.OUT_OF_MEMORY: Cause.TOOL_CRASHED,
    FailureKind.WORKER_DIED: Cause.TOOL_CRASHED,
    FailureKind.VERIFY_FAILED: Cause.VERIFY_FAILED,
    FailureKind.SOURCE_CHANGED: Cause.UNSTABLE,
    FailureKind.PERMISSION: Cause.PERMISSION,
    FailureKind.COLLISION: Cause.COLLISION,
    FailureKind.BAD_PICTURE: Cause.ENCODE_FAILED,
    FailureKind.IO: Cause.ENCODE_FAILED,
    FailureKind.INTERNAL: Cause.TOOL_CRASHED,
    FailureKind.INTERRUPTED: Cause.TOOL_CRASHED,
    FailureKind.NOT_REGULAR: Cause.UNSTABLE,
}

# Where it is authenticity that could not be told, the file waits for that and nothing else.
_OF_TOOLS: Final = frozenset({Cause.ENCODE_FAILED, Cause.VERIFY_FAILED, Cause.TOOL_CRASHED})


def retry_wait(kind: FailureKind, tries: int) -> timedelta:
    """How long to wait after the given number of such failures in a row, from 1."""
    waits: tuple[timedelta, ...] = _MACHINE_WAITS if kind in _MACHINE else _WAITS
    waits = _INTERRUPTED_WAITS if kind is FailureKind.INTERRUPTED else waits
    return waits[min(tries, len(waits)) - 1]


def tries_after(before: Setback | None, kind: FailureKind) -> int:
    """Count a failure: the file's fault, the machine's and what came from outside each in a row."""
    return before.tries + 1 if before and _blame(before.kind) == _blame(kind) else 1


def _blame(kind: FailureKind) -> tuple[bool, bool]:
    return kind in _MACHINE, kind is FailureKind.INTERRUPTED


def setback_of(facts: Facts, action: Action, mirror: str = "") -> Setback | None:
    """Return the setback of one action on a file, or None."""
    for setback in facts.setbacks:
        if (setback.action, setback.mirror) == (action, mirror):
            return setback
    return None


def held_for(setback: Setback) -> Cause | None:
    """Return why a person must look, or None while another try makes sense."""
    if setback.kind in _MACHINE:
        return None
    most = MAX_INTERRUPTIONS if setback.kind is FailureKind.INTERRUPTED else MAX_TRIES
    exhausted = setback.tries >= most or setback.kind in _AT_ONCE
    cause = _CAUSES[setback.kind] if exhausted else None
    unjudged = setback.action is Action.AUTHENTICATE and cause in _OF_TOOLS
    return Cause.AUTH_ERROR if unjudged else cause


def told(setback: Setback) -> str:
    """Say what went wrong, for a person who must look."""
    if setback.kind is not FailureKind.INTERRUPTED:
        return setback.message
    return f"{setback.message}, {setback.tries} times in a row"


def waits(setback: Setback, now: datetime) -> bool:
    """Whether its next try is still to come, as far as a clock that may have been wrong tells."""
    return now < setback.retry_at <= now + LONGEST_WAIT


def set_aside(setback: Setback | None, now: datetime) -> bool:
    """Whether an action waits for the machine to be mended, so that what follows it may go on."""
    return setback is not None and setback.kind in _MACHINE and waits(setback, now)


def waiting_for(setback: Setback | None, now: datetime) -> str | None:
    """Return why an action is not tried now, a clause, or None if it may be."""
    if setback is None:
        return None
    failed = f"{setback.action} failed: {told(setback).rstrip('.')}"
    if held_for(setback):
        return failed
    if not waits(setback, now):
        return None
    same_day = setback.retry_at.date() == now.date()
    moment = f"{setback.retry_at:%H:%M:%S}" if same_day else f"{setback.retry_at:%Y-%m-%d %H:%M:%S}"
    return f"{failed}; it is tried again at {moment} UTC"
