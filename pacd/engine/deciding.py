"""Decides anew about a master under way; opens the holds that are due, ends those that are not."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.plan import Action, PlanItem
from pacd.engine.mirrors.scouting import Scout
from pacd.engine.recording import Recorder
from pacd.engine.visit import Visit
from pacd.planning.authenticity import standing
from pacd.planning.holding import ended
from pacd.planning.planner import decide
from pacd.store.holds import Ending


class Decider:
    """Keeps the facts of a visit's masters in step with what is decided of them."""

    def __init__(self, recorder: Recorder, scout: Scout) -> None:
        self._recorder = recorder
        self._scout = scout

    def decided(
        self, visit: Visit, path: PurePosixPath, visits: Iterable[Visit], *, now: datetime
    ) -> tuple[PlanItem, ...]:
        """
        Return what is due now for one master.

        Args:
            visits: All that are under way.
        """
        self._end_holds(visit, path, now)
        self._stand(visit, path, now)
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
