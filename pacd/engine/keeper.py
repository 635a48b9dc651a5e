"""Keeps mirrors free of what no master wants, once all else is at rest, and asks where in doubt."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.hold import Cause, Hold
from pacd.domain.plan import Failed, Outcome, PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.engine import pruning
from pacd.engine.naming import Naming
from pacd.engine.pruning import Pruning, Review
from pacd.engine.recording import Recorder
from pacd.store.database import Store
from pacd.store.holds import Ending


@dataclass(frozen=True, slots=True)
class Prunable:
    """
    What could be removed from one mirror now.

    Attributes:
        items: Each orphan with its reason.
        refusal: Why nothing is removed, a clause for people; "" where nothing stands against it.
    """

    library: str
    mirror: str
    items: tuple[PlanItem, ...]
    refusal: str


class Keeper:
    """
    All methods belong to the engine's thread.

    Attributes:
        due: Libraries whose mirrors may hold something new that no master wants.
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        *,
        naming: Callable[[LibraryPolicy], Naming],
        push: Callable[[PlanItem, Pruning], None],
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._naming = naming
        self._push = push
        self._under_way: set[tuple[int, str, PurePosixPath]] = set()
        self.due: set[str] = set()

    def look_after(
        self, policy: DaemonPolicy, library_ids: Mapping[str, int], *, now: datetime
    ) -> None:
        """Prune the mirrors that are to be, and ask, or stop asking; to be called at rest."""
        for library in policy.libraries:
            if library.name in self.due:
                for mirror in library.mirrors:
                    self._look_at(library_ids[library.name], library, mirror, now)
        self.due.clear()

    def prune(
        self, library_id: int, library: LibraryPolicy, mirror: MirrorPolicy, *, now: datetime
    ) -> Prunable:
        """Remove what no master wants because a person asked for it; ask back where in doubt."""
        found = self._review(library_id, library, mirror)
        if found.asks:
            self._ask(library_id, library, mirror, found, now)
        elif not found.refusal:
            self._remove(library_id, library, mirror, found)
        return _prunable(library, mirror, found)

    def finish(self, orphan: Pruning, job_id: int, outcome: Outcome, *, now: datetime) -> None:
        """Record what came of an item."""
        library_id, item = orphan.library_id, outcome.item
        facts = orphan.facts[item.path]
        self._recorder.outcome(job_id, library_id, orphan.policy, facts, outcome, now=now)
        self._under_way.discard((library_id, item.mirror, item.target or item.path))
        if isinstance(outcome, Failed):  # the next review looks at it anew
            with self._store.transaction():
                self._store.jobs.clear_setbacks(library_id, item.path, item.action, item.mirror)

    def _look_at(
        self, library_id: int, library: LibraryPolicy, mirror: MirrorPolicy, now: datetime
    ) -> None:
        found = self._review(library_id, library, mirror)
        if found.asks and mirror.prune:
            self._ask(library_id, library, mirror, found, now)
            return
        for hold in self._questions(library_id, mirror) if not found.refusal else ():
            self._recorder.end_hold(library_id, library.name, hold, Ending.RESOLVED, now=now)
        if not found.refusal:
            pruning.remember_root(self._store, library_id, library)
            if mirror.prune:
                self._remove(library_id, library, mirror, found)

    def _review(self, library_id: int, library: LibraryPolicy, mirror: MirrorPolicy) -> Review:
        return pruning.review(self._store, library_id, self._naming(library), mirror)

    def _ask(
        self,
        library_id: int,
        library: LibraryPolicy,
        mirror: MirrorPolicy,
        found: Review,
        now: datetime,
    ) -> None:
        item = pruning.question(mirror, found)
        self._recorder.hold(library_id, library.name, pruning.NOTHING, item, now=now)

    def _questions(self, library_id: int, mirror: MirrorPolicy) -> Iterator[Hold]:
        for number, hold in self._store.holds.all_open():
            asked = (number, hold.mirror, hold.cause)
            if asked == (library_id, mirror.name, Cause.MASS_DISAPPEARANCE):
                yield hold

    def _remove(
        self, library_id: int, library: LibraryPolicy, mirror: MirrorPolicy, found: Review
    ) -> None:
        items = pruning.items(mirror, found.orphans)
        for orphan, item in zip(found.orphans, items, strict=True):
            key = (library_id, mirror.name, orphan.path)
            if key not in self._under_way:
                self._under_way.add(key)
                self._push(item, pruning.pruning(library_id, library, orphan))


def preview(store: Store, library_id: int, naming: Naming, mirror: MirrorPolicy) -> Prunable:
    """Return what would be removed; changes nothing but what is known of the mirror."""
    return _prunable(naming.policy, mirror, pruning.review(store, library_id, naming, mirror))


def _prunable(library: LibraryPolicy, mirror: MirrorPolicy, found: Review) -> Prunable:
    items = tuple(pruning.items(mirror, found.orphans))
    return Prunable(library.name, mirror.name, items, found.refusal)
