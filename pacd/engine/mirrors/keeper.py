"""Keeps mirrors free of what no master wants, once all else is at rest, and asks where in doubt."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from pacd.domain.hold import Hold
from pacd.domain.outcome import Failed, Outcome
from pacd.domain.plan import PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.engine.mirrors import pruning
from pacd.engine.mirrors.errands import OutputKey, PruneErrand, Reviewed
from pacd.engine.mirrors.guards import Review, in_its_place, questions, remember_root, review
from pacd.engine.mirrors.orphans import Claims, is_as_it_was
from pacd.engine.mirrors.pruning import Doomed, Pruning, doomed
from pacd.engine.naming import Naming
from pacd.engine.presence import available
from pacd.engine.recording import Recorder
from pacd.engine.visit import Urgency
from pacd.intake.audit import root_id
from pacd.intake.debounce import Place
from pacd.store.database import Store
from pacd.store.holds import Ending

AHEAD: Final = 8
"""Removals given away at a time; the others are looked at again when their turn comes."""

RETRY_AFTER: Final = timedelta(hours=1)
"""What could not be removed is not tried again by itself before this is over."""

ERRANDS_KEPT: Final = 100


class Keeper:
    """
    All methods belong to the engine's thread, and those that act to a moment of rest.

    Attributes:
        due: Libraries whose mirrors may hold something new that no master wants.
        errands: The prunes that somebody asked for, by number.
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        *,
        naming: Callable[[LibraryPolicy], Naming],
        push: Callable[[PlanItem, Pruning], None],
        want: Callable[[Place, Urgency], None],
    ) -> None:
        """
        Args:
            push: Has an item given to a worker.
            want: Has a folder visited.
        """
        self._store = store
        self._recorder = recorder
        self._naming = naming
        self._push = push
        self._want = want
        self._waiting: dict[OutputKey, Doomed] = {}
        self._under_way: dict[OutputKey, Doomed] = {}
        self._failed: dict[OutputKey, datetime] = {}
        self._touched: set[Place] = set()
        self._numbers = count(1)
        self.due: set[str] = set()
        self.errands: dict[int, PruneErrand] = {}

    @property
    def busy(self) -> bool:
        """Whether something is to be looked at or removed."""
        return bool(self.due or self._waiting or self._under_way or self._touched)

    def adopt(self) -> None:
        """Forget what was to be removed by the wishes of before."""
        for key in self._waiting:
            self._left(key)
        self._waiting.clear()

    def look_after(
        self, policy: DaemonPolicy, library_ids: Mapping[str, int], *, now: datetime
    ) -> None:
        """Find what is to be pruned by itself, and ask, or stop asking."""
        for library in policy.libraries:
            if library.name in self.due:
                self._look_after(library_ids[library.name], library, now)
        self.due.clear()

    def prune(
        self, wanted: Iterable[tuple[int, LibraryPolicy, MirrorPolicy]], *, now: datetime
    ) -> PruneErrand:
        """Have removed what no master wants, because a person asked for it; ask where in doubt."""
        errand = PruneErrand(next(self._numbers))
        self.errands[errand.id] = errand
        while len(self.errands) > ERRANDS_KEPT:
            del self.errands[next(iter(self.errands))]
        for library_id, library, mirror in wanted:
            found = self._reviewed(library_id, library, mirror)
            hold = self._ask(library_id, library, mirror, found, now) if found.refusal else None
            asked = hold.id if hold else None
            reviewed = Reviewed(library_id, library.name, mirror, found, asked)
            errand.found.append(reviewed)
            if not found.refusal:
                self._remove(library_id, library, mirror, found)
                errand.pending.update(key for key, _ in reviewed.rows)
        return errand

    def go_on(self) -> None:
        """Give workers the next removals; of all that is still unwanted at its turn."""
        while self._waiting and len(self._under_way) < AHEAD:
            key = next(iter(self._waiting))
            orphan = self._waiting.pop(key)
            if self._is_unwanted(orphan):
                self._under_way[key] = orphan
                self._push(orphan.item, orphan.work)
            else:
                self._left(key)
        if not (self._waiting or self._under_way):
            for place in sorted(self._touched):
                self._want(place, Urgency.AUDIT)
            self._touched.clear()

    def finish(self, work: Pruning, job_id: int, outcome: Outcome, *, now: datetime) -> None:
        """Record what came of an item."""
        library_id, item = work.library_id, outcome.item
        self._recorder.outcome(
            job_id, library_id, work.policy, work.facts[item.path], outcome, now=now
        )
        key = (library_id, item.mirror, item.target or item.path)
        self._under_way.pop(key, None)
        for errand in self.errands.values():
            errand.ended(key, outcome)
        if isinstance(outcome, Failed):
            self._failed[key] = now
            with self._store.transaction():  # it is no failure of the master at that path
                self._store.jobs.clear_setbacks(library_id, item.path, item.action, item.mirror)
        elif (work.policy.root / item.path.parent).is_dir():
            self._touched.add(Place(work.policy.name, item.path.parent))

    def _left(self, key: OutputKey) -> None:
        for errand in self.errands.values():
            errand.leave(key)

    def _look_after(self, library_id: int, library: LibraryPolicy, now: datetime) -> None:
        """Review a library's mirrors where anything hangs on it: a review reads directories."""
        moved = not in_its_place(self._store, library_id, library)
        refused = False
        for mirror in library.mirrors:
            if not (mirror.prune or moved or any(questions(self._store, library_id, mirror.name))):
                continue
            found = self._reviewed(library_id, library, mirror)
            refused = refused or found.refusal is not None
            if mirror.prune and found.refusal:
                self._ask(library_id, library, mirror, found, now)
            elif not found.refusal:
                self._settle(library_id, library, mirror.name, Ending.RESOLVED, now)
                if mirror.prune:
                    self._remove(library_id, library, mirror, found, tried_before=now - RETRY_AFTER)
        if not refused and available(library.root):
            remember_root(self._store, library_id, library)
        configured = {mirror.name for mirror in library.mirrors}
        for name in {hold.mirror for hold in questions(self._store, library_id)} - configured:
            self._settle(library_id, library, name, Ending.GONE, now)

    def _reviewed(self, library_id: int, library: LibraryPolicy, mirror: MirrorPolicy) -> Review:
        """Review a mirror's orphans, and note which of them are none any more."""
        ignore = self._naming(library).ignore
        found = review(self._store, library_id, library, mirror, ignore)
        back, gone = ([row.output.path for row in rows] for rows in (found.back, found.gone))
        with self._store.transaction():
            for shelf in (self._store.outputs, self._store.sidecars):  # no path is on both
                shelf.wanted(library_id, mirror.name, back)
                shelf.forget(library_id, mirror.name, gone)
        return found

    def _is_unwanted(self, orphan: Doomed) -> bool:
        """Whether it is still as it was when it was found to be unwanted."""
        library_id, mirror, _ = orphan.key
        same = is_as_it_was(self._store, library_id, mirror, orphan.row)
        if not same or root_id(orphan.policy.root) != orphan.root:
            return False
        claims = Claims(orphan.policy, orphan.mirror, self._naming(orphan.policy).ignore)
        owner = claims.on(orphan.row)
        return available(orphan.policy.root) and owner.master is None and not owner.hidden

    def _ask(
        self,
        library_id: int,
        library: LibraryPolicy,
        mirror: MirrorPolicy,
        found: Review,
        now: datetime,
    ) -> Hold | None:
        if found.refusal is None or not found.refusal.asks:
            return None
        item = pruning.question(mirror, found, found.refusal)
        return self._recorder.hold(library_id, library.name, pruning.NOTHING, item, now=now)

    def _settle(
        self, library_id: int, library: LibraryPolicy, mirror: str, how: Ending, now: datetime
    ) -> None:
        for hold in tuple(questions(self._store, library_id, mirror)):
            self._recorder.end_hold(library_id, library.name, hold, how, now=now)

    def _remove(
        self,
        library_id: int,
        library: LibraryPolicy,
        mirror: MirrorPolicy,
        found: Review,
        *,
        tried_before: datetime | None = None,
    ) -> None:
        """
        Have orphans removed.

        Args:
            tried_before: Leave those that failed since then; unset: try all.
        """
        for orphan in doomed(library_id, library, mirror, found.orphans):
            failed_at = self._failed.get(orphan.key)
            lately = failed_at and tried_before and failed_at > tried_before
            if not lately and orphan.key not in self._under_way:
                self._waiting.setdefault(orphan.key, orphan)
