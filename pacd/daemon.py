"""The composition root: builds, starts and stops everything, in order."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from pacd import logs, reloading, signals
from pacd.api.server import ApiServer
from pacd.assembly import DATABASE, LOCK, config_view, policy_of, preflight, roots_of, setup_of
from pacd.engine.audits import Audit, broke_off
from pacd.engine.backups import Backups
from pacd.engine.control import Control
from pacd.engine.events import Events
from pacd.engine.heralding import Herald
from pacd.engine.host import Host
from pacd.engine.thread import EngineThread
from pacd.errors import PacError, StoppedError
from pacd.files.claims import Claims
from pacd.files.lock import Lock
from pacd.lookout import Lookout
from pacd.protocol.documents import ConfigView, Problem
from pacd.pulse import Heartbeat, Part
from pacd.schedule import Schedule
from pacd.settings import Settings, in_force, needs_restart
from pacd.systemd import Notifier

_log = structlog.get_logger()

STARTING_S: Final = 3600.0
"""How long a migration and setting the watches of a large library on a slow disk may take (w35)."""

WATCHING_S: Final = 600.0
"""How long the watcher may be busy with itself before it counts as hung."""

STOPPING_S: Final = 120.0
"""How long running items, walks and threads may take to end: all of them have limits below it."""

POLL_EVERY: Final = timedelta(minutes=15)
"""Audits come at least this often where changes go unseen (W4, w01), or one broke off."""

CANARY: Final = "canary"
"""Folder of the state directory for proofs that events arrive (decisions/0019)."""


class Daemon:
    """
    One run of the daemon, from configuration to exit.

    Attributes:
        begun: Whether it was ever ready.
        dismissed: Whether a signal has told it to stop.
        settings: Those in force.
    """

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], notifier: Notifier
    ) -> None:
        """
        Args:
            load: Reads the settings again; raises ConfigError.
        """
        self.begun = self.dismissed = False
        self.settings = settings
        self._load = load
        self._config = config_view(settings, (), now=datetime.now(UTC))
        self._notifier = notifier
        self._schedule = Schedule()
        self._events = Events(now=datetime.now(UTC))
        self._backups = Backups(settings.state_dir / DATABASE, self._reserve_bytes)
        self._herald = Herald()
        self._claims = Claims(pinned=(settings.state_dir, Path("/")))
        self._stop = asyncio.Event()
        self._reloading = threading.Lock()
        self._refused: tuple[Problem, ...] = ()
        self._heartbeat = Heartbeat(self._notifier, self._line)
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="tending")

    async def serve(self) -> int:
        """
        Run until a signal says stop; return the exit code.

        Raises:
            PacError: It could not start; nothing is left running.
        """
        self._loop = asyncio.get_running_loop()
        signals.on_stop(self._asked_early)
        async with AsyncExitStack() as starting:
            await starting.enter_async_context(self._notifier.more_time(STARTING_S))
            self._tools = await asyncio.to_thread(preflight, self.settings)
            if not self.dismissed:
                await self._work(starting)
        signals.be_deaf()
        _log.info("stopped", action="stop", status="ok")
        return 0

    async def _work(self, starting: AsyncExitStack) -> None:
        lock = Lock.take(self.settings.state_dir / LOCK, "daemon")
        self._claims.take(roots_of(self.settings))
        thread = EngineThread(setup_of(self.settings, self._tools), self._events, self._ended)
        thread.start()
        try:
            self._engine = await asyncio.shield(asyncio.wrap_future(thread.ready))
            self._lookout = Lookout(
                self._engine.inbox,
                lambda _reason: self._engine.inbox.post(self._reconcile),
                canary=self.settings.state_dir / CANARY,
            )
            if not self.dismissed:
                await self._serve(thread, starting)
        finally:
            await asyncio.to_thread(thread.end)
            self._claims.release()
            lock.release()

    async def _serve(self, thread: EngineThread, starting: AsyncExitStack) -> None:
        control = Control(self._engine, self._host())
        await asyncio.to_thread(control.status)  # counts once, before anybody waits for it (B5)
        api = ApiServer(control, self.settings.socket)
        await api.start()
        try:
            signals.on_stop(self._asked_to_stop)
            reloading.on_signal(control, self._notifier)
            await asyncio.to_thread(self._start_lookout)
            self._engine.inbox.post(self._prepare_audits)
            self._plan_audits(None)
            self._schedule.start()
            await starting.aclose()
            if not self.dismissed:
                self._notifier.ready()
                self.begun = True
                _log.info("ready", action="start", status="ok", socket=str(self.settings.socket))
            await self._live(thread)
        finally:
            self._stop.set()  # no reload begins any more
            if not thread.error:  # else it may begin anew (pacd.endurance)
                self._notifier.stopping()
            async with self._notifier.more_time(STOPPING_S):
                watching = (self._end_reload, self._hands.shutdown, self._lookout.stop)
                for stop in (*watching, self._schedule.stop, self._backups.stop, thread.end):
                    await asyncio.to_thread(stop)
                await api.stop()

    def _ended(self) -> None:
        """In the engine's thread, when it leaves: without it there is nothing to go on for."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def _prepare_audits(self) -> None:
        """In the engine's thread: be told when a whole audit has ended."""
        self._engine.auditor.gauge = self._lookout.gauge
        self._engine.auditor.finished = self._audited

    async def _live(self, thread: EngineThread) -> None:
        """Look after the parts until it is time to stop."""
        await self._heartbeat.go_on(self._stop, self._parts())
        thread.check()

    def _parts(self) -> Mapping[str, Part]:
        """What must live for the daemon to be healthy (decision 0020); the loop itself turns."""
        return {
            "the engine": Part(lambda: self._engine.inbox.call(self._write_lock)),
            "the watcher": Part(lambda: self._hands.submit(self._tend), WATCHING_S),
            "the schedule": Part(lambda: self._schedule.look_at_clock(datetime.now(UTC))),
        }

    def _write_lock(self) -> None:
        """In the engine's thread: show that it turns, and may write to the database."""
        with self._engine.store.transaction():
            pass

    def _tend(self) -> bool:
        """False where the watcher is of no use, and could not be mended."""
        self._backups.look()
        self._herald.problems(self._problems())
        if not self._reloading.acquire(blocking=False):
            return True  # it is being set anew just now
        try:
            self._claims.look()
            return self._lookout.mend()
        finally:
            self._reloading.release()

    def _line(self) -> str:
        if self._refused:
            return self._refused[0].what
        snapshot = self._engine.snapshot
        waiting = len(snapshot.ready) + snapshot.more
        if snapshot.paused:
            return "Paused"
        if snapshot.running:
            return f"{len(snapshot.running)} running, {waiting} waiting"
        return "Watching " + ", ".join(each.name for each in self.settings.libraries())

    def _asked_early(self) -> None:
        """SIGTERM or SIGINT before it is up: what was begun, as a migration, is ended first."""
        if not self.dismissed:
            self._notifier.stopping()
            _log.info("stopping", action="stop", status="ok", reason="told to, while it starts")
        self.dismissed = True
        self._stop.set()

    def _asked_to_stop(self) -> None:
        """SIGTERM or SIGINT: stop; the second time at once."""
        if self._stop.is_set():
            self._engine.stop()
        self.dismissed = True
        self._stop.set()

    def _end_reload(self) -> None:
        """Let one that is under way end; none begins any more."""
        with self._reloading:
            pass

    def _request_audit(self) -> None:
        self._engine.inbox.post(self._audit)

    def _audit(self) -> None:
        """In the engine's thread."""
        self._engine.auditor.audit_all()
        self._engine.starting = False

    def _reconcile(self) -> None:
        """In the engine's thread: changes were missed, also where a walk has just been."""
        self._engine.auditor.audit_all(anew=True)

    def _start_lookout(self) -> None:
        self._lookout.start(self.settings.libraries(), self.settings.watch.mode)

    def _plan_audits(self, last_finished: datetime | None) -> None:
        self._schedule.every_audit(
            self._request_audit,
            interval=self.settings.audit.interval,
            jitter=self.settings.audit.jitter,
            last_finished=last_finished,
            now=datetime.now(UTC),
        )

    def _audited(self, audit: Audit, now: datetime) -> None:
        """In the engine's thread: a library was walked whole, or is to be, soon."""
        auditor = self._engine.auditor
        # What changed while no daemon ran was nobody's to see: drift counts from then on.
        auditor.reports |= audit.whole and not any(each.whole for each in auditor.walks)
        if audit.gauge and not audit.error:
            self._lookout.walked(audit.policy, audit.gauge)
        in_haste = self._lookout.blind or broke_off(auditor.problems)
        self._schedule.audit_finished(now, within=POLL_EVERY if in_haste else None)

    def _host(self) -> Host:
        return Host(
            database=self.settings.state_dir / DATABASE,
            tools=lambda: self._tools,
            config=lambda: self._config,
            reload=self._reload,
            watch=self._lookout.view,
            next_audit=self._schedule.next_audit,
            problems=self._problems,
            decided=self._backups.decided,
            last_backup=lambda: self._backups.last,
            heard=self._lookout.heard,
            lines=logs.lines,
        )

    def _problems(self) -> tuple[Problem, ...]:
        lookout, backups = self._lookout.problems(), self._backups.problems()
        busy = reloading.shared(self._claims.refused)
        return (*self._heartbeat.problems, *self._refused, *lookout, *backups, *busy)

    def _reserve_bytes(self) -> int:
        return self.settings.audit.min_free_mib << 20

    def _reload(self, who: str) -> ConfigView:
        """In any thread but the loop's: read the settings again and work by them."""
        with reloading.told(who), self._reloading:
            try:
                new = self._load()
                tools = preflight(new)
                self._claims.take(roots_of(new))
            except PacError as error:
                self._refused = (reloading.refusal(error),)
                raise
            self._refused = ()
            if self._stop.is_set():
                raise StoppedError
            waiting = needs_restart(self.settings, new)
            self.settings = new = in_force(self.settings, new)
            self._config = config_view(new, waiting, now=datetime.now(UTC))
            logs.configure(new.daemon.log_level, new.daemon.log_format)
            policy, self._tools = policy_of(new, tools), tools
            self._start_lookout()  # first, so that the audit that adopt() starts misses nothing
            self._engine.inbox.call(lambda: self._engine.adopt(policy, tools)).result()
            self._backups.decided()  # roots may be new
            self._plan_audits(datetime.now(UTC))
            _log.info("reloaded", action="reload", status="ok", who=who, restart=waiting)
        return self._config
