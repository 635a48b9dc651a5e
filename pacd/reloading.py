"""Reading the settings again because SIGHUP came, and what is said of settings that are refused."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from pacd.engine.control import Control
from pacd.errors import PacError, StoppedError
from pacd.protocol.documents import Problem, ProblemKind
from pacd.systemd import Notifier

_log = structlog.get_logger()


def on_signal(control: Control, notifier: Notifier) -> None:
    """Have the running loop see to it, in a thread, that SIGHUP is obeyed."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, loop.run_in_executor, None, _obey, control, notifier)


def _obey(control: Control, notifier: Notifier) -> None:
    notifier.reloading()
    try:
        control.reload("SIGHUP")
    except PacError:
        pass  # it is in the log
    finally:
        notifier.ready()


@contextmanager
def told(who: str) -> Iterator[None]:
    """Have a reload that fails be in the log, whoever asked for it; the old settings stay."""
    try:
        yield
    except StoppedError:
        raise  # the next start reads the settings anyway
    except PacError as error:
        said = {"action": "reload", "status": "error", "reason": str(error)}
        _log.error("reload refused", **said, who=who)
        raise


def refusal(error: PacError) -> Problem:
    """What is wrong after a reload that failed: the next start would fail by the same."""
    said = " ".join(str(error).split())
    return Problem(
        kind=ProblemKind.RELOAD_REFUSED,
        what=f"The last reload was refused, the settings before stay in force: {said}",
        fix="Correct the configuration (`pacctl config check` reads it), then `pacctl reload`.",
    )


def shared(refused: tuple[str, ...]) -> tuple[Problem, ...]:
    """A problem for each library that another pacd works on."""
    fix = "Two of them undo or repeat each other's work, and neither knows what the other was told."
    return tuple(Problem(what=said, fix=fix) for said in refused)
