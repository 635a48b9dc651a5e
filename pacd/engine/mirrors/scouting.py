"""Finds out, before an output is encoded, whether one that stands elsewhere could be renamed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath

from pacd.domain.outcome import Mirrored
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Facts
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.looking import strays
from pacd.engine.mirrors.census import Census
from pacd.engine.mirrors.deferring import Deferred
from pacd.engine.mirrors.spares import Search, find_spare, wants_audio
from pacd.engine.naming import Naming
from pacd.engine.retries import Retries
from pacd.engine.visit import Urgency, Visit
from pacd.intake.debounce import Place
from pacd.store.database import Store


class Scout:
    """
    Looks for spare outputs; all methods belong to the engine's thread.

    What cannot be told yet is asked again: once a mirror has been read, or once the folder of
    the master in question has been visited.

    Attributes:
        deferred: Folders that let all others go first.
    """

    def __init__(
        self,
        store: Store,
        census: Census,
        naming: Callable[[LibraryPolicy], Naming],
        want: Callable[[Place, Urgency], None],
        retries: Retries,
    ) -> None:
        census.strayed = lambda place: want(place, Urgency.LIVE)
        self._store = store
        self._census = census
        self._naming = naming
        self._want = want
        self.deferred = Deferred(want, retries)
        self._for_folder: dict[Place, set[Place]] = {}
        self._for_mirrors: dict[str, set[Place]] = {}

    def look_beside(self, visit: Visit, *, now: datetime) -> None:
        """Look at the folders of the mirrors that no folder of the library stands for."""
        for mirror, view in strays(visit.policy, visit.looked):
            self._census.take(visit.library_id, visit.policy, mirror, view, stray=True, now=now)
        self._census.flush()

    def scouted(
        self, visit: Visit, path: PurePosixPath, visits: Iterable[Visit], *, now: datetime
    ) -> Facts:
        """
        Return what is known of a master, with the spare outputs that it could have.

        Args:
            visits: All that are under way: what they rename or write is no spare.
        """
        facts = visit.facts[path]
        visit.flux.discard(path)
        # What a worker is moving has left its place before anybody has told of it.
        mirrors = visit.policy.mirrors
        moving = {mirror.name for mirror in mirrors if visit.busy.on(path, mirror.name)}
        spares = {name: spare for name, spare in facts.spares.items() if name in moving}
        awaited: dict[str, str] = {}
        for mirror in mirrors:
            if mirror.name in moving or not wants_audio(facts, mirror):
                continue
            if not self._census.is_complete(visit.library_id, mirror):
                awaited[mirror.name] = "PAC looks through the mirror first"
                self._await_mirrors(visit.place)
                continue
            busy = partial(_in_use, tuple(visits), visit.policy, mirror, path)
            naming = self._naming(visit.policy)
            found = find_spare(self._store, visit.library_id, naming, mirror, facts, busy=busy)
            if found.spare:
                spares[mirror.name] = found.spare
            elif found.busy:
                awaited[mirror.name] = "an output of the same audio is being moved"
                visit.flux.await_(path, ((mirror.name, place) for place in found.busy))
            elif found.awaited:
                awaited[mirror.name] = f"{found.awaited} has to be tested first"
                self._await(visit, path, found.awaited)
            elif self._goes_last(visit, facts.outputs[mirror.name], found, now):
                awaited[mirror.name] = "an output may turn up, or be wanted, elsewhere"
        if (spares, awaited) == (facts.spares, facts.awaited):
            return facts
        return replace(facts, spares=spares, awaited=awaited)

    def moved(
        self,
        visit: Visit,
        name: str,
        done: Mirrored,
        visits: Mapping[Place, Visit],
        *,
        now: datetime,
    ) -> None:
        """
        Tell the master in whose place a renamed output stood what stands there now.

        Without such a master, what was displaced to there is an orphan.
        """
        mirror = next(each for each in visit.policy.mirrors if each.name == name)
        origin = done.moved_from
        if origin is None:
            return
        owner = self._naming(visit.policy).master_of(mirror, origin)
        if owner is None:
            with self._store.transaction():
                self._store.outputs.orphaned(visit.library_id, name, [origin], now=now)
            return
        place = Place(visit.place.library, owner.parent)
        other = visits.get(place)
        facts = other.facts.get(owner) if other else None
        if other and facts and name in facts.outputs and facts.outputs[name].path == origin:
            now_there = done.displaced or Output(origin, OutputState.MISSING)
            other.facts[owner] = replace(facts, outputs={**facts.outputs, name: now_there})
            other.flux.free(owner)
        if other is not visit:
            self._want(place, visit.urgency)

    def rested(self, visit: Visit) -> None:
        """Have those visited again that waited for a folder, unless it has not settled yet."""
        self.deferred.rested(visit)
        if not visit.restless():
            self._wake(self._for_folder.pop(visit.place, set()))

    def read(self, library: str) -> None:
        """Have those visited again that waited for the mirrors of a library to be read."""
        self._wake(self._for_mirrors.pop(library, set()))

    def unread(self) -> tuple[str, ...]:
        """The libraries whose mirrors somebody waits for."""
        return tuple(self._for_mirrors)

    def _await_mirrors(self, place: Place) -> None:
        waiting = self._for_mirrors.setdefault(place.library, set())
        if not waiting:
            self._census.wanted(place.library)
        waiting.add(place)

    def _goes_last(self, visit: Visit, output: Output, found: Search, now: datetime) -> bool:
        """Whether an encode would replace an output, or make one that may only be misplaced."""
        return bool(output.src_md5 or found.astray) and self.deferred.waits(visit.place, now=now)

    def _await(self, visit: Visit, path: PurePosixPath, other: PurePosixPath) -> None:
        """Have a master decided on anew once another has been tested."""
        place, beside = Place(visit.place.library, other.parent), visit.facts.get(other)
        if place != visit.place:
            self._for_folder.setdefault(place, set()).add(visit.place)
            self._want(place, visit.urgency)
        elif beside and beside.settled and beside.check is None:  # its test is due, or runs
            visit.flux.await_(path, [("", other)])

    def _wake(self, places: set[Place]) -> None:
        for place in sorted(places):
            self._want(place, Urgency.LIVE)


def _in_use(
    visits: Iterable[Visit],
    policy: LibraryPolicy,
    mirror: MirrorPolicy,
    path: PurePosixPath,
    place: PurePosixPath,
) -> bool:
    """Whether an output of another master is being renamed from, or written to, a place."""
    return any(
        visit.busy.uses(mirror.name, place, besides=path)
        for visit in visits
        if visit.policy.name == policy.name
    )
