"""Masters of one folder that wait for something under way, found by what that is."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from pacd.domain.outcome import Outcome

Cause = tuple[str, PurePosixPath]
"""A place in a mirror, by the mirror's name, that is in use; or, by "", a master to be tested."""


def causes(came: Outcome) -> tuple[Cause, ...]:
    """What nobody need wait for any more once an item is over."""
    item = came.item
    places = ((item.mirror, place) for place in (item.origin, item.target) if place)
    return (("", item.path), *places)


class Flux:
    """
    Each question is answered without a look at all that wait: a folder may hold thousands.

    Belongs to the engine's thread.
    """

    def __init__(self) -> None:
        self._waiting: dict[PurePosixPath, set[Cause]] = {}
        self._by_cause: dict[Cause, set[PurePosixPath]] = {}
        self._freed: set[PurePosixPath] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting or self._freed)

    def await_(self, master: PurePosixPath, causes: Iterable[Cause]) -> None:
        """Have a master wait until one of these is over."""
        for cause in causes:
            self._waiting.setdefault(master, set()).add(cause)
            self._by_cause.setdefault(cause, set()).add(master)

    def discard(self, master: PurePosixPath) -> None:
        """Have a master wait for nothing."""
        self._freed.discard(master)
        for cause in self._waiting.pop(master, ()):
            masters = self._by_cause[cause]
            masters.discard(master)
            if not masters:
                del self._by_cause[cause]

    def free(self, master: PurePosixPath) -> None:
        """Have a master decided on anew, whatever it waits for."""
        self._freed.add(master)

    def freed(self, over: Iterable[Cause]) -> tuple[PurePosixPath, ...]:
        """The masters to be decided on anew; they wait until that was done."""
        found = self._freed.union(*(self._by_cause.get(cause, ()) for cause in over))
        return tuple(sorted(found))

    def all(self) -> tuple[PurePosixPath, ...]:
        """All that wait, where nothing is under way that could free them."""
        return tuple(sorted(self._freed | self._waiting.keys()))
