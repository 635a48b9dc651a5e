"""One plan item with all a worker needs to carry it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pacd.domain.change import FolderId
from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import LibraryPolicy, MirrorPolicy


@dataclass(frozen=True, slots=True)
class Job:
    """
    Sent to a worker process; it answers with an Outcome.

    Attributes:
        facts: What the decision rested on; a step compares them with what it finds.
        now: When it was sent; steps read no clock.
        roots: The roots that it may write below, as they were when the plan was made.
    """

    item: PlanItem
    facts: Facts
    library: LibraryPolicy
    now: datetime
    roots: Mapping[Path, FolderId] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The master, absolute."""
        return self.library.root / self.item.path

    @property
    def mirror(self) -> MirrorPolicy:
        """The mirror it concerns; only for items that name one."""
        return next(each for each in self.library.mirrors if each.name == self.item.mirror)
