"""Brings folders to rest: look, survey, gather, decide, carry out, record, and look again."""

import heapq
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.output import Output
from pacd.domain.plan import Action, Outcome, PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.backlog import Backlog, Waiting
from pacd.engine.dispatch import Dispatch
from pacd.engine.gathering import album_of, gather
from pacd.engine.looking import Looked, look_at
from pacd.engine.naming import Naming
from pacd.engine.recording import Recorder
from pacd.engine.roots import available, identities
from pacd.engine.survey import Tally, survey
from pacd.engine.visit import Urgency, Visit
from pacd.files import atomic
from pacd.intake.audit import FolderView, ignored_folder
from pacd.intake.debounce import Debouncer, Place
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler
from pacd.planning.holding import ended
from pacd.planning.planner import decide, plan_covers
from pacd.store.database import Store
from pacd.store.holds import Ending

AHEAD: Final = 8
"""Items kept ready beyond those that run, so that no worker waits for a folder to be looked at."""

MAX_PARKED: Final = 1_000
"""Items that wait for room on a disk, beyond which no more folders are looked at."""

MIRRORING: Final = frozenset({Action.MIRROR_ENCODE, Action.MIRROR_RETAG})
"""What has no part in which covers are wanted."""

TURN_S: Final = 0.05
"""How long visits may be begun in one turn: commands and outcomes wait meanwhile."""

SOON: Final = timedelta(seconds=5)
"""A retry that is due within this keeps a one-shot run from ending."""

SCAN_SETTLES: Final = 6
"""Settle times that somebody who asked for a scan waits for a file that is still written to."""

RETRY_LOOK: Final = timedelta(seconds=30)
"""Outputs that a lost worker did not read are looked at again after this."""


class Pipeline:
    """
    Holds the folders under way; all methods belong to the engine's thread.

    Attributes:
        visits: Folders between the first look and rest.
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
        self._retries: list[tuple[datetime, Place]] = []
        self.library_ids = library_ids
        self.backlog = Backlog()
        self.visits: dict[Place, Visit] = {}
        self.debouncer = Debouncer(policy.settle_s, policy.max_delay_s)
        self.adopt(policy)

    def adopt(self, policy: DaemonPolicy) -> None:
        """Work by these wishes from the next visit on."""
        self.policy = policy
        self.ignore = Ignore(policy.ignore)
        self._namings: dict[LibraryPolicy, Naming] = {}
        self.debouncer.adopt(policy.settle_s, policy.max_delay_s)
        self._settler = Settler(policy.settle_s, atomic.being_written)

    def settled(self) -> tuple[Place, ...]:
        """Have folders visited whose retry is due, and return those that have been quiet."""
        now = datetime.now(UTC)
        while self._retries and self._retries[0][0] <= now:
            self.want(heapq.heappop(self._retries)[1], Urgency.LIVE)
        return self.debouncer.settled(now_s=time.monotonic())

    def retries_soon(self) -> bool:
        """Whether something that was merely interrupted is about to be tried again."""
        return bool(self._retries) and self._retries[0][0] - datetime.now(UTC) < SOON

    def want(self, place: Place, urgency: Urgency) -> None:
        """Have a folder visited, once more if it is being visited."""
        if place in self.visits:
            self.visits[place].again = True
        else:
            self.backlog.add(place, urgency)

    def next_due_s(self) -> float | None:
        """When settle() has something to do (monotonic); None when only events bring it."""
        due = self.debouncer.next_due_s()
        if not self._retries:
            return due
        wait_s = (self._retries[0][0] - datetime.now(UTC)).total_seconds()
        retry_s = time.monotonic() + max(0.0, wait_s)
        return retry_s if due is None else min(due, retry_s)

    def survey(self, policy: LibraryPolicy, view: FolderView) -> Tally:
        """Record what a walk saw of a folder."""
        library_id = self.library_ids[policy.name]
        return survey(self._store, library_id, policy.root, view, now=datetime.now(UTC))

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
            self._begin(*self.backlog.pop())

    def _begin(self, place: Place, urgency: Urgency) -> None:
        policy = self.policy.library(place.library)
        ignored = ignored_folder(place.folder, self.ignore)
        if ignored or policy is None or not available(policy.root):
            self._rested(place)
            return
        roots = identities(policy)  # first: what is looked at must be below these
        looked = self._look(policy, place.folder)
        self.survey(policy, looked.library)
        library_id = self.library_ids[policy.name]
        now = datetime.now(UTC)
        facts = gather(self._store, library_id, policy, looked, settler=self._settler, now=now)
        by_path = {each.path: each for each in facts}
        turn = next(self._turns)
        visit = Visit(place, library_id, policy, urgency, turn, looked, by_path, roots)
        self.visits[place] = visit
        self._dispatch.watch_space(policy)
        if any(visit.unseen()):
            visit.looking = True
            self._dispatch.ready.push(None, visit)
        else:
            self._advance(visit, tuple(by_path))

    def _look(self, policy: LibraryPolicy, folder: PurePosixPath) -> Looked:
        naming = self._namings.setdefault(policy, Naming(policy, self.ignore))
        return look_at(self._store, self.library_ids[policy.name], naming, folder)

    def finish(self, work: Waiting, job_id: int, came: Outcome | tuple[Output, ...]) -> None:
        """Take what a worker brought back, and go on with its folder."""
        visit = work.visit
        if isinstance(came, tuple):
            visit.looking = False
            self._recorder.outputs(visit.library_id, visit.learn(came))
            self._advance(visit, tuple(visit.facts))
            return
        item = came.item
        now = datetime.now(UTC)
        facts = self._recorder.outcome(
            job_id, visit.library_id, visit.policy, visit.facts[item.path], came, now=now
        )
        # What a person accepted of this audio is known only once its MD5 is.
        accepted = self._store.holds.accepted(facts.decoded_md5, facts.observation)
        visit.facts[item.path] = replace(facts, accepted=accepted)
        visit.touched = True
        visit.covers_due = visit.covers_due or item.action not in MIRRORING
        del visit.busy[item.key]
        self._advance(visit, (item.path,))
        if item.action is Action.EXPORT_ARTWORK:
            self._covers_freed()

    def _advance(self, visit: Visit, paths: Iterable[PurePosixPath]) -> None:
        """Decide anew about these masters; once nothing is busy the folder is at rest."""
        now = datetime.now(UTC)
        for path in paths:
            self._end_holds(visit, path, now)
            self._push(visit, self._decided(visit, path, now))
        if visit.covers_due and not visit.masters_busy:
            visit.covers_due = False
            tracks = tuple(visit.facts.values())
            album = album_of(
                self._store, visit.library_id, visit.policy, visit.place.folder, tracks
            )
            wanted = tuple(plan_covers(album, visit.policy, now))
            free = [item for item in wanted if not self._claimed(visit, item)]
            visit.covers_wait = len(free) < len(wanted)
            self._push(visit, free)
        if not visit.busy and not visit.looking and not visit.covers_wait:
            self._rest(visit, now)

    def _claimed(self, visit: Visit, item: PlanItem) -> bool:
        """Whether another folder, another disc perhaps, is exporting to the same place now."""
        return any(
            other.exports_to(item.target) and other.policy.artwork.root == visit.policy.artwork.root
            for other in self.visits.values()
            if other is not visit
        )

    def _covers_freed(self) -> None:
        """Let folders that waited for a cover's place look at what stands there now."""
        for visit in tuple(self.visits.values()):
            if visit.covers_wait:
                visit.covers_due = True
                self._advance(visit, ())

    def _push(self, visit: Visit, items: Iterable[PlanItem]) -> None:
        for item in items:
            if item.key not in visit.busy:
                visit.busy[item.key] = item
                self._dispatch.ready.push(item, visit)

    def _decided(self, visit: Visit, path: PurePosixPath, now: datetime) -> tuple[PlanItem, ...]:
        """Open the holds that are due, and return the items that are."""
        items = decide(visit.facts[path], visit.policy, now).items
        holds = [item for item in items if item.action is Action.HOLD]
        if not holds:
            return items
        for item in holds:
            facts = visit.facts[path]
            hold = self._recorder.hold(visit.library_id, visit.policy.name, facts, item, now=now)
            visit.facts[path] = replace(facts, holds=(*facts.holds, hold))
        return decide(visit.facts[path], visit.policy, now).items

    def _end_holds(self, visit: Visit, path: PurePosixPath, now: datetime) -> None:
        facts = visit.facts[path]
        for hold in ended(facts, visit.policy, now):
            same = hold.observation is not None and hold.observation.same_bytes(facts.observation)
            how = Ending.RESOLVED if same else Ending.REPLACED
            self._recorder.end_hold(visit.library_id, visit.policy.name, hold, how, now=now)
            kept = tuple(each for each in visit.facts[path].holds if each.id != hold.id)
            visit.facts[path] = replace(visit.facts[path], holds=kept)

    def _rest(self, visit: Visit, now: datetime) -> None:
        """Remember the folder as at rest, or why it is to be visited again."""
        del self.visits[visit.place]
        place = visit.place
        retries = list(visit.retries(now))
        if any(visit.unseen()) and visit.looked.complete:
            retries.append(now + RETRY_LOOK)
        for moment in retries:
            heapq.heappush(self._retries, (moment, place))
        if visit.again:
            self.backlog.add(place, visit.urgency)
        elif visit.restless(self._patience):
            self.debouncer.touch(place, now_s=time.monotonic())
        else:
            looked = visit.looked
            if visit.touched:
                looked = self._look(visit.policy, place.folder)
            if not visit.agrees(looked):
                self.debouncer.touch(place, now_s=time.monotonic())
            elif not retries and looked.complete and not visit.restless():
                self._remember(visit, looked, now)
                self._rested(place)
                return
        with self._store.transaction():
            self._store.folders.disturb(visit.library_id, place.folder)
        settles = visit.restless(SCAN_SETTLES * timedelta(seconds=self.policy.settle_s))
        if not settles and not visit.again:
            self._rested(place)

    def _remember(self, visit: Visit, looked: Looked, now: datetime) -> None:
        """Note that nothing is due in a folder as long as it looks like this."""
        folders, folder = self._store.folders, visit.place.folder
        seen = (looked.fingerprint, visit.policy.key)
        if folders.fingerprint(visit.library_id, folder) != seen:
            with self._store.transaction():
                folders.at_rest(visit.library_id, folder, *seen, len(visit.facts), now=now)
