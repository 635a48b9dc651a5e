"""A worker's side of the pool: answers calls, one at a time; runs in a process of its own."""

import ctypes
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1  # prctl(2), linux/prctl.h


def work(pipe: Connection, parent: int, setup: Callable[[], None], common: tuple[Any, ...]) -> None:
    """
    Answer calls until the pipe closes; a worker's whole life.

    It says () when it is ready, and then (answer,) to each call.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return  # the daemon died before prctl could tell
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the daemon's to handle
    signal.signal(signal.SIGTERM, _leave)
    setup()
    try:
        pipe.send(())
        while True:
            function, arguments = pipe.recv()
            pipe.send((function(*arguments, *common),))
    except (EOFError, BrokenPipeError):
        return


def _leave(_number: int, _frame: object) -> None:
    """Unwind, so that the tool is ended and the scratch file removed."""
    raise SystemExit(0)
