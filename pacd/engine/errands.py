"""What somebody asked for and follows to the end: values of the engine's thread."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.plan import Failed, Outcome
from pacd.domain.policy import MirrorPolicy
from pacd.engine.audits import Audit
from pacd.engine.guards import Review
from pacd.engine.orphans import Orphan
from pacd.engine.recording import Count

FAULTS: Final = frozenset({"failed", "held-error"})
"""Counts that make a run end with 2 (requirements 1.1)."""


@dataclass(slots=True)
class Errand:
    """
    A scan that somebody asked for.

    Attributes:
        before: The counts when it began.
        audits: The walks that it asked for.
    """

    id: int
    path: str | None
    before: Counter[Count]
    audits: list[Audit] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether everything that it asked for is at rest."""
        return all(audit.at_rest for audit in self.audits)

    @property
    def trouble(self) -> str:
        """Why it could not be carried out whole, a sentence; "" when it could."""
        errors = (audit.error for audit in self.audits if audit.error)
        unread = (problem.what for audit in self.audits for problem in audit.unread)
        return next(chain(errors, unread), "")

    def exit_code(self, done: Counter[Count], trouble: str) -> int:
        """
        As `pacd --once` would end: 0, or 2 when files failed or are newly held for an error.

        Args:
            done: What was done since it began.
            trouble: Its own, or for a scan of everything also the daemon's.
        """
        names = {name for _, _, name in done}
        return 2 if trouble or names & FAULTS else 0


OutputKey = tuple[int, str, PurePosixPath]
"""One output, or copy of a sidecar: library id, mirror, and its path below the mirror's root."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """
    What a prune found in one mirror.

    Attributes:
        hold: The id of the hold that asks a person about it; None where none does.
    """

    library_id: int
    library: str
    mirror: MirrorPolicy
    review: Review
    hold: int | None = None

    @property
    def rows(self) -> Iterator[tuple[OutputKey, Orphan]]:
        """The orphans that go where nothing is refused, each with its key."""
        for row in self.review.orphans:
            yield (self.library_id, self.mirror.name, row.output.path), row


@dataclass(slots=True)
class PruneErrand:
    """
    A prune that somebody asked for.

    Attributes:
        pending: What is to be removed yet.
        left: What was wanted again, or had changed, when its turn came.
        failed: What could not be removed, with the failure, a sentence.
    """

    id: int
    found: list[Reviewed] = field(default_factory=list)
    pending: set[OutputKey] = field(default_factory=set)
    left: set[OutputKey] = field(default_factory=set)
    removed: int = 0
    failed: dict[OutputKey, str] = field(default_factory=dict)

    def leave(self, key: OutputKey) -> None:
        """Take that an output stays, if this asked for it."""
        if key in self.pending:
            self.pending.discard(key)
            self.left.add(key)

    def ended(self, key: OutputKey, outcome: Outcome) -> None:
        """Take what came of an output, if this asked for it."""
        if key not in self.pending:
            return
        self.pending.discard(key)
        if isinstance(outcome, Failed):
            self.failed[key] = outcome.message
        else:
            self.removed += 1
