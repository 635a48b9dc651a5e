"""What a lost worker means for the item it had."""

import signal
from pathlib import Path
from typing import Final

from pacd.domain.plan import Failed, PlanItem
from pacd.engine.pool import Answer
from pacd.errors import FailureKind

_VMSTAT: Final = Path("/proc/vmstat")


def oom_kills() -> int:
    """How often the kernel has killed for want of memory since boot; 0 where it does not say."""
    try:
        lines = _VMSTAT.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def failed_with(item: PlanItem, answer: Answer, oom_kills_before: int) -> Failed:
    """
    Return what a lost worker is recorded as.

    SIGKILL and SIGTERM come from people and systems, and say nothing of the file,
    unless memory had run out: then the file may be what took it.
    """
    if answer.overdue:
        message = f"{item.path.name} kept a worker busy for longer than it may and was stopped"
        return Failed(item, FailureKind.TIMED_OUT, message)
    outside = answer.signal in {signal.SIGKILL, signal.SIGTERM} or answer.lost == "exit code 0"
    if outside and oom_kills() == oom_kills_before:
        message = f"the worker was ended from outside ({answer.lost})"
        return Failed(item, FailureKind.INTERRUPTED, message)
    message = f"a worker died of it ({answer.lost})"
    return Failed(item, FailureKind.WORKER_DIED, message)
