"""Decides which sidecars of a folder under way are copied; opens and ends their holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

import structlog

from pacd.domain.hold import Hold
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import DaemonPolicy
from pacd.engine.mirrors.sidecars import gather_sidecars
from pacd.engine.recording import Recorder
from pacd.engine.visit import Visit
from pacd.files.atomic import being_written
from pacd.intake.audit import MASTER_SUFFIX
from pacd.intake.settle import Settler
from pacd.planning.sidecars import ended_holds, new_holds, plan_sidecars, refusal
from pacd.store.database import Store
from pacd.store.holds import Ending

_log = structlog.get_logger()


class Copier:
    """All methods belong to the engine's thread."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder

    def adopt(self, policy: DaemonPolicy) -> None:
        """Wait for files to settle by these wishes."""
        self._settler = Settler(policy.settle_s, being_written)

    def begin(self, visit: Visit, *, now: datetime) -> None:
        """Take in what a look at a folder showed, and end the holds of what is gone."""
        found = gather_sidecars(
            self._store, visit.library_id, visit.policy, visit.looked, settler=self._settler
        )
        visit.sidecars = {each.path: self._tried_anew(visit, each) for each in found}
        for facts in found:
            reason = refusal(facts)
            if reason:
                _log.warning(
                    "mirror_copy_skip",
                    action="mirror_copy",
                    status="skip",
                    library=visit.policy.name,
                    path=str(facts.path),
                    reason=reason,
                )
        if not visit.looked.library.warnings:
            self._let_go(visit, now)

    def decided(self, visit: Visit, path: PurePosixPath, *, now: datetime) -> tuple[PlanItem, ...]:
        """Return the copies of one sidecar that are due; its holds are opened and ended."""
        if visit.doubted:
            return ()
        facts = visit.sidecars[path] = self._judged(visit, visit.sidecars[path], now)
        return tuple(plan_sidecars([facts], visit.policy, now))

    def _tried_anew(self, visit: Visit, facts: Facts) -> Facts:
        """Forget what failed with a file that has changed since a person was asked."""
        if not facts.setbacks or all(hold.observation == facts.observation for hold in facts.holds):
            return facts
        with self._store.transaction():
            self._store.jobs.clear_setbacks(visit.library_id, facts.path)
        return replace(facts, setbacks=())

    def _judged(self, visit: Visit, facts: Facts, now: datetime) -> Facts:
        library_id, policy = visit.library_id, visit.policy
        for hold in tuple(ended_holds(facts, policy, now)):
            self._recorder.end_hold(library_id, policy.name, hold, Ending.RESOLVED, now=now)
            kept = tuple(each for each in facts.holds if each.id != hold.id)
            facts = replace(facts, holds=kept)
        for item in tuple(new_holds(facts, policy, now)):
            hold = self._recorder.hold(library_id, policy.name, facts, item, now=now)
            facts = replace(facts, holds=(*facts.holds, hold))
        return facts

    def _let_go(self, visit: Visit, now: datetime) -> None:
        """End what is open, or waits, for sidecars that are there no longer."""
        folder, library_id = visit.place.folder, visit.library_id
        holds: Mapping[PurePosixPath, tuple[Hold, ...]]
        holds = self._store.holds.in_folder(library_id, folder)
        for path, found in holds.items():
            for hold in found if self._is_gone(visit, path) else ():
                name = visit.policy.name
                self._recorder.end_hold(library_id, name, hold, Ending.GONE, now=now)
        for path, setbacks in self._store.jobs.setbacks(library_id, folder).items():
            copied = any(each.action is Action.MIRROR_COPY for each in setbacks)
            if copied and self._is_gone(visit, path):
                with self._store.transaction():
                    self._store.jobs.clear_setbacks(library_id, path)

    def _is_gone(self, visit: Visit, path: PurePosixPath) -> bool:
        """Whether a path that something is on record for was a sidecar's, and is not now."""
        is_other = not path.name or path.name.lower().endswith(MASTER_SUFFIX)
        return not is_other and path not in visit.sidecars
