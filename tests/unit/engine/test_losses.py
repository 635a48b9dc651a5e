"""What a lost worker means for the item it had."""

import signal

import pytest

from pacd.engine.losses import failed_with
from pacd.engine.pool import Answer
from pacd.errors import FailureKind
from pacd.tools.memory import oom_kills
from tests.builders import item


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(1, None, "signal SIGKILL", signal.SIGKILL), FailureKind.INTERRUPTED),
        (Answer(1, None, "signal SIGTERM", signal.SIGTERM), FailureKind.INTERRUPTED),
        (Answer(1, None, "exit code 0"), FailureKind.INTERRUPTED),
        (Answer(1, None, "signal SIGSEGV", signal.SIGSEGV), FailureKind.WORKER_DIED),
        (Answer(1, None, "exit code 1"), FailureKind.WORKER_DIED),
        (Answer(1, None, "exit code 1", started=False), FailureKind.NO_WORKER),
        (Answer(1, None, "exit code 0", overdue=True, started=False), FailureKind.NO_WORKER),
        (
            Answer(1, None, "signal SIGKILL", signal.SIGKILL, started=False),
            FailureKind.INTERRUPTED,
        ),
        (Answer(1, None, "exit code 0", overdue=True), FailureKind.TIMED_OUT),
        (
            Answer(1, None, "signal SIGKILL", signal.SIGKILL, overdue=True),
            FailureKind.TIMED_OUT,
        ),
    ],
)
def test_who_is_to_blame(answer: Answer, kind: FailureKind) -> None:
    """w25: people and systems end workers; the file is blamed for a crash or a hang alone."""
    failed = failed_with(item(), answer, oom_kills())

    assert kind == failed.kind
    assert answer.lost in failed.message or answer.overdue


def test_memory_that_ran_out_is_the_files_fault() -> None:
    """w25: the kernel's SIGKILL is none of a person's: the file may be what took it."""
    killed = Answer(1, None, "signal SIGKILL", signal.SIGKILL)

    assert FailureKind.WORKER_DIED == failed_with(item(), killed, oom_kills() - 1).kind
