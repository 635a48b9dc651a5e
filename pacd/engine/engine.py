"""The engine's thread: the one writer, and the only place where all ends meet."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.connection import wait
from typing import Final

from pacd.domain.policy import DaemonPolicy
from pacd.engine.anchor import Anchor
from pacd.engine.auditor import Auditor
from pacd.engine.depths import depths
from pacd.engine.devices import acquaint
from pacd.engine.dispatch import Dispatch
from pacd.engine.events import Events
from pacd.engine.inbox import Inbox
from pacd.engine.leavings import Leavings
from pacd.engine.minding import Minder
from pacd.engine.pause import Pause
from pacd.engine.pipeline import Pipeline
from pacd.engine.pool import Pool
from pacd.engine.recording import Recorder
from pacd.engine.recycling import Bins
from pacd.engine.setup import Setup
from pacd.engine.snapshot import SHOWN, InWorker, Snapshot
from pacd.engine.touched import Touched
from pacd.engine.visit import Visit
from pacd.intake.debounce import Place
from pacd.protocol.documents import EventKind
from pacd.store.database import Store
from pacd.tools.toolbox import Toolbox

DRAIN_S: Final = 20.0
"""How long running items may finish when the daemon stops; then they are given up, whole."""


class Engine:
    """
    Runs in one thread that calls run(); every other method but stop() belongs to it too.

    Attributes:
        inbox: The way in for other threads.
        snapshot: How things stood at the last turn; replaced whole, read by any thread.
        alive: Whether run() is under way.
        starting: Whether the first audit is still to be asked for; it is not idle before.
    """

    def __init__(
        self, setup: Setup, store: Store, events: Events, *, starting: bool = False
    ) -> None:
        self.store = store
        self.events = events
        self.inbox = Inbox()
        self.pool = Pool(setup.limits, setup=setup.worker_setup, common=(setup.tools,))
        self.recorder = Recorder(store, events)
        self.dispatch = Dispatch(self.pool, self.recorder, setup)
        with store.transaction():
            crashed = store.jobs.interrupted(now=datetime.now(UTC)) > 0
            library_ids = acquaint(store, setup.policy)
        self.pipeline = Pipeline(
            store,
            self.dispatch,
            self.recorder,
            setup.policy,
            library_ids,
            rested=self._rested,
            patience=setup.patience,
        )
        self.auditor = Auditor(
            setup.database,
            store=store,
            inbox=self.inbox,
            pipeline=self.pipeline,
            recorder=self.recorder,
            events=events,
            leavings=Leavings(store, library_ids, after_crash=crashed),
        )
        self.touched = Touched(self.pipeline, self.auditor)
        self.bins = Bins(store, self.pipeline.vouched)
        self.minder = Minder(store, self.pipeline, self.auditor, self.bins)
        self.anchor = Anchor(store, setup.database)
        self.pause = Pause(store)
        self.snapshot = Snapshot(starting=starting)
        self.alive = False
        self.starting = starting
        self._stopping = threading.Event()
        self._hasten = threading.Event()

    def run(self, until: Callable[["Engine"], bool] = lambda _engine: False) -> None:
        """Work until stop() is called, or until says so at the end of a turn."""
        self.alive = True
        try:
            while not self._stopping.is_set():
                self._turn()
                if until(self):
                    break
                self._wait()
                self._collect()
            self._drain()
        finally:
            self.alive = False
            self.inbox.close()
            self.auditor.stop()
            self.pool.stop()

    def stop(self) -> None:
        """From any thread: finish what runs and return from run(); a second call hastens."""
        if self._stopping.is_set():
            self._hasten.set()
        self._stopping.set()
        self.inbox.post(lambda: None)

    @property
    def stopping(self) -> bool:
        """Whether stop() was called."""
        return self._stopping.is_set()

    @property
    def idle(self) -> bool:
        """Whether nothing runs, waits or settles, and no walk is under way."""
        works = self.dispatch.running or len(self.dispatch.ready) or self.pipeline.keeper.busy
        return self.at_rest and not (self.starting or works)

    @property
    def at_rest(self) -> bool:
        """Whether no folder is or will be looked at, so that nothing is carried out but prunes."""
        pipeline = self.pipeline
        return not (
            pipeline.visits
            or pipeline.backlog
            or len(pipeline.debouncer)
            or pipeline.retries.soon(datetime.now(UTC))
            or pipeline.census.busy
            or self.auditor.running
        )

    @property
    def stalled(self) -> bool:
        """Whether work waits that cannot go on by itself: for a pause to end, or for room."""
        if self.dispatch.running or self.auditor.running or self.starting:
            return False
        pipeline = self.pipeline
        starving = bool(self.dispatch.ready.parked) and not (pipeline.hungry or pipeline.debouncer)
        return starving or self._halted

    def adopt(self, policy: DaemonPolicy, tools: Toolbox | None = None) -> None:
        """
        Work by new wishes: folders under way finish by the old ones, then all is audited.

        Args:
            tools: The programs to use from now on; None for those it has.
        """
        if tools:
            self.pool.adopt((tools,))
        with self.store.transaction():
            self.pipeline.library_ids = acquaint(self.store, policy)
        self.pipeline.adopt(policy)
        self.dispatch.adopt(policy)
        self.auditor.adopt(policy)
        self.auditor.audit_all(anew=True)  # the watcher was set anew: it may have missed changes
        self.events.emit(EventKind.CONFIG_RELOADED, now=datetime.now(UTC))

    def set_pause(self, until: datetime | None, who: str) -> None:
        """Start nothing new until a moment, or until end_pause() when None."""
        self.pause.begin(until)
        self._state_changed(f"paused by {who}")

    def end_pause(self, who: str) -> None:
        """Go on."""
        self.pause.end()
        self._state_changed(f"resumed by {who}")

    def _state_changed(self, message: str) -> None:
        self.snapshot = self._take_snapshot(datetime.now(UTC))  # whoever asked for it looks at once
        self.events.emit(EventKind.STATE_CHANGED, now=datetime.now(UTC), message=message)

    def _turn(self) -> None:
        self._take_inbox()
        self.anchor.look()
        self.touched.look()
        self.minder.look()
        paused = self._halted
        if not paused:
            self.pipeline.begin()
        keeper, ids, now = self.pipeline.keeper, self.pipeline.library_ids, datetime.now(UTC)
        if self.at_rest and not self.pipeline.scout.deferred.let_go(now=now) and keeper.due:
            keeper.look_after(self.pipeline.policy, ids, now=now)
        if not paused:
            if self.at_rest:  # else what seems unwanted may be another master's by then
                keeper.go_on()
            self.dispatch.start()
        self.snapshot = self._take_snapshot(datetime.now(UTC))

    @property
    def _halted(self) -> bool:
        """Whether nothing new may be begun now."""
        return bool(self.anchor.problems) or self.pause.active(datetime.now(UTC))

    def _take_snapshot(self, now: datetime) -> Snapshot:
        pipeline = self.pipeline
        ready = tuple(self.dispatch.ready.first(SHOWN))
        return Snapshot(
            running=tuple(self._in_workers()),
            ready=ready,
            more=sum(self.dispatch.ready.actions.values()) - len(ready),
            folders=tuple(islice(pipeline.backlog, SHOWN)),
            settling=tuple(islice(pipeline.debouncer, SHOWN)),
            folders_waiting=len(pipeline.backlog) + len(pipeline.debouncer),
            eta_s=self._eta_s(),
            walks=self.auditor.walks,
            problems=(
                *self.anchor.problems,
                *self.auditor.problems,
                *self.dispatch.problems,
                *self.minder.problems,
            ),
            starved=self.dispatch.starved,
            paused=self.pause.active(now),
            paused_until=self.pause.until,
            starting=self.starting,
            stopping=self.stopping,
            depths=depths(pipeline, self.dispatch),
        )

    def _eta_s(self) -> float | None:
        items: Counter[str] = Counter()
        items.update(self.dispatch.ready.actions)
        items.update(i.work.item.action for i in self.dispatch.running.values() if i.work.item)
        return self.recorder.pace.eta_s(items, len(self.pipeline.backlog), self.pool.total)

    def _in_workers(self) -> Iterator[InWorker]:
        workers = self.pool.running()
        for ticket, running in self.dispatch.running.items():
            item, visit = running.work.item, running.work.visit
            if item and ticket in workers:
                source = visit.policy.root / item.path
                yield InWorker(visit.policy.name, source, item, *workers[ticket])

    def _collect(self) -> None:
        for work, job_id, came in self.dispatch.collect():
            place = work.visit.place if isinstance(work.visit, Visit) else None
            with self.pipeline.aside.trying(place):
                self.pipeline.finish(work, job_id, came)

    def _take_inbox(self) -> None:
        touched, calls = self.inbox.take()
        for place, tree in touched.items():
            if not self.touched.note(place, tree=tree):
                self.recorder.meter.ignored += 1
        for function, future in calls:
            if future is None:
                function()
            elif future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except Exception as error:  # noqa: BLE001  # the caller's thread raises it again
                    future.set_exception(error)

    def _wait(self) -> None:
        """Sleep until something is to be done."""
        moments = [
            self.minder.next_s,
            self.pipeline.next_due_s(),
            self.pool.next_deadline_s(),
            self.pause.ends_s(datetime.now(UTC)),
        ]
        due_s = min(moment for moment in moments if moment is not None)
        hungry = self.pipeline.hungry and not self._halted
        timeout_s = 0.0 if hungry else max(0.0, due_s - time.monotonic())
        wait([self.inbox.wake_fd, *self.pool.handles()], timeout_s)

    def _rested(self, place: Place) -> None:
        self.recorder.pace.rested()
        self.auditor.rested(place)

    def _drain(self) -> None:
        """Let running items finish for a while; start nothing new."""
        deadline_s = time.monotonic() + DRAIN_S
        while self.dispatch.running and not self._hasten.is_set():
            self.snapshot = self._take_snapshot(datetime.now(UTC))
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                break
            wait([self.inbox.wake_fd, *self.pool.handles()], left_s)
            self._take_inbox()
            self._collect()
