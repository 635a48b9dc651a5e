"""Lets all others go first before something is encoded that only seems to be due (M5)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pacd.engine.retries import Retries
from pacd.engine.visit import Urgency, Visit
from pacd.intake.debounce import Place

PATIENCE: Final = timedelta(minutes=10)
"""How long an encode waits for the rest, which in a busy library may never come; as long as
max_delay_s lets a folder settle (settings)."""


class Deferred:
    """
    Folders with an encode that would replace an output of other audio, or make one of audio
    whose output has left its place.

    A master that was moved, and another put in its place, is found wherever the walk, or the
    watcher, comes by last; so is an output that somebody, or a crash, has moved.  All methods
    belong to the engine's thread.
    """

    def __init__(self, want: Callable[[Place, Urgency], None], retries: Retries) -> None:
        """
        Args:
            want: Has a folder visited.
            retries: Has it visited at the latest when the patience ends.
        """
        self._want = want
        self._retries = retries
        self._until: dict[Place, datetime] = {}

    def waits(self, place: Place, *, now: datetime) -> bool:
        """Whether a folder lets others go first; from the first time it asks it has to."""
        if place not in self._until:
            self._until[place] = now + PATIENCE
            self._retries.add(self._until[place], place)
        return now < self._until[place]

    def let_go(self, *, now: datetime) -> bool:
        """Have those go on that wait, because all others rest; return whether there are any."""
        waiting = [place for place, until in self._until.items() if now < until]
        for place in waiting:
            self._until[place] = now
            self._want(place, Urgency.LIVE)
        return bool(waiting)

    def rested(self, visit: Visit) -> None:
        """Forget a folder that waits for nothing any more."""
        if not visit.awaits:
            self._until.pop(visit.place, None)
