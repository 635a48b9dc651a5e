"""A worker's side of the pool: answers calls, one at a time; runs in a process of its own."""

import ctypes
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog
from structlog.contextvars import bound_contextvars

from pacd.engine.line import Line, packed

_log = structlog.get_logger()

MEMORY_BYTES: Final = 2 << 30
"""
Data that a worker may hold, and each tool that it starts (decision 0018).

Measured with Python 3.11, Pillow 12, flac 1.4.2, ffmpeg 5.1.9: the largest pictures that
files.covers takes need up to 1,355 MiB (WebP, 64 million pixels), the builtin detector 200,
tools up to 60, whatever the length of a file (tests/integration/engine/test_memory.py).
"""

_PR_SET_PDEATHSIG: Final = 1  # prctl(2), linux/prctl.h

_FIRST_TO_GO: Final = "500"
"""proc(5), oom_score_adj: half of all memory more than it uses, in the eyes of the OOM killer."""


def work(
    end: socket.socket,
    parent: int,
    setup: Callable[[], None],
    common: tuple[Any, ...],
    memory_bytes: int,
) -> None:
    """
    Answer calls until the line is closed; a worker's whole life.

    It says () when it is ready, and then (answer,) to each call.  A fault of ours ends it.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with closing(end):  # first: SIGTERM may come at any moment from here on
        if os.getppid() != parent:
            return  # the daemon died before prctl could tell
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the daemon's
        signal.signal(signal.SIGTERM, _leave)
        with suppress(OSError):  # where memory is short, a worker goes, never the daemon
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
        _limit(resource.RLIMIT_DATA, memory_bytes)
        _limit(resource.RLIMIT_CORE, 0)  # what a hostile file has crashed need not fill a disk
        setup()
        with suppress(EOFError, BrokenPipeError, ConnectionResetError):
            _answer_calls(Line(end), common)


def _answer_calls(line: Line, common: tuple[Any, ...]) -> None:
    line.send(packed(()))
    while True:
        job_id, function, arguments = line.receive()
        with bound_contextvars(job_id=job_id), _told():
            answer = packed((function(*arguments, *common),))
        line.send(answer)


@contextmanager
def _told() -> Iterator[None]:
    """End with a line of the log where multiprocessing would print a traceback as it is (w30)."""
    try:
        yield
    except Exception as error:  # the worker boundary
        reason = str(error) or type(error).__name__
        _log.exception("a worker has ended", action="worker", status="error", reason=reason)
        raise SystemExit(1) from error


def _limit(which: int, most: int) -> None:
    """Allow no more of something, to tools as well: they inherit it (setrlimit(2))."""
    _, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def _leave(_number: int, _frame: object) -> None:
    """Unwind, so that the tool is ended and the scratch file removed."""
    raise SystemExit(0)
