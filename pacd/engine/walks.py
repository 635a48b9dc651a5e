"""Walks that wait for their turn; what many of them would see is walked once."""

from collections import deque
from collections.abc import Container, Iterator
from pathlib import PurePosixPath
from typing import Final

from pacd.engine.audits import Audit
from pacd.engine.visit import Urgency
from pacd.intake.debounce import Place

MOST: Final = 128
"""Parts of one library that wait to be walked because of events; beyond them all of it is (w05)."""


class Walks:
    """One at a time in each library, in the order asked for; belongs to the engine's thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Audit, Urgency]] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[Audit]:
        return (audit for audit, _ in self._waiting)

    def add(self, audit: Audit, urgency: Urgency) -> None:
        """Have a walk wait for its turn."""
        self._waiting.append((audit, urgency))

    def pop(self, busy: Container[str]) -> tuple[Audit, Urgency] | None:
        """Remove and return the first one of a library that is not busy."""
        for index, (audit, _) in enumerate(self._waiting):
            if audit.policy.name not in busy:
                found = self._waiting[index]
                del self._waiting[index]
                return found
        return None

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()

    def part(self, place: Place) -> PurePosixPath | None:
        """
        What is to be walked so that a place that has changed is seen; None if it will be anyway.

        Where too many parts of a library wait they are given up, and all of it is to be walked;
        what somebody follows to its end is left to wait.
        """
        there = [audit for audit in self if audit.policy.name == place.library]
        if any(place.folder.is_relative_to(audit.below) for audit in there):
            return None
        parts = [audit for audit in there if not audit.forced]
        if len(parts) < MOST:
            return place.folder
        for audit in parts:
            audit.walked = True  # nobody waits for it to come to rest
        self._waiting = deque(each for each in self._waiting if not each[0].walked)
        return PurePosixPath()
