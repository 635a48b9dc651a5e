"""Which walks are due, which run, and what has come of those that were asked for."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.domain.words import several
from pacd.engine.audits import Audit, Findings
from pacd.engine.closing import conclude, let_go, look_again, record
from pacd.engine.devices import follow_devices
from pacd.engine.errands import Errand
from pacd.engine.events import Events
from pacd.engine.inbox import Inbox
from pacd.engine.leavings import Leavings
from pacd.engine.pipeline import Pipeline
from pacd.engine.recording import Recorder
from pacd.engine.roots import Roots
from pacd.engine.visit import Urgency
from pacd.engine.vouching import outdated
from pacd.engine.walker import Walker
from pacd.engine.walks import Walks
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.intake.gauge import Gauge
from pacd.planning.setbacks import MENDABLE
from pacd.protocol.documents import EventKind, Problem
from pacd.store.database import Store

_log = structlog.get_logger()

ERRANDS_KEPT: Final = 100


class Auditor:
    """
    All methods belong to the engine's thread.

    Attributes:
        reports: Whether a watcher should have told of changes: the rest is drift (decision 0021).
        gauge: Returns what each folder of a whole walk is to be told to, or None.
        finished: Called at the end of each whole walk, and of a part's that broke off, with it.
    """

    def __init__(
        self,
        database: Path,
        *,
        store: Store,
        inbox: Inbox,
        pipeline: Pipeline,
        recorder: Recorder,
        events: Events,
        leavings: Leavings,
    ) -> None:
        self._database = database
        self._store = store
        self._inbox = inbox
        self._pipeline = pipeline
        self._recorder = recorder
        self._events = events
        self._waiting = Walks()
        self._walkers: dict[str, tuple[Walker, Audit, Urgency]] = {}
        self._open: list[Audit] = []
        self._ids = count(1)
        self._roots = Roots(store)
        self._told: dict[str, Findings] = {}
        self._leavings = leavings
        self.errands: dict[int, Errand] = {}
        self.reports = False
        pipeline.census.wanted = self._read_mirrors
        self.gauge: Callable[[LibraryPolicy], Gauge | None] = lambda _library: None
        self.finished: Callable[[Audit, datetime], None] = lambda _audit, _now: None

    @property
    def walks(self) -> tuple[Audit, ...]:
        """Those under way or waiting."""
        return (*(audit for _, audit, _ in self._walkers.values()), *self._waiting)

    @property
    def running(self) -> bool:
        """Whether a walk is under way or waits."""
        return bool(self._walkers or self._waiting)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Roots that were not there, what could not be read, and what was set aside."""
        found = (*self._roots.problems.values(), *(each.problems for each in self._told.values()))
        return (*chain.from_iterable(found), *self._pipeline.aside.problems)

    def adopt(self, policy: DaemonPolicy) -> None:
        """Forget the problems of libraries that are no longer configured."""
        names = frozenset(library.name for library in policy.libraries)
        self._roots.keep(names)
        self._told = {name: found for name, found in self._told.items() if name in names}

    def audit_all(self, *, anew: bool = False) -> None:
        """
        Walk every library that is not being walked whole by the same wishes already.

        Args:
            anew: Whether changes may be where a walk under way has been already: then one that
                is still to begin is called for.
        """
        under_way = {a.policy for a in (self._waiting if anew else self.walks) if a.whole}
        for policy in self._pipeline.policy.libraries:
            if policy not in under_way:
                self._request(policy, PurePosixPath(), Urgency.AUDIT)
        self._start()

    def walk(self, place: Place, *, forced: bool = False) -> Audit | None:
        """Walk a folder and all below it soon; None if that is under way, or not configured."""
        policy = self._pipeline.policy.library(place.library)
        below = place.folder if forced else self._waiting.part(place)
        if policy is None or below is None:
            return None
        audit = self._request(policy, below, Urgency.LIVE, forced=forced)
        self._start()
        return audit

    def errand(self, path: str | None, places: tuple[Place, ...]) -> Errand:
        """Look at places, all that is below them, and follow it to the end."""
        errand = Errand(next(self._ids), path, Counter(self._recorder.counts))
        self.errands[errand.id] = errand
        while len(self.errands) > ERRANDS_KEPT:
            del self.errands[next(iter(self.errands))]
        self.look_for_roots()  # it may be asked for because a disk is back
        for place in places:
            audit = self.walk(place, forced=True)
            if audit:
                key = (audit.library_id, audit.below)
                self._store.jobs.hasten_below(*key, MENDABLE, now=datetime.now(UTC))
                errand.audits.append(audit)
        return errand

    def rested(self, place: Place) -> None:
        """Note that a folder has come to rest, or cannot for now."""
        for audit in self._open:
            audit.places.discard(place)
            if audit.at_rest:
                look_again(self._store, self._pipeline, audit)
        self._open = [audit for audit in self._open if not audit.at_rest]

    def look_for_roots(self) -> None:
        """Note which roots are gone; walk the libraries of those that are back."""
        for policy in self._pipeline.policy.libraries:
            if self._roots.look(policy, self._pipeline.library_ids[policy.name]):
                with self._store.transaction():
                    follow_devices(self._store, self._pipeline.policy)
                self._request(policy, PurePosixPath(), Urgency.AUDIT)
        for name in self._pipeline.scout.unread():
            self._read_mirrors(name)
        self._start()

    def _read_mirrors(self, library: str) -> None:
        """Walk a library whole, unless that is under way: it shows what stands in its mirrors."""
        policy = self._pipeline.policy.library(library)
        if policy and not any(walk.whole and walk.policy == policy for walk in self.walks):
            self._request(policy, PurePosixPath(), Urgency.AUDIT)
            self._start()

    def stop(self) -> None:
        """End all walks."""
        self._waiting.clear()
        for walker, _, _ in tuple(self._walkers.values()):
            walker.stop()

    def _request(
        self, policy: LibraryPolicy, below: PurePosixPath, urgency: Urgency, *, forced: bool = False
    ) -> Audit:
        audit = Audit(policy, self._pipeline.library_ids[policy.name], below, forced)
        self._waiting.add(audit, urgency)
        self._open.append(audit)
        return audit

    def _start(self) -> None:
        """Start the walks that wait, one at a time in each library."""
        while found := self._waiting.pop(self._walkers):
            self._begin(*found)

    def _begin(self, audit: Audit, urgency: Urgency) -> None:
        policy = audit.policy
        if self._is_void(audit):
            self._close(audit)
            return
        self._pipeline.misses_root |= bool(self._roots.problems.get(policy.name))
        now = datetime.now(UTC)
        self._pipeline.vouched.begin(self._store, audit)
        is_read = partial(self._pipeline.census.is_complete, audit.library_id)
        audit.census = not all(map(is_read, policy.mirrors))
        if audit.whole:
            audit.after_crash = policy.name in self._leavings
            audit.gauge = self.gauge(policy)
            with self._store.transaction():
                self._store.libraries.scan_started(audit.library_id, total=audit.known, now=now)
        self._events.emit(
            EventKind.SCAN_STARTED, now=now, library=policy.name, path=str(audit.below)
        )
        walker = Walker(
            audit,
            database=self._database,
            ignore=self._pipeline.ignore,
            inbox=self._inbox,
            homes=[library.root for library in self._pipeline.policy.libraries],
            found=self._pipeline.aside.around(self._found),
            mirrored=self._mirrored,
            gone=partial(let_go, self._store, self._pipeline),
            ended=self._ended,
        )
        self._walkers[policy.name] = (walker, audit, urgency)
        walker.start()

    def _found(self, audit: Audit, view: FolderView) -> None:
        """Record what a walk saw, and have the folder visited."""
        holds, where = self._pipeline.vouched.holds, (audit.library_id, audit.policy)
        if outdated(audit, self._pipeline.policy) or not holds(self._store, *where, view):
            return
        place = Place(audit.policy.name, view.path)
        tally = self._pipeline.surveyor.survey(*where, view, audit)
        audit.tally += tally
        expected = place in self._pipeline.debouncer or place in self._pipeline.backlog
        urgency = self._walkers[audit.policy.name][-1]
        told = audit.policy.name in self._told and (audit.forced or urgency is Urgency.AUDIT)
        if self.reports and told and not expected and place not in self._pipeline.visits:
            audit.drift += self._recorder.meter.drifted(tally)
        audit.places.add(place)
        self._pipeline.want(place, urgency)

    def _mirrored(self, audit: Audit, mirror: MirrorPolicy, view: FolderView, stray: bool) -> None:
        """Have what stands in a mirror read, where it is not on record."""
        if not outdated(audit, self._pipeline.policy):
            census, now = self._pipeline.census, datetime.now(UTC)
            census.take(audit.library_id, audit.policy, mirror, view, stray=stray, now=now)

    def _ended(self, audit: Audit) -> None:
        """Close a walk: what it did not see is gone, unless the root is."""
        self._walkers.pop(audit.policy.name, None)
        doubts = self._pipeline.vouched.doubts
        if not (self._is_void(audit) or doubts(self._store, audit) or audit.error):
            conclude(self._store, self._pipeline, audit, now=datetime.now(UTC))
            if audit.whole:
                self._leavings.walked(audit.policy.name, swept=audit.swept)
                self._pipeline.census.walked(audit.library_id, audit.policy)
                self._pipeline.keeper.due.add(audit.policy.name)
        self._pipeline.census.flush()
        self._close(audit)
        self._start()

    def _close(self, audit: Audit) -> None:
        now = datetime.now(UTC)
        audit.walked = True
        self._open = [each for each in self._open if not each.at_rest]
        report = audit.report()
        self._tell_unread(audit)
        if audit.whole:
            last = not any(each.whole for each in self.walks)
            every = self._pipeline.library_ids.values()
            record(self._store, audit, report, last=last, every=every, now=now)
        if audit.whole or audit.broke_off:
            self.finished(audit, now)
        audit.log(report)
        self._events.emit(
            EventKind.SCAN_FINISHED,
            now=now,
            library=audit.policy.name,
            path=str(audit.below),
            status="error" if audit.error else "ok",
            message=audit.error or several(report.files_discovered, "file"),
        )

    def _tell_unread(self, audit: Audit) -> None:
        """Keep what a walk could not look at for all to see, until a whole walk could."""
        name, found = audit.policy.name, audit.findings
        news = audit.broke_off or (found.problems and not self._told.get(name, found).problems)
        if audit.whole or news:
            self._told[name] = found
        elif audit.forced and not audit.error and name in self._told:
            folder = audit.policy.root / audit.below
            self._told[name] = self._told[name].settled(folder)

    def _is_void(self, audit: Audit) -> bool:
        """Whether its library is elsewhere, or its root gone, which is said."""
        if outdated(audit, self._pipeline.policy):
            return True
        problem = self._roots.missing(audit.policy, audit.library_id)
        if problem is None:
            return False
        audit.error = problem.what
        library, now = audit.policy.name, datetime.now(UTC)
        self._pipeline.keeper.due.add(library)  # it asks a person where outputs would be removed
        self._events.emit(EventKind.PROBLEM, now=now, library=library, message=problem.what)
        _log.error("root missing", action="scan", status="error", library=library)
        self._roots.look(audit.policy, audit.library_id)
        return True
