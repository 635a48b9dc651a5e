"""Runs the daemon, and has it begin anew where only the disk of its database was at fault."""

import asyncio
import faulthandler
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import structlog

from pacd import frugality, logs, promptness, signals
from pacd.daemon import Daemon
from pacd.errors import PacError, UnwritableError
from pacd.settings import Settings
from pacd.systemd import Notifier

_log = structlog.get_logger()

AGAIN_EVERY_S: Final = 10.0
"""How often it is tried whether the database can be written again."""

_PING_S: Final = 1.0
_FULL_BYTES: Final = 1 << 20


def run_daemon(settings: Settings, load: Callable[[], Settings], environ: Mapping[str, str]) -> int:
    """
    Run the daemon until it is stopped; return the exit code.

    Where its database cannot be written any more all of it ends as it would by a kill, and it
    begins anew once it can: what was done and not recorded is found again (decision 0017).
    Settings are read again then: a reload that comes meanwhile cannot be taken.

    Raises:
        PacError: It could not start, or the database is of no use.
    """
    threading.excepthook = logs.thread_ended
    sys.unraisablehook = logs.passed_over
    faulthandler.enable()  # the watchdog ends it by SIGABRT: where it hung stands in the log
    promptness.share()
    frugality.spare()
    # One loop for all tries: a signal that comes between two of them waits for the next.
    with closing(Notifier(environ)) as notifier, asyncio.Runner() as runner:
        return _run(settings, load, notifier, runner)


def _run(
    settings: Settings, load: Callable[[], Settings], notifier: Notifier, runner: asyncio.Runner
) -> int:
    begun, told = False, ""
    while True:
        signals.outlive_reloads()
        daemon = Daemon(settings, load, notifier)
        try:
            return runner.run(daemon.serve())
        except UnwritableError as error:
            begun = begun or daemon.begun
            if not (begun or daemon.dismissed):
                raise
            reason = f"{error}{_room(settings.state_dir)}"
        signals.outlive_reloads()
        settings = daemon.settings
        if reason != told or daemon.begun:  # once for each time that it could not go on
            told = reason
            _log.error("store_err", action="start", status="error", reason=reason)
        if daemon.dismissed or runner.run(_stopped_meanwhile(notifier, reason)):
            return 0
        with suppress(PacError):  # those that were in force are good still
            settings = load()


def _room(place: Path) -> str:
    """Say that a disk is full: SQLite may call that an I/O error (3.40, for its -shm file)."""
    try:
        free_bytes = shutil.disk_usage(place).free
    except OSError:
        return ""
    return f" The disk of {place} is full." if free_bytes < _FULL_BYTES else ""


async def _stopped_meanwhile(notifier: Notifier, reason: str) -> bool:
    """Wait before the next try; return whether a signal said stop."""
    stop = asyncio.Event()
    signals.on_stop(stop.set)
    for _ping in range(round(AGAIN_EVERY_S / _PING_S)):
        notifier.watchdog()
        notifier.status(f"Waiting for the disk of the database: {reason}")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _PING_S)
        if stop.is_set():
            notifier.stopping()
            return True
    return False
