"""A prune that somebody asked for and follows to its end: values of the engine's thread."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pacd.domain.outcome import Failed, Outcome
from pacd.domain.policy import MirrorPolicy
from pacd.engine.mirrors.guards import Review
from pacd.engine.mirrors.orphans import Orphan

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
