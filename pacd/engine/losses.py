"""What a lost worker means for the item it had."""

import signal

from pacd.domain.outcome import Failed
from pacd.domain.plan import PlanItem
from pacd.engine.pool import Answer
from pacd.errors import FailureKind
from pacd.tools.memory import oom_kills


def failed_with(item: PlanItem, answer: Answer, oom_kills_before: int) -> Failed:
    """
    Return what a lost worker is recorded as.

    SIGKILL and SIGTERM come from people and systems, and say nothing of the file,
    unless memory had run out: then the file may be what took it.
    """
    outside = answer.signal in {signal.SIGKILL, signal.SIGTERM} or answer.lost == "exit code 0"
    if outside and not answer.overdue and oom_kills() == oom_kills_before:
        message = f"the worker was ended from outside ({answer.lost})"
        return Failed(item, FailureKind.INTERRUPTED, message)
    if not answer.started:
        message = f"no worker could be started for it ({answer.lost})"
        return Failed(item, FailureKind.NO_WORKER, message)
    if answer.overdue:
        message = f"{item.path.name} kept a worker busy for longer than it may and was stopped"
        return Failed(item, FailureKind.TIMED_OUT, message)
    message = f"a worker died of it ({answer.lost})"
    return Failed(item, FailureKind.WORKER_DIED, message)
