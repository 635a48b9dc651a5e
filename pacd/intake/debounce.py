"""Waits until a folder has been quiet for long enough; time is passed in."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath
from typing import NamedTuple


class Place(NamedTuple):
    """A folder of a library, by the library's name."""

    library: str
    folder: PurePosixPath


def topmost(places: Iterable[Place], trees: AbstractSet[Place]) -> tuple[Place, ...]:
    """Leave out the places that lie below one of these trees; the others keep their order."""
    return tuple(
        place
        for place in places
        if not any(Place(place.library, above) in trees for above in place.folder.parents)
    )


class Debouncer:
    """
    Collects touched folders and lets each go once it has been quiet long enough.

    It reads no clock: callers pass the time, which never goes back, so tests need not sleep.
    Nothing takes longer the more folders wait, so that a storm of changes costs what it brings.
    """

    def __init__(self, quiet_s: float, max_wait_s: float) -> None:
        """
        Args:
            quiet_s: Seconds without a change before a folder is let go.
            max_wait_s: Seconds after which it is let go however busy it is.
        """
        self._quiet_s = quiet_s
        self._max_wait_s = max_wait_s
        # Each is in the order of its moments, so that the first is the next to be due.
        self._first_s: OrderedDict[Place, float] = OrderedDict()
        self._last_s: OrderedDict[Place, float] = OrderedDict()

    def adopt(self, quiet_s: float, max_wait_s: float) -> None:
        """Wait by other numbers from now on; what waits goes on waiting."""
        self._quiet_s = quiet_s
        self._max_wait_s = max_wait_s

    def __len__(self) -> int:
        return len(self._first_s)

    def __contains__(self, place: object) -> bool:
        return place in self._first_s

    def __iter__(self) -> Iterator[Place]:
        return iter(self._first_s)

    def touch(self, place: Place, *, now_s: float) -> None:
        """Note a change in a folder."""
        self._first_s.setdefault(place, now_s)
        self._last_s[place] = now_s
        self._last_s.move_to_end(place)

    def settled(self, *, now_s: float) -> tuple[Place, ...]:
        """Remove and return the folders that are ready, longest-waiting first."""
        ready = []
        while (due := self._next()) and due[0] <= now_s:
            _, place = due
            ready.append((self._first_s.pop(place), self._last_s.pop(place), place))
        ready.sort()
        return tuple(place for _, _, place in ready)

    def next_due_s(self) -> float | None:
        """When the next folder is let go if nothing more happens; None without any."""
        due = self._next()
        return due[0] if due else None

    def _next(self) -> tuple[float, Place] | None:
        """The moment when the next folder is let go, and which."""
        if not self._first_s:
            return None
        longest, quietest = next(iter(self._first_s)), next(iter(self._last_s))
        bound_s = self._first_s[longest] + self._max_wait_s
        quiet_s = self._last_s[quietest] + self._quiet_s
        return (bound_s, longest) if bound_s < quiet_s else (quiet_s, quietest)
