"""Every use case by name: what the API may ask of the daemon, from any thread."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, TypeVar

import structlog

from pacd import VERSION
from pacd.domain.policy import DaemonPolicy
from pacd.engine import (
    absent,
    doctor,
    explaining,
    metrics,
    overview,
    preview,
    prunes,
    restoring,
    summary,
    views,
    vitality,
)
from pacd.engine.asking import ask
from pacd.engine.audits import failures
from pacd.engine.engine import Engine
from pacd.engine.errands import Errand
from pacd.engine.host import Host
from pacd.engine.locating import by_id, is_folder, locate, places
from pacd.engine.releasing import no_hold, release_all
from pacd.engine.scene import scene_of
from pacd.engine.snapshot import Snapshot
from pacd.engine.tracing import trace
from pacd.errors import StoreError, UnknownError
from pacd.protocol.documents import (
    Audit,
    Bin,
    ConfigFile,
    ConfigView,
    Doctor,
    Event,
    Health,
    History,
    Holds,
    HoldView,
    Paused,
    Plan,
    Problem,
    Prune,
    Queue,
    Restored,
    ScanTicket,
    Status,
    Why,
)
from pacd.protocol.metrics import Metric
from pacd.store.database import Store

_log = structlog.get_logger()

Answered = TypeVar("Answered")

MAX_PLANNED: Final = 10_000
"""Items of a plan, and files that wait, that one answer lists; the rest are numbers."""


class Control:
    """The daemon as the port `Daemon` describes it."""

    def __init__(self, engine: Engine, host: Host) -> None:
        self._engine = engine
        self._host = host
        self._started_s = time.monotonic()
        self._started = datetime.now(UTC)
        self._overview = overview.Overview(self._reading, lambda: self._policy)

    @property
    def _policy(self) -> DaemonPolicy:
        return self._engine.pipeline.policy

    def status(self) -> Status:
        """See protocol.port.Daemon.status; so for all that follow."""
        snapshot = self._engine.snapshot
        problems = self._problems(snapshot)
        config = self._host.config()
        seen = self._overview.at(snapshot)
        work = overview.workload(snapshot)
        return Status(
            state=overview.state_word(snapshot, problems),
            version=VERSION,
            pid=os.getpid(),
            uptime_s=round(time.monotonic() - self._started_s, 1),
            paused=Paused(until=views.rfc3339(snapshot.paused_until)) if snapshot.paused else None,
            libraries=seen.libraries,
            counts=views.totals(seen.libraries),
            queue=work,
            eta_s=overview.remaining_s(snapshot, work),
            holds=seen.holds,
            watch=self._host.watch(overview.away(snapshot, self._policy)),
            audit=Audit(
                last_finished=views.rfc3339(seen.last_audit),
                next=views.rfc3339(self._host.next_audit()),
                running=any(walk.whole for walk in snapshot.walks),
            ),
            problems=problems,
            tools=self._host.tools().versions,
            config=ConfigFile(path=config.path, loaded_at=config.loaded_at),
        )

    def holds(self) -> Holds:
        with self._reading() as store:
            libraries = by_id(self._policy, self._engine.pipeline.library_ids)
            return Holds(
                holds=tuple(
                    views.hold_view(libraries[library_id], hold)
                    for library_id, hold in store.holds.all_open()
                    if library_id in libraries
                ),
                libraries=tuple(each.name for each in libraries.values()),
            )

    def hold(self, id: int) -> HoldView:  # noqa: A002  # the port's word
        found = next((each for each in self.holds().holds if each.id == id), None)
        if found is None:
            raise no_hold(id)
        return found

    def release(self, ids: Sequence[int], accept: bool, who: str) -> Holds:
        return self._decide(lambda: release_all(self._engine, tuple(ids), accept=accept, who=who))

    def plan(self, path: str | None) -> Plan:
        with self._reading() as store:
            return preview.plan_of(
                store,
                self._engine.pipeline.library_ids,
                self._policy,
                places(self._policy, path),
                only=locate(self._policy, path)[1] if path else PurePosixPath(),
                most=MAX_PLANNED,
                now=datetime.now(UTC),
            )

    def scan(self, path: str | None, who: str) -> ScanTicket:
        wanted = tuple(places(self._policy, path))
        _log.info("scan asked for", action="scan", status="ok", path=path, who=who)
        return self._ask(lambda: self._ticket(self._engine.auditor.errand(path, wanted)))

    def ticket(self, id: int) -> ScanTicket:  # noqa: A002  # the port's word
        return self._ask(lambda: self._ticket(self._errand(id)))

    def prunable(self, mirror: str | None) -> Prune:
        prunes.mirrors_named(self._policy, mirror)
        self._ask(lambda: prunes.require_rest(self._engine))
        with self._reading() as store:
            return prunes.foreseen(store, self._engine, mirror)

    def prune(self, mirror: str | None, who: str) -> Prune:
        _log.info("prune asked for", action="mirror_prune", status="ok", mirror=mirror, who=who)
        return self._ask(lambda: prunes.begin(self._engine, mirror, now=datetime.now(UTC)))

    def pruned(self, id: int) -> Prune:  # noqa: A002  # the port's word
        return self._ask(lambda: prunes.ticket(self._engine, id))

    def recycled(self) -> Bin:
        return self._ask(lambda: restoring.lying(self._engine, now=datetime.now(UTC)))

    def restore(self, id: int, who: str) -> Restored:  # noqa: A002  # the port's word
        now = datetime.now(UTC)
        return self._decide(lambda: restoring.restore(self._engine, id, who, now=now))

    def queue(self) -> Queue:
        return overview.queue(self._engine.snapshot)

    def why(self, path: str) -> Why:
        ids = self._engine.pipeline.library_ids
        with self._reading() as store:
            made = trace(store, ids, self._policy, path)
            if made:
                return made
            policy, relative = locate(self._policy, path)
            return explaining.why(
                store,
                ids[policy.name],
                policy,
                relative,
                self._engine.pipeline.ignore,
                preview.settler_of(self._policy),
                self._engine.snapshot,
                now=datetime.now(UTC),
            )

    def history(self, path: str | None, limit: int) -> History:
        with self._reading() as store:
            names = self._names()
            if path is None:
                entries = store.history.latest(limit=limit)
            else:
                policy, relative = locate(self._policy, path)
                library_id = self._engine.pipeline.library_ids[policy.name]
                whole = is_folder(policy.root / relative)
                look_up = store.history.below if whole else store.history.of
                entries = look_up(library_id, relative, limit=limit)
                if not entries and not os.path.lexists(policy.root / relative):
                    raise UnknownError(f"{policy.root / relative} is not there, and never was.")
            shown = [
                views.history_view(names[entry.library_id], entry)
                for entry in reversed(entries)
                if entry.library_id in names
            ]
        return History(entries=tuple(shown))

    def pause(self, for_s: float | None, who: str) -> Status:
        until = datetime.now(UTC) + timedelta(seconds=for_s) if for_s is not None else None
        self._decide(lambda: self._engine.set_pause(until, who))
        return self.status()

    def resume(self, who: str) -> Status:
        self._decide(lambda: self._engine.end_pause(who))
        return self.status()

    def health(self) -> Health:
        return vitality.health(self._engine, self._problems(self._engine.snapshot))

    def metrics(self) -> tuple[Metric, ...]:
        engine, snapshot = self._engine, self._engine.snapshot
        seen, problems = self._overview.at(snapshot), self._problems(snapshot)
        scene = scene_of(engine, self._host, seen, snapshot, problems, self._started)
        return metrics.metrics(scene)

    def doctor(self) -> Doctor:
        host, snapshot, policy = self._host, self._engine.snapshot, self._policy
        told, watch = self._problems(snapshot), host.watch(overview.away(snapshot, policy))
        with suppress(StoreError), self._reading() as store:  # it may be what is wrong
            told += absent.missed(store, self._engine.pipeline.library_ids, policy, told)
        tools, last_audit = host.tools(), self._overview.at(snapshot).last_audit
        now = datetime.now(UTC)
        return doctor.examine(policy, tools, watch, host.database, last_audit, told, now=now)

    def config(self) -> ConfigView:
        return self._host.config()

    def reload(self, who: str) -> ConfigView:
        return self._host.reload(who)

    def idle(self) -> bool:
        return self._ask(lambda: self._engine.idle)

    def events(self, since: int) -> tuple[Event, ...]:
        return self._engine.events.since(since)

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        return self._engine.events.listen(callback)

    @contextmanager
    def _reading(self) -> Iterator[Store]:
        """One unchanging view of the store for the calling thread."""
        if not self._host.database.exists():
            raise StoreError(
                f"{self._host.database} was removed while pacd runs.",
                fix="PAC puts it back within half a minute, or says in `pacctl health` why not.",
            )
        store = Store.read_only(self._host.database)
        try:
            with store.transaction():
                yield store
        finally:
            store.close()

    def _ask(self, function: Callable[[], Answered]) -> Answered:
        """Have the engine's thread answer."""
        return ask(self._engine.inbox, function)

    def _decide(self, function: Callable[[], Answered]) -> Answered:
        """Have the engine's thread do what a person decided, and have that outlive the database."""
        return ask(self._engine.inbox, function, done=self._host.decided)

    def _names(self) -> Mapping[int, str]:
        return {number: name for name, number in self._engine.pipeline.library_ids.items()}

    def _problems(self, snapshot: Snapshot) -> tuple[Problem, ...]:
        return (*self._host.problems(), *snapshot.problems, *overview.full_disks(snapshot))

    def _ticket(self, errand: Errand) -> ScanTicket:
        """Files that merely stand there are counted once, at the end: a follower asks often."""
        engine = self._engine
        counts = summary.errand_counts(engine, errand) if errand.done else None
        problems = failures(engine.auditor.problems) if errand.path is None else ()
        trouble = errand.trouble or next((each.what for each in problems), "")
        trouble = trouble or (summary.left_waiting_of(engine, errand) if counts else "")
        return views.ticket_view(errand, engine.recorder.counts - errand.before, counts, trouble)

    def _errand(self, number: int) -> Errand:
        errand = self._engine.auditor.errands.get(number)
        if errand is None:
            raise UnknownError(f"No scan has the number {number}, or it is long over.")
        return errand
