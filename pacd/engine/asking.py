"""Has the engine's thread do what somebody waits for, and waits no longer than is good."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from pacd.engine.inbox import Inbox
from pacd.errors import LateError

Answered = TypeVar("Answered")

CALL_S: Final = 30.0
"""How long a client waits for the engine's thread, whose turns take far less."""


def ask(
    inbox: Inbox,
    function: Callable[[], Answered],
    *,
    done: Callable[[], object] = lambda: None,
    wait_s: float | None = CALL_S,
) -> Answered:
    """
    Have the engine's thread call a function; any other thread may ask.

    Args:
        done: Called once the function has returned, however late, before this returns; by then in
            the engine's thread if nobody waits any more.
        wait_s: None for as long as it takes.

    Raises:
        LateError: The time is over; the function is called nevertheless, unless the engine stops.
        StoppedError: The engine has stopped; the function was not and will not be called.
        Exception: What the function raises.
    """
    future = inbox.call(function)
    try:
        answer = future.result(wait_s)
    except TimeoutError:
        if future.done():  # just now, or the function itself has raised it
            answer = future.result()
        else:
            future.add_done_callback(lambda late: _conclude(late, done))
            raise LateError(wait_s or 0.0) from None
    done()
    return answer


def _conclude(late: "Future[Answered]", done: Callable[[], object]) -> None:
    """In the engine's thread: do what whoever asked would have done."""
    if late.exception() is None:
        done()
