"""Tells which outputs would be renamed, as the engine's scout does (P1); reads, changes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.engine.mirrors.spares import find_spare, wants_audio
from pacd.engine.naming import Naming
from pacd.planning.planner import decide
from pacd.store.database import Store


class Foresight:
    """
    Looks for the spares of one master after the other, each as if the renames before were done.

    What could turn up while the engine works is not foreseen: it lets others go first, and
    encodes last.
    """

    def __init__(self, store: Store, library_id: int, naming: Naming) -> None:
        self._store = store
        self._library_id = library_id
        self._naming = naming
        self._moved: dict[str, dict[PurePosixPath, Output]] = {}

    def tracks(self, known: Iterable[Facts], *, now: datetime) -> tuple[Facts, ...]:
        """Return what would be known of masters when their turn comes."""
        return tuple(self._foreseen(facts, now) for facts in known)

    def _foreseen(self, facts: Facts, now: datetime) -> Facts:
        outputs = {
            name: self._moved.get(name, {}).get(output.path, output)
            for name, output in facts.outputs.items()
        }
        facts = self._with_spares(replace(facts, outputs=outputs))
        for item in decide(facts, self._naming.policy, now).items:
            if item.action is Action.MIRROR_RENAME:
                self._move(facts, item)
        return facts

    def _with_spares(self, facts: Facts) -> Facts:
        """As Scout.scouted, but for what only the work itself shows."""
        spares: dict[str, Output] = {}
        awaited: dict[str, str] = {}
        for mirror in self._naming.policy.mirrors:
            if not wants_audio(facts, mirror):
                continue
            found = find_spare(
                self._store,
                self._library_id,
                self._naming,
                mirror,
                facts,
                moved=self._moved.get(mirror.name, {}),
            )
            if found.spare:
                spares[mirror.name] = found.spare
            elif found.awaited:
                awaited[mirror.name] = f"{found.awaited} has to be tested first"
        return replace(facts, spares=spares, awaited=awaited)

    def _move(self, facts: Facts, item: PlanItem) -> None:
        """Take a rename for done: what stood in its place stands where it came from."""
        place = facts.outputs[item.mirror]
        spare = facts.spares.get(item.mirror)
        if spare is None or item.origin is None:
            return  # its name is spelt otherwise, no more
        displaced = Output(item.origin, OutputState.MISSING)
        if place.state is OutputState.OURS:
            displaced = replace(place, path=item.origin, listed="", renamed="")
        moved = self._moved.setdefault(item.mirror, {})
        moved[item.origin] = displaced
        moved[place.path] = replace(spare, path=place.path, source_rel=facts.path)
