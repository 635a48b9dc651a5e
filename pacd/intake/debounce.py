"""Waits until a folder has been quiet for long enough; time is passed in."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath
from typing import Final, NamedTuple


class Place(NamedTuple):
    """A folder of a library, by the library's name."""

    library: str
    folder: PurePosixPath


MAX_APART: Final = 512
"""Touched folders of one library kept apart; beyond that all of it counts as touched (w05)."""


def crowded(places: Collection[Place], library: str) -> bool:
    """Whether a library has as many places among these as are kept apart."""
    if len(places) < MAX_APART:
        return False
    return sum(place.library == library for place in places) >= MAX_APART


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
        self._apart: Counter[str] = Counter()

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
        if place not in self._first_s:
            self._first_s[place] = now_s
            self._apart[place.library] += 1
        self._last_s[place] = now_s
        self._last_s.move_to_end(place)

    def crowded(self, library: str) -> bool:
        """Whether no more folders of a library should wait each for itself."""
        return self._apart[library] >= MAX_APART

    def merge(self, library: str) -> Place:
        """
        Have all folders of a library wait as one, its root, no longer than the first would have.

        This goes through all that waits: only a storm is worth it.
        """
        apart = [place for place in self._first_s if place.library == library]
        moments = [self._drop(place) for place in apart]
        root = Place(library, PurePosixPath())
        if moments:
            self._apart[library] = 1
            self._first_s[root] = min(first_s for first_s, _ in moments)
            self._last_s[root] = max(last_s for _, last_s in moments)
            self._first_s = OrderedDict(sorted(self._first_s.items(), key=_moment))
            self._last_s = OrderedDict(sorted(self._last_s.items(), key=_moment))
        return root

    def gathered(self, place: Place, *, tree: bool) -> tuple[Place, bool]:
        """Return what to touch, and whether all below it: the root where too many wait apart."""
        if place in self or not self.crowded(place.library):
            return place, tree
        return self.merge(place.library), True

    def settled(self, *, now_s: float) -> tuple[Place, ...]:
        """Remove and return the folders that are ready, longest-waiting first."""
        ready = []
        while (due := self._next()) and due[0] <= now_s:
            _, place = due
            ready.append((*self._drop(place), place))
        ready.sort()
        return tuple(place for _, _, place in ready)

    def _drop(self, place: Place) -> tuple[float, float]:
        """Let a folder go; return when it was touched first and last."""
        self._apart[place.library] -= 1
        return self._first_s.pop(place), self._last_s.pop(place)

    def next_due_s(self) -> float | None:
        """When the next folder is let go if nothing more happens; None without any."""
        due = self._next()
        return due[0] if due else None

    @property
    def oldest_s(self) -> float | None:
        """When the longest-waiting folder was first touched; None without any."""
        return next(iter(self._first_s.values()), None)

    def _next(self) -> tuple[float, Place] | None:
        """The moment when the next folder is let go, and which."""
        if not self._first_s:
            return None
        longest, quietest = next(iter(self._first_s)), next(iter(self._last_s))
        bound_s = self._first_s[longest] + self._max_wait_s
        quiet_s = self._last_s[quietest] + self._quiet_s
        return (bound_s, longest) if bound_s < quiet_s else (quiet_s, quietest)


def _moment(waiting: tuple[Place, float]) -> float:
    return waiting[1]
