"""A daemon in this process: what it does while parts of it are slow."""

import asyncio
import math
import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pacd.assembly import DATABASE
from pacd.daemon import POLL_EVERY, Daemon
from pacd.errors import ConfigError
from pacd.files.lock import Lock
from pacd.protocol.documents import ConfigView
from pacd.settings import Settings, load_settings
from pacd.systemd import Notifier
from tests.configurations import environ, write
from tests.logging_of_process import given_back

PATIENCE_S = 60.0
LOOK_S = 0.05
BEATS = {"WATCHDOG_USEC": "200000"}  # it looks after itself ten times a second


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "music").mkdir()
    text = f"""
        [daemon]
        state_dir = "{tmp_path}/state"
        socket = "{tmp_path}/pacd.sock"
        [artwork]
        enabled = false
        [[library]]
        root = "{tmp_path}/music"
    """
    return load_settings(write(tmp_path, text), environ())


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A daemon that has ended is deaf; who runs the tests is not."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """A reload sets the logging of the process: give it back as it was."""
    with given_back():
        yield


def test_w28_an_end_waits_for_the_watcher_and_answers_meanwhile(settings: Settings) -> None:
    """w28, w35: watches that are just being set may take minutes; systemd is told so."""
    asyncio.run(_stopped_while_mending(Daemon(settings, lambda: settings, Notifier(BEATS))))


async def _stopped_while_mending(daemon: Daemon) -> None:
    """Stop a daemon whose watcher is at work; its loop turns meanwhile, and it does not end."""
    life, done = asyncio.create_task(daemon.serve()), threading.Event()
    async with asyncio.timeout(PATIENCE_S):
        while not daemon.begun:  # noqa: ASYNC110  # it tells nobody else
            await asyncio.sleep(LOOK_S)
        _keep_busy(daemon, done)
        await asyncio.sleep(0.5)  # several beats: one of them waits for the watcher by now
        daemon._stop.set()
        for _turn in range(20):
            await asyncio.sleep(LOOK_S)
        assert not life.done()
        done.set()
        assert 0 == await life


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_w28_a_stop_while_watches_are_set(settings: Settings, number: signal.Signals) -> None:
    """w28, w35: it ends with 0 as soon as they are, was never ready, and the lock is free."""
    daemon = Daemon(settings, lambda: settings, Notifier(BEATS))
    asyncio.run(_stopped_before_ready(daemon, number))
    Lock.take(settings.state_dir / "pacd.lock", "once").release()

    assert (False, True) == (daemon.begun, daemon.dismissed)


async def _stopped_before_ready(daemon: Daemon, number: signal.Signals) -> None:
    life, done = asyncio.create_task(daemon.serve()), threading.Event()
    async with asyncio.timeout(PATIENCE_S):
        while not hasattr(daemon, "_lookout"):  # noqa: ASYNC110  # it tells nobody else
            await asyncio.sleep(0)
        _keep_busy(daemon, done)
        while not daemon.settings.socket.exists():  # noqa: ASYNC110  # it tells nobody else
            await asyncio.sleep(LOOK_S)
        os.kill(os.getpid(), number)
        while not daemon.dismissed:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        assert not life.done()
        done.set()
        assert 0 == await life


def _keep_busy(daemon: Daemon, done: threading.Event) -> None:
    """Do as if watches were being set, from now on; the loop waits, too: it cannot be faster."""
    busy = threading.Event()

    def keep() -> None:
        with daemon._lookout._lock:
            busy.set()
            done.wait(PATIENCE_S)

    threading.Thread(target=keep).start()
    busy.wait(PATIENCE_S)


def test_w36_what_only_a_restart_applies_is_not_in_force(settings: Settings) -> None:
    """w36: `config show` has what runs, a change that is taken back needs no restart."""
    path, text = settings.source, settings.source.read_text()
    daemon = Daemon(settings, lambda: load_settings(path, environ()), Notifier({}))
    changed = text.replace("/state", "/elsewhere").replace(
        "[daemon]", "[workers]\ntotal=77\n[daemon]"
    )
    views = asyncio.run(_reloaded(daemon, (changed, changed, text)))
    shown = [{each.key: each.value for each in view.settings} for view in views]

    assert settings.workers.total != 77
    assert "daemon.state_dir" in views[0].restart
    assert [views[0].restart, views[0].restart, ()] == [each.restart for each in views]
    assert 3 * [str(settings.state_dir)] == [each["daemon.state_dir"] for each in shown]
    assert 3 * [settings.workers.total] == [each["workers.total"] for each in shown]
    assert settings.state_dir == daemon.settings.state_dir


async def _reloaded(daemon: Daemon, texts: tuple[str, ...]) -> list[ConfigView]:
    """What reloads of one file after another say."""
    life, views = asyncio.create_task(daemon.serve()), list[ConfigView]()
    async with asyncio.timeout(PATIENCE_S):
        while not daemon.begun:  # noqa: ASYNC110  # it tells nobody else
            await asyncio.sleep(LOOK_S)
        try:
            for text in texts:
                write(daemon.settings.source.parent, text)
                views.append(await asyncio.to_thread(daemon._reload, "uid 1 pid 2"))
        finally:
            daemon._stop.set()
        assert 0 == await life
    return views


def test_w36_a_refused_reload_is_in_the_log_whoever_asked(settings: Settings) -> None:
    """w36, w56: an error that says who asked and why not, also when it came through pacctl."""
    path = settings.source
    daemon = Daemon(settings, lambda: load_settings(path, environ()), Notifier({}))
    with capture_logs() as told, pytest.raises(ConfigError):
        asyncio.run(_reloaded(daemon, ("[watch]\nsettel_s = 1\n",)))
    (line,) = (each for each in told if each["event"] == "reload refused")

    assert ("error", "reload", "uid 1 pid 2") == (line["log_level"], line["action"], line["who"])
    assert "settel_s" in line["reason"]


def test_w09_an_audit_that_broke_off_is_tried_again_soon(settings: Settings) -> None:
    """w09, W4: not a day later, as planned; once one came to its end the plan holds again."""
    within_s = asyncio.run(
        _planned_after_breaking_off(Daemon(settings, lambda: settings, Notifier({})))
    )
    haste_s, plan_s = POLL_EVERY.total_seconds(), settings.audit.interval.total_seconds()

    assert [True, True] == [0 < within_s[0] <= haste_s, plan_s - PATIENCE_S < within_s[1]]


async def _planned_after_breaking_off(daemon: Daemon) -> list[float]:
    """When the next audit is due after one that broke off, and after one that did not."""
    life, within_s = asyncio.create_task(daemon.serve()), list[float]()
    database = daemon.settings.state_dir / DATABASE
    away = database.with_name("away")
    async with asyncio.timeout(PATIENCE_S):
        await _until_audited(daemon, broke_off=False)
        daemon._engine.anchor.next_s = math.inf  # else it is put back, and the daemon begins anew
        for source, target in ((database, away), (away, database)):
            source.rename(target)  # who has it open goes on; a walk opens it anew
            daemon._request_audit()
            await _until_audited(daemon, broke_off=target is away)
            planned = daemon._schedule.next_audit()
            assert planned
            within_s.append((planned - datetime.now(UTC)).total_seconds())
        daemon._stop.set()
        assert 0 == await life
    return within_s


async def _until_audited(daemon: Daemon, *, broke_off: bool) -> None:
    """Wait until the daemon lives and its last audit was told as this."""

    def audited() -> bool:
        engine = daemon._engine
        row = engine.store.libraries.all()[0]
        told = bool(engine.auditor.problems) is broke_off
        return told and row.scanned_at is not None

    while not daemon.begun:  # noqa: ASYNC110  # it tells nobody else
        await asyncio.sleep(LOOK_S)
    while not await asyncio.wrap_future(daemon._engine.inbox.call(audited)):  # noqa: ASYNC110  # nor of this
        await asyncio.sleep(LOOK_S)
