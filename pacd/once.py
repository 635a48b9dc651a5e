"""One audit of every library, carried out to rest; or only its plan, touching nothing."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any, Final

import structlog

from pacd.assembly import DATABASE, LOCK, preflight, setup_of
from pacd.engine import preview
from pacd.engine.audits import failures
from pacd.engine.awaiting import left_waiting
from pacd.engine.backups import Backups, back_up
from pacd.engine.engine import Engine
from pacd.engine.errands import FAULTS
from pacd.engine.events import Events
from pacd.engine.locating import places
from pacd.engine.setup import Setup
from pacd.engine.summary import summary
from pacd.errors import UnknownError
from pacd.files.claims import Claims
from pacd.files.lock import Lock
from pacd.protocol.documents import Plan
from pacd.settings import Settings
from pacd.store import backups, shelf
from pacd.store.database import Store

_log = structlog.get_logger()

PATIENCE: Final = 6
"""Settle times that a one-shot run waits for a file before it leaves it to the next."""

OK, FAILURES, INTERRUPTED = 0, 2, 130  # requirements 1.1


def run_once(settings: Settings, only: str | None) -> tuple[dict[str, Any], int]:
    """
    Audit every library, or the one named, until nothing is due.

    Returns:
        The summary, and the exit code: 0, 2 when files failed, also those that failed earlier
        and still wait for another try, or are newly held for an error, 130 when it was
        interrupted.

    Raises:
        PacError: It could not start.
    """
    tools = preflight(settings)
    lock, claims = Lock.take(settings.state_dir / LOCK, "once"), Claims()
    try:
        patience = timedelta(seconds=PATIENCE * settings.watch.settle_s)
        setup = _only(setup_of(settings, tools, patience=patience), only)
        claims.take({each.name: each.root for each in setup.policy.libraries})
        store = Store.open(setup.database, now=datetime.now(UTC))
        backups.sweep(setup.database)
        try:
            summed_up, code = _run(setup, store)
            if code != INTERRUPTED and backups.due(setup.database, now=datetime.now(UTC)):
                back_up(setup.database, reserve_bytes=setup.policy.min_free_bytes)
        finally:
            store.close()
    finally:
        claims.release()
        lock.release()
    return summed_up, code


def _run(setup: Setup, store: Store) -> tuple[dict[str, Any], int]:
    started_s = time.monotonic()
    engine = Engine(setup, store, Events(now=datetime.now(UTC)))
    Backups(setup.database, lambda: setup.policy.min_free_bytes).decided()  # roots may be new
    with _stoppable(engine):
        engine.auditor.audit_all()
        engine.run(until=lambda each: each.idle or each.stalled)
    total_s = time.monotonic() - started_s
    names = {name for _, _, name in engine.recorder.counts}
    if not engine.idle and not engine.stopping:
        _log.error("stalled", action="once", status="error", reason=_why_stalled(engine))
    waiting = _left_waiting(engine)
    for sentence in waiting:
        _log.warning("waiting", action="once", status="warn", reason=sentence)
    unread = failures(engine.auditor.problems)
    failed = bool(names & FAULTS or waiting or unread) or not engine.idle
    code = INTERRUPTED if engine.stopping else FAILURES if failed else OK
    timestamp = int(datetime.now(UTC).timestamp())
    summed_up = summary(engine, setup.tools.versions, total_s=total_s, timestamp=timestamp)
    return {**summed_up, "waiting": waiting}, code


def _left_waiting(engine: Engine) -> list[str]:
    """What failed, now or earlier, and is still to be tried again, a sentence per library."""
    pipeline, now = engine.pipeline, datetime.now(UTC)
    found = (
        left_waiting(engine.store, each, pipeline.library_ids[each.name], PurePosixPath(), now=now)
        for each in pipeline.policy.libraries
    )
    return [sentence for sentence in found if sentence]


def _why_stalled(engine: Engine) -> str:
    if engine.dispatch.starved:
        found = engine.dispatch.starved.items()
        return ", ".join(f"the disk of {root} has {lack} (min_free_mib)" for root, lack in found)
    return "PAC is paused: start pacd and `pacctl resume`"


@contextmanager
def _stoppable(engine: Engine) -> Iterator[None]:
    """End the run on SIGINT and SIGTERM: running items finish, a second signal hastens."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        engine.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def plan_once(settings: Settings, only: str | None) -> Plan:
    """
    Return what a run would begin with; touch nothing, not even a timestamp.

    The state is read from a copy, because opening a database writes beside it.

    Raises:
        PacError: It could not be planned.
    """
    tools = preflight(settings)
    Lock.probe(settings.state_dir / LOCK)
    setup = _only(setup_of(settings, tools), only)
    with tempfile.TemporaryDirectory(prefix="pacd-plan-") as scratch:
        copy = Path(scratch) / DATABASE
        for suffix in ("", "-wal"):
            source = setup.database.with_name(DATABASE + suffix)
            if source.exists():
                _copy_unnoticed(source, copy.with_name(DATABASE + suffix))
        decided = shelf.folder_of(setup.database) / shelf.CURRENT
        if not setup.database.exists() and decided.exists():
            shelf.folder_of(copy).mkdir()
            _copy_unnoticed(decided, shelf.folder_of(copy) / shelf.CURRENT)
        store = Store.open(copy, now=datetime.now(UTC))
        try:
            roots = {library.name: library.root for library in setup.policy.libraries}
            return preview.plan_of(
                store,
                store.libraries.sync(roots),
                setup.policy,
                places(setup.policy, None),
                only=PurePosixPath(),
                now=datetime.now(UTC),
            )
        finally:
            store.close()


def _copy_unnoticed(source: Path, target: Path) -> None:
    """Copy a file of PAC's own without a trace: not even its atime changes (w24)."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOATIME | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as old, target.open("wb") as new:
        shutil.copyfileobj(old, new)


def _only(setup: Setup, name: str | None) -> Setup:
    if name is None:
        return setup
    library = setup.policy.library(name)
    if library is None:
        names = ", ".join(each.name for each in setup.policy.libraries)
        raise UnknownError(f"There is no library {name}; there are: {names}.")
    return replace(setup, policy=replace(setup.policy, libraries=(library,)))
