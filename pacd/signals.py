"""The signals of a daemon: which say stop, and how it is deaf to those that would harm."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final

STOPS: Final = (signal.SIGTERM, signal.SIGINT)


def on_stop(called: Callable[[], object]) -> None:
    """Have the running loop call this, and nothing it called before, when a signal says stop."""
    for number in STOPS:
        asyncio.get_running_loop().add_signal_handler(number, called)


def be_deaf() -> None:
    """
    Ignore what comes from now on; for the running loop, at the end of all.

    A signal that comes then must not spoil the exit code.
    """
    for number in (*STOPS, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def outlive_reloads() -> None:
    """
    Ignore SIGHUP until a daemon listens to it.

    By itself it ends a process, and systemd takes that for wished (systemd.service(5),
    SuccessExitStatus=): nobody would start it again.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
