"""Starts one program tied to the thread that wants it; used by process alone."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from pacd.errors import ToolError

NOT_STARTED: Final = "pac-tie: "
"""What standard error begins with where a program that is there could not be started."""

# A worker that dies before setpriv has asked for the signal is somebody else's child by then.
_UNLESS_ALONE: Final = '[ "$PPID" -eq "$1" ] || exit; shift; exec "$@"'

_STOPS: Final = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM})


def spawn(argv: tuple[str, ...], stdin: int, *, deaf: bool = False) -> subprocess.Popen[bytes]:
    """
    Start a program in a process group of its own.

    Args:
        stdin: A file descriptor, or what subprocess takes in its place.
        deaf: Whether it never hears SIGHUP, SIGINT and SIGTERM, whatever it would do with them.

    Raises:
        ToolError: It is not there, or cannot be started.
    """
    if shutil.which(argv[0]) is None:
        raise ToolError(f"{argv[0]} is not there, or may not be started by this user")
    try:
        with _blocked(_STOPS if deaf else frozenset()):
            return subprocess.Popen(
                [*_tie(os.getpid()), *argv],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                process_group=0,
            )
    except OSError as error:
        raise ToolError(f"{argv[0]} cannot be started: {error.strerror}") from error


@contextmanager
def _blocked(signals: frozenset[signal.Signals]) -> Iterator[None]:
    """What is started meanwhile inherits the mask, and its handlers are never called."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@cache
def _tie(parent: int) -> tuple[str, ...]:
    """What makes the kernel end a program when the thread that started it is gone (w26)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    name = NOT_STARTED.rstrip(": ")  # a shell puts its own before what it says
    shell = ("/bin/sh", "-c", _UNLESS_ALONE, name, str(parent))
    return (setpriv, "--pdeathsig", "KILL", "--", *shell)
