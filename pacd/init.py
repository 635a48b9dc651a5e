"""What the first process of a container owes the others: it passes signals on, buries orphans."""

import os
import signal
import sys
from contextlib import suppress
from typing import Final

PASSED_ON: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


def as_init() -> int:
    """
    Start this very program again as a child, and be to all others what init(1) is.

    For process 1 (w39).  Orphans of the container become its children.  The daemon cannot wait
    for them: it would take the exit codes of its own workers from those that ask for them.

    Returns:
        The child's exit code; 128 and the signal's number where one ended it, as shells have it.
    """
    # Process 1 never gets a signal that it has no handler for: none must come before there is one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    again = [sys.executable, *sys.orig_argv[1:]]
    child = os.posix_spawn(sys.executable, again, os.environ, setsigmask=before)
    for number in PASSED_ON:
        signal.signal(number, lambda number, _frame: _pass_on(child, number))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return _bury_until(child)


def _pass_on(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, number)


def _bury_until(child: int) -> int:
    """Wait for everybody, until the child has ended; the kernel ends all others with process 1."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
