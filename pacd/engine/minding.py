"""What no event tells of is looked at now and then: roots, bins, disks, programs not there."""

import time
from datetime import UTC, datetime
from typing import Final

from pacd.engine.auditor import Auditor
from pacd.engine.awaiting import undo_wrong_clock
from pacd.engine.cramped import Cramped
from pacd.engine.locked import READ_ONLY, SHUT, Locked
from pacd.engine.pipeline import Pipeline
from pacd.engine.recycling import Bins
from pacd.engine.unresampled import unresampled
from pacd.protocol.documents import Problem
from pacd.store.database import Store

EVERY_S: Final = 30.0
"""How often roots that are gone are looked for, bins looked after, and waiting masters counted."""


class Minder:
    """
    All methods belong to the engine's thread.

    Attributes:
        problems: Masters that wait for a program or a disk, and bins in disorder, as of the last
            look.
        next_s: When the next look is due by itself (monotonic); a root that is missed brings it on.
    """

    def __init__(self, store: Store, pipeline: Pipeline, auditor: Auditor, bins: Bins) -> None:
        self._store = store
        self._pipeline = pipeline
        self._auditor = auditor
        self._bins = bins
        self._locked = (Locked(store, READ_ONLY), Locked(store, SHUT))
        self._cramped = Cramped(store)
        self.problems: tuple[Problem, ...] = ()
        self.next_s = 0.0

    def look(self) -> None:
        """Look after all of it if it is time."""
        pipeline, now_s = self._pipeline, time.monotonic()
        if not pipeline.misses_root and now_s < self.next_s:
            return
        pipeline.misses_root = False
        self.next_s = now_s + EVERY_S
        self._auditor.look_for_roots()
        policy, ids = pipeline.policy, pipeline.library_ids
        self._bins.look_after(policy, ids)
        now = datetime.now(UTC)
        undo_wrong_clock(self._store, policy, ids, pipeline.want, now=now)
        self.problems = (
            *unresampled(self._store, policy, ids),
            *(
                problem
                for locked in self._locked
                for problem in locked.look(policy, ids, pipeline.want, now=now)
            ),
            *self._cramped.look(policy, ids, pipeline.want, now=now),
            *self._bins.problems(),
        )
