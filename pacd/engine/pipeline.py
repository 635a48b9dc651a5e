"""Brings folders to rest: look, survey, gather, decide, carry out, record, and look again."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.outcome import Done, Failed, Mirrored, Outcome
from pacd.domain.output import Output
from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.aside import Aside
from pacd.engine.backlog import MAX_PARKED, Backlog, Waiting
from pacd.engine.coverage import MIRRORING, free_covers
from pacd.engine.deciding import Decider
from pacd.engine.dispatch import Dispatch
from pacd.engine.flux import causes
from pacd.engine.gathering import gather, of_audio
from pacd.engine.looking import Looked, look_at
from pacd.engine.mirrors.census import Census, Reading
from pacd.engine.mirrors.copying import Copier
from pacd.engine.mirrors.extras import unread
from pacd.engine.mirrors.keeper import Keeper
from pacd.engine.mirrors.pruning import Pruning
from pacd.engine.mirrors.scouting import Scout
from pacd.engine.naming import Naming
from pacd.engine.recording import Recorder
from pacd.engine.resting import agrees, disturb, remember
from pacd.engine.retries import SCAN_SETTLES, Retries
from pacd.engine.roots import identities
from pacd.engine.surveying import Surveyor
from pacd.engine.telling import say_changes
from pacd.engine.visit import Urgency, Visit
from pacd.engine.vouching import Vouched
from pacd.files import atomic
from pacd.intake.audit import ignored_folder
from pacd.intake.debounce import Debouncer, Place
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler
from pacd.store.database import Store

AHEAD: Final = 8
"""Items kept ready beyond those that run, so that no worker waits for a folder to be looked at."""

TURN_S: Final = 0.05
"""How long visits may be begun in one turn: commands and outcomes wait meanwhile."""


class Pipeline:
    """
    Holds the folders under way; all methods belong to the engine's thread.

    Attributes:
        visits: Folders between the first look and rest.
        misses_root: Whether a root could not be seen, or may be back, since this was last reset.
    """

    def __init__(
        self,
        store: Store,
        dispatch: Dispatch,
        recorder: Recorder,
        policy: DaemonPolicy,
        library_ids: Mapping[str, int],
        *,
        rested: Callable[[Place], None],
        patience: timedelta,
    ) -> None:
        """
        Args:
            rested: Called when a folder has come to rest, or cannot for now.
            patience: How long to wait for a file that does not settle before it is
                left to a later audit.
        """
        self._store = store
        self._dispatch = dispatch
        self._recorder = recorder
        self._rested = rested
        self._patience = patience
        self._turns = count(1)
        self.retries = Retries()
        self.library_ids = library_ids
        self.misses_root = False
        self.vouched = Vouched()
        self.surveyor = Surveyor(store, self.vouched)
        self.aside = Aside(self._abandon)
        self.backlog = Backlog()
        self.visits: dict[Place, Visit] = {}
        self.debouncer = Debouncer(policy.settle_s, policy.max_delay_s)
        self.census = Census(store, recorder, push=lambda each: dispatch.ready.push(None, each))
        self.scout = Scout(store, self.census, self.naming, self.want, self.retries)
        self.census.finished = self.scout.read
        self._decider = Decider(recorder, self.scout)
        self._copier = Copier(store, recorder)
        self.keeper = Keeper(
            store, recorder, naming=self.naming, push=dispatch.ready.push, want=self.want
        )
        self.adopt(policy)

    def adopt(self, policy: DaemonPolicy) -> None:
        """Work by these wishes from the next visit on."""
        self.policy = policy
        self.ignore = Ignore(policy.ignore)
        self._namings: dict[LibraryPolicy, Naming] = {}
        self.keeper.adopt()
        self.debouncer.adopt(policy.settle_s, policy.max_delay_s)
        self._settler = Settler(policy.settle_s, atomic.being_written)
        self._copier.adopt(policy)
        self.aside.clear()

    def settled(self) -> tuple[Place, ...]:
        """Have folders visited whose retry is due, and return those that have been quiet."""
        for place in self.retries.due(datetime.now(UTC)):
            self.want(place, Urgency.LIVE)
        return self.debouncer.settled(now_s=time.monotonic())

    def want(self, place: Place, urgency: Urgency) -> None:
        """Have a folder visited, once more if it is being visited."""
        if place in self.visits:
            self.visits[place].again = True
        else:
            self.backlog.add(place, urgency)

    def next_due_s(self) -> float | None:
        """When settle() has something to do (monotonic); None when only events bring it."""
        moments = (self.debouncer.next_due_s(), self.retries.next_s(datetime.now(UTC)))
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def hungry(self) -> bool:
        """Whether folders wait while the workers could run out of items as urgent."""
        if not self.backlog or len(self._dispatch.ready.parked) > MAX_PARKED:
            return False
        return self._dispatch.ready.as_urgent_as(self.backlog.urgency) < AHEAD

    def begin(self) -> None:
        """Begin visits while the workers could run out of items, for one turn's time at most."""
        until_s = time.monotonic() + TURN_S
        while self.hungry and time.monotonic() < until_s:
            place, urgency = self.backlog.pop()
            with self.aside.trying(place):
                self._begin(place, urgency)

    def _begin(self, place: Place, urgency: Urgency) -> None:
        policy = self.policy.library(place.library)
        if policy is None or ignored_folder(place.folder, self.ignore):
            self._rested(place)
            return
        roots = identities(policy)  # first: what is looked at must be below these
        looked = self._look(policy, place.folder)
        library_id, now = self.library_ids[policy.name], datetime.now(UTC)
        if not self.vouched.holds(self._store, library_id, policy, looked.library):
            self._rested(place)
            return
        self.keeper.due.add(policy.name)
        self.misses_root |= None in looked.mirrors.values()
        tally = self.surveyor.survey(library_id, policy, looked.library)
        say_changes(policy.name, place.folder, tally)
        facts = gather(self._store, library_id, policy, looked, settler=self._settler, now=now)
        by_path, turn = {each.path: each for each in facts}, next(self._turns)
        extras = tuple(unread(self._store, library_id, policy, looked, facts))
        visit = Visit(place, library_id, policy, urgency, turn, looked, by_path, now, roots, extras)
        visit.doubted = self.vouched.doubted(self._store, library_id, policy, place.folder)
        self.visits[place] = visit
        self.scout.look_beside(visit, now=now)
        self._copier.begin(visit, now=now)
        self._dispatch.watch_space(policy)
        if any(visit.unseen()):
            visit.looking = True
            self._dispatch.ready.push(None, visit)
        else:
            self._advance(visit, tuple(visit.known))

    def naming(self, policy: LibraryPolicy) -> Naming:
        """Where folders of a library lie in its mirrors."""
        return self._namings.setdefault(policy, Naming(policy, self.ignore))

    def _look(self, policy: LibraryPolicy, folder: PurePosixPath) -> Looked:
        return look_at(self._store, self.library_ids[policy.name], self.naming(policy), folder)

    def finish(self, work: Waiting, job_id: int, came: Outcome | tuple[Output, ...]) -> None:
        """Take what a worker brought back, and go on with what it was for."""
        now = datetime.now(UTC)
        match work.visit, came:
            case Reading() as reading, tuple() as outputs:
                self.census.learn(reading, outputs, now=now)
            case Visit() as visit, tuple() as outputs:
                visit.looking = False
                self._recorder.outputs(visit.library_id, visit.learn(outputs))
                self._advance(visit, tuple(visit.known))
            case Visit() as visit, (Done() | Failed()) as outcome:
                self._take(visit, job_id, outcome, now)
            case Pruning() as orphan, (Done() | Failed()) as outcome:
                self.keeper.finish(orphan, job_id, outcome, now=now)
            case _:
                raise TypeError(f"a worker answered with {type(came).__name__}")

    def _take(self, visit: Visit, job_id: int, came: Outcome, now: datetime) -> None:
        """Record an outcome, and go on with its folder."""
        item = came.item
        visit.busy.end(item.key)  # first: whatever fails, no worker is at it any more
        known, where = visit.known[item.path], (visit.library_id, visit.policy)
        facts = self._recorder.outcome(job_id, *where, known, came, now=now)
        group = visit.facts if item.path in visit.facts else visit.sidecars
        group[item.path] = of_audio(self._store, visit.policy, facts)
        visit.touched = True
        visit.covers_due = visit.covers_due or item.action not in MIRRORING
        if isinstance(came, Done) and isinstance(came.result, Mirrored):
            self.scout.moved(visit, item.mirror, came.result, self.visits, now=now)
        self._advance(visit, (item.path,))
        self._let_go_on(came)

    def _advance(self, visit: Visit, paths: Iterable[PurePosixPath]) -> None:
        """Decide anew about these masters; once nothing is busy the folder is at rest."""
        if visit.aside:
            self._leave(visit)
        elif self.visits.get(visit.place) is visit:  # else it has come to rest meanwhile
            with self.aside.trying(visit.place):
                self._decide(visit, paths, datetime.now(UTC))

    def _decide(self, visit: Visit, paths: Iterable[PurePosixPath], now: datetime) -> None:
        for path in paths:
            if path in visit.facts:
                items = self._decider.decided(visit, path, self.visits.values(), now=now)
            else:
                items = self._copier.decided(visit, path, now=now)
            self._push(visit, items)
        if visit.covers_due and not visit.busy.judging:
            visit.covers_due = False
            visits = self.visits.values()
            free, visit.covers_wait = free_covers(self._store, visit, visits, now=now)
            self.misses_root |= visit.covers_away
            self._push(visit, free)
        if not (visit.busy or visit.looking or visit.covers_wait or visit.flux):
            self._rest(visit, now)

    def _let_go_on(self, came: Outcome) -> None:
        """Decide anew where an output was to be moved first, or a cover's place to be freed."""
        covers, over = came.item.action is Action.EXPORT_ARTWORK, causes(came)
        rest = not (self._dispatch.running or len(self._dispatch.ready))
        for visit in tuple(self.visits.values()):
            waits = covers and visit.covers_wait
            due = visit.flux.all() if rest else visit.flux.freed(over)
            if waits or due:
                visit.covers_due = visit.covers_due or waits
                self._advance(visit, due)

    def _push(self, visit: Visit, items: Iterable[PlanItem]) -> None:
        for item in items:
            if not visit.busy.occupied(item):
                visit.busy.add(item)
                self._dispatch.ready.push(item, visit)

    def _rest(self, visit: Visit, now: datetime) -> None:
        """Remember the folder as at rest, or why it is to be visited again."""
        del self.visits[visit.place]
        place, retries = visit.place, self.retries.note(visit, now=now)
        if visit.again:
            self.backlog.add(place, visit.urgency)
        elif visit.restless(self._patience):
            self.debouncer.touch(place, now_s=time.monotonic())
        else:
            looked = self._look(visit.policy, place.folder) if visit.touched else visit.looked
            if not agrees(self._store, visit, looked):
                self.debouncer.touch(place, now_s=time.monotonic())
            elif looked.complete and not (
                retries or visit.left_open or self.vouched.withholds(place)
            ):
                remember(self._store, visit, looked, now=now)
                self.aside.forget(place)
                self._rested(place)
                self.scout.rested(visit)
                return
        disturb(self._store, visit.library_id, place.folder)
        settles = visit.restless(SCAN_SETTLES * timedelta(seconds=self.policy.settle_s))
        if not settles and not visit.again and not visit.awaits:
            self._rested(place)
        self.scout.rested(visit)

    def _abandon(self, place: Place) -> None:
        """Go no further with a folder; it counts as never visited."""
        if visit := self.visits.get(place):
            visit.aside = True
            disturb(self._store, visit.library_id, place.folder)
            self._leave(visit)
        else:
            disturb(self._store, self.library_ids[place.library], place.folder)
            self._rested(place)

    def _leave(self, visit: Visit) -> None:
        """Let go of a folder that was set aside, once no worker has anything of it."""
        if visit.busy or visit.looking or not self.visits.pop(visit.place, None):
            return
        if visit.again:
            self.backlog.add(visit.place, visit.urgency)
        else:
            self._rested(visit.place)
        self.scout.rested(visit)
