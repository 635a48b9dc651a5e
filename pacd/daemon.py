"""The composition root: builds, starts and stops everything, in order."""

import asyncio
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from pacd import logs
from pacd.api.server import ApiServer
from pacd.assembly import DATABASE, LOCK, policy_of, preflight, setup_of
from pacd.engine.control import Control
from pacd.engine.engine import Engine
from pacd.engine.events import Events
from pacd.engine.host import Host
from pacd.engine.setup import Setup
from pacd.errors import PacError
from pacd.files.lock import Lock
from pacd.lookout import Lookout
from pacd.protocol.documents import ConfigView, Problem, SettingView
from pacd.schedule import Schedule
from pacd.settings import Settings, needs_restart
from pacd.settings.loaded import flat
from pacd.store.database import Store
from pacd.systemd import Notifier

_log = structlog.get_logger()

HEARTBEAT_S: Final = 15.0
"""How often the daemon looks after itself when no systemd watchdog asks for more."""


WATCHING_S: Final = 300.0
"""How long setting the watches of a large library on a slow disk may take (EXTEND_TIMEOUT_USEC)."""

POLL_EVERY: Final = timedelta(minutes=15)
"""Audits come at least this often where a library cannot be watched (W4)."""


class EngineThread(threading.Thread):
    """The thread that the engine, its store and its workers live in."""

    def __init__(self, setup: Setup, events: Events) -> None:
        super().__init__(name="engine")
        self._setup = setup
        self._events = events
        self.ready: Future[Engine] = Future()

    def run(self) -> None:
        try:
            self._run()
        except PacError as error:
            if self.ready.done():
                raise
            self.ready.set_exception(error)  # the main thread raises it again
        finally:
            if not self.ready.done():  # the traceback stands above
                self.ready.set_exception(RuntimeError("the engine could not be built"))

    def _run(self) -> None:
        store = Store.open(self._setup.database, now=datetime.now(UTC))
        try:
            engine = Engine(self._setup, store, self._events)
            engine.starting = True
            self.ready.set_result(engine)
            engine.run()
        finally:
            store.close()


class Daemon:
    """One run of the daemon, from configuration to exit."""

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], environ: Mapping[str, str]
    ) -> None:
        """
        Args:
            load: Reads the settings again; raises ConfigError.
        """
        self._settings = settings
        self._load = load
        self._config = _config_view(settings, ())
        self._notifier = Notifier(environ)
        self._schedule = Schedule()
        self._events = Events(now=datetime.now(UTC))
        self._stop = asyncio.Event()
        self._reloading = threading.Lock()
        self._refused: tuple[Problem, ...] = ()

    async def serve(self) -> int:
        """
        Run until a signal says stop; return the exit code.

        Raises:
            PacError: It could not start; nothing is left running.
        """
        self._loop = asyncio.get_running_loop()
        self._tools = preflight(self._settings)
        lock = Lock.take(self._settings.state_dir / LOCK, "daemon")
        thread = EngineThread(setup_of(self._settings, self._tools), self._events)
        try:
            thread.start()
            self._engine = await asyncio.wrap_future(thread.ready)
            self._lookout = Lookout(self._engine.inbox, lambda _reason: self._request_audit())
            return await self._serve(thread)
        finally:
            if thread.ready.done() and thread.ready.exception() is None:
                thread.ready.result().stop()
            await asyncio.to_thread(thread.join)
            lock.release()

    async def _serve(self, thread: EngineThread) -> int:
        control = Control(self._engine, self._host())
        await asyncio.to_thread(control.status)  # counts once, before anybody waits for it (B5)
        api = ApiServer(control, self._settings.socket)
        await api.start()
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                self._loop.add_signal_handler(number, self._asked_to_stop)
            self._loop.add_signal_handler(signal.SIGHUP, self._asked_to_reload, control)
            self._notifier.extend_timeout(WATCHING_S)
            await asyncio.to_thread(self._start_lookout)
            self._engine.inbox.post(self._prepare_audits)
            self._plan_audits(None)
            self._schedule.start()
            self._notifier.ready()
            _log.info("ready", action="start", status="ok", socket=str(self._settings.socket))
            await self._heartbeat(thread)
        finally:
            self._notifier.stopping()
            await asyncio.to_thread(self._schedule.stop)
            await asyncio.to_thread(self._lookout.stop)
            self._engine.stop()
            await asyncio.to_thread(thread.join)
            await api.stop()
            self._be_deaf()
            _log.info("stopped", action="stop", status="ok")
        return 0

    def _prepare_audits(self) -> None:
        """In the engine's thread: be told when a whole audit has ended."""
        self._engine.auditor.reports = True
        self._engine.auditor.finished = self._audited

    async def _heartbeat(self, thread: EngineThread) -> None:
        """Look after the threads until it is time to stop; ping systemd while all is well."""
        every_s = min(HEARTBEAT_S, self._notifier.watchdog_interval_s or HEARTBEAT_S)
        while not self._stop.is_set():
            if not thread.is_alive():
                raise RuntimeError("the engine's thread has ended")
            await asyncio.to_thread(self._lookout.mend)
            self._notifier.watchdog()
            self._notifier.status(self._line())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), every_s)

    def _line(self) -> str:
        snapshot = self._engine.snapshot
        waiting = len(snapshot.ready) + snapshot.more
        if snapshot.paused:
            return "Paused"
        if snapshot.running:
            return f"{len(snapshot.running)} running, {waiting} waiting"
        return "Watching " + ", ".join(each.name for each in self._settings.libraries())

    def _asked_to_stop(self) -> None:
        """SIGTERM or SIGINT: stop; the second time at once."""
        if self._stop.is_set():
            self._engine.stop()
        self._stop.set()

    def _be_deaf(self) -> None:
        """All is done but to leave: a signal that comes now must not spoil the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)

    def _asked_to_reload(self, control: Control) -> None:
        self._loop.run_in_executor(None, self._reload_by_signal, control)

    def _reload_by_signal(self, control: Control) -> None:
        self._notifier.reloading()
        try:
            control.reload("SIGHUP")
        except PacError as error:  # the old settings stay
            _log.error("reload refused", action="reload", status="error", reason=str(error))
        finally:
            self._notifier.ready()

    def _request_audit(self) -> None:
        self._engine.inbox.post(self._audit)

    def _audit(self) -> None:
        """In the engine's thread."""
        self._engine.auditor.audit_all()
        self._engine.starting = False

    def _start_lookout(self) -> None:
        self._lookout.start(self._settings.libraries(), self._settings.watch.mode)

    def _plan_audits(self, last_finished: datetime | None) -> None:
        interval = self._settings.audit.interval
        self._schedule.every_audit(
            self._request_audit,
            interval=min(interval, POLL_EVERY) if self._lookout.polled else interval,
            jitter=self._settings.audit.jitter,
            last_finished=last_finished,
            now=datetime.now(UTC),
        )

    def _audited(self, now: datetime) -> None:
        """In the engine's thread: a library was walked whole."""
        self._lookout.walked(sum(self._engine.auditor.folders.values()))
        self._schedule.audit_finished(now)

    def _host(self) -> Host:
        return Host(
            database=self._settings.state_dir / DATABASE,
            tools=lambda: self._tools,
            config=lambda: self._config,
            reload=self._reload,
            watch=self._lookout.view,
            next_audit=self._schedule.next_audit,
            problems=lambda: (*self._refused, *self._lookout.problems()),
        )

    def _reload(self, who: str) -> ConfigView:
        """In any thread but the loop's: read the settings again and work by them."""
        with self._reloading:
            try:
                new = self._load()
                self._tools = preflight(new)
            except PacError as error:
                self._refused = (_refusal(error),)
                raise
            self._refused = ()
            old, self._settings = self._settings, new
            self._config = _config_view(new, needs_restart(old, new))
            logs.configure(new.daemon.log_level, new.daemon.log_format)
            policy, tools = policy_of(new, self._tools), self._tools
            self._start_lookout()  # first, so that the audit that adopt() starts misses nothing
            self._engine.inbox.call(lambda: self._engine.adopt(policy, tools)).result()
            self._plan_audits(datetime.now(UTC))
            _log.info("reloaded", action="reload", status="ok", who=who)
        return self._config


def _refusal(error: PacError) -> Problem:
    """What is wrong after a reload that failed: the next start would fail by the same."""
    said = " ".join(str(error).split())
    return Problem(
        what=f"The last reload was refused, the settings before stay in force: {said}",
        fix="Correct the configuration (`pacctl config check` reads it), then `pacctl reload`.",
    )


def _config_view(settings: Settings, restart: tuple[str, ...]) -> ConfigView:
    """Make the document once for each reading of the settings: every status shows a part of it."""
    now = datetime.now(UTC)
    return ConfigView(
        path=str(settings.source),
        loaded_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        settings=tuple(
            SettingView(key=key, value=value, origin=settings.origin(key))
            for key, value in flat(settings.effective()).items()
        ),
        restart=restart,
    )


def run_daemon(settings: Settings, load: Callable[[], Settings], environ: Mapping[str, str]) -> int:
    """Run the daemon until it is stopped; return the exit code."""
    return asyncio.run(Daemon(settings, load, environ).serve())
