"""Decides anew about a master under way; opens the holds that are due, ends those that are not."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.plan import Action, PlanItem
from pacd.engine.mirrors.scouting import Scout
from pacd.engine.recording import Recorder
from pacd.engine.visit import Visit
from pacd.planning.authenticity import standing
from pacd.planning.holding import ended
from pacd.planning.planner import decide
from pacd.planning.rules import overtaken
from pacd.store.holds import Ending

READING: Final = frozenset({Action.TEST, Action.AUTHENTICATE})
"""What is done to masters whose root may be another's: it only reads them."""


class Decider:
    """Keeps the facts of a visit's masters in step with what is decided of them."""

    def __init__(self, recorder: Recorder, scout: Scout) -> None:
        self._recorder = recorder
        self._scout = scout

    def decided(
        self, visit: Visit, path: PurePosixPath, visits: Iterable[Visit], *, now: datetime
    ) -> tuple[PlanItem, ...]:
        """
        Return what is due now for one master; where its root is in doubt, what only reads it.

        Args:
            visits: All that are under way.
        """
        items = self._decided(visit, path, visits, now)
        return tuple(item for item in items if item.action in READING or not visit.doubted)

    def _decided(
        self, visit: Visit, path: PurePosixPath, visits: Iterable[Visit], now: datetime
    ) -> tuple[PlanItem, ...]:
        self._forgive(visit, path)
        self._end_holds(visit, path, now)
        self._stand(visit, path, now)
        if not visit.doubted:
            visit.facts[path] = self._scout.scouted(visit, path, visits, now=now)
        items = decide(visit.facts[path], visit.policy, now).items
        holds = [item for item in items if item.action is Action.HOLD]
        if not holds:
            return items
        for item in holds:
            facts = visit.facts[path]
            hold = self._recorder.hold(visit.library_id, visit.policy.name, facts, item, now=now)
            visit.facts[path] = replace(facts, holds=(*facts.holds, hold))
        return decide(visit.facts[path], visit.policy, now).items

    def _forgive(self, visit: Visit, path: PurePosixPath) -> None:
        """Forget what failed and is done all the same; its holds end then."""
        facts = visit.facts[path]
        over = [each for mirror in visit.policy.mirrors for each in overtaken(facts, mirror)]
        if over:
            visit.facts[path] = self._recorder.forgive(visit.library_id, facts, over)

    def _stand(self, visit: Visit, path: PurePosixPath, now: datetime) -> None:
        """Keep what is on record of its authenticity in step with what is known."""
        facts, policy = visit.facts[path], visit.policy
        found = standing(facts, policy.authenticity)
        if facts.check and found.status is not facts.authenticity:
            visit.facts[path] = self._recorder.stands(
                visit.library_id, policy.name, facts, found, now=now
            )

    def _end_holds(self, visit: Visit, path: PurePosixPath, now: datetime) -> None:
        facts = visit.facts[path]
        for hold in ended(facts, visit.policy, now):
            same = hold.observation is not None and hold.observation.same_bytes(facts.observation)
            how = Ending.RESOLVED if same else Ending.REPLACED
            self._recorder.end_hold(visit.library_id, visit.policy.name, hold, how, now=now)
            kept = tuple(each for each in visit.facts[path].holds if each.id != hold.id)
            visit.facts[path] = replace(visit.facts[path], holds=kept)
