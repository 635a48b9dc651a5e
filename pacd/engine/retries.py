"""When folders are to be visited again because something in them may go well by then."""

import heapq
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from pacd.engine.visit import Visit
from pacd.intake.debounce import Place

SCAN_SETTLES: Final = 6
"""Settle times that somebody who asked for a scan waits for a file that is still written to."""

RETRY_LOOK: Final = timedelta(seconds=30)
"""Outputs that a lost worker did not read are looked at again after this."""

SOON: Final = timedelta(seconds=5)
"""A retry that is due within this keeps a one-shot run from ending."""


class Retries:
    """Folders by the moment of their next try; time is passed in."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, Place]] = []
        self._noted: dict[Place, datetime] = {}

    def add(self, moment: datetime, place: Place) -> None:
        """Have a folder visited at a moment."""
        heapq.heappush(self._waiting, (moment, place))

    def note(self, visit: Visit, *, now: datetime) -> bool:
        """
        Have a folder visited again when something in it may go well; False if there is none.

        Only the first such moment is kept: the visit it brings notes the next (w29).
        """
        moments = list(visit.retries(now))
        if any(visit.unseen()) and visit.looked.complete:
            moments.append(now + RETRY_LOOK)
        if moments:
            self._note(min(moments), visit.place)
        return bool(moments)

    def _note(self, moment: datetime, place: Place) -> None:
        if place not in self._noted or moment < self._noted[place]:
            self._noted[place] = moment
            self.add(moment, place)

    def due(self, now: datetime) -> Iterator[Place]:
        """Remove and yield the folders whose moment has come."""
        while self._waiting and self._waiting[0][0] <= now:
            moment, place = heapq.heappop(self._waiting)
            if self._noted.get(place) == moment:
                del self._noted[place]
            yield place

    def soon(self, now: datetime) -> bool:
        """Whether something that was merely interrupted is about to be tried again."""
        return bool(self._waiting) and self._waiting[0][0] - now < SOON

    def next_s(self, now: datetime) -> float | None:
        """When the next one is due (monotonic); None without any."""
        if not self._waiting:
            return None
        return time.monotonic() + max(0.0, (self._waiting[0][0] - now).total_seconds())
