"""What somebody asked for and follows to the end: values of the engine's thread."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from pacd.engine.audits import Audit
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
