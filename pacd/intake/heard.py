"""Counts what watchdog tells; values in memory only."""

from typing import Final

EVENTS: Final = ("created", "closed", "moved", "deleted", "other")
IGNORED: Final = ("self", "filtered")
"""PAC's own scratch files and bins; and what lies in no library, or in a folder that is ignored."""


class Heard:
    """
    Counts since the daemon's start, however often the watches are set anew.

    Each number is written by one thread at a time and read by any; all are there from the start.
    """

    def __init__(self) -> None:
        self.received = dict.fromkeys(EVENTS, 0)
        self.ignored = dict.fromkeys(IGNORED, 0)
        self.overflows = 0

    def event(self, kind: str) -> None:
        """Count an event by watchdog's name of its type."""
        self.received[kind if kind in self.received else "other"] += 1
