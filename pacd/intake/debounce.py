"""Waits until a folder has been quiet for long enough; time is passed in."""

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

    It reads no clock: callers pass the time, so tests need not sleep.
    """

    def __init__(self, quiet_s: float, max_wait_s: float) -> None:
        """
        Args:
            quiet_s: Seconds without a change before a folder is let go.
            max_wait_s: Seconds after which it is let go however busy it is.
        """
        self._quiet_s = quiet_s
        self._max_wait_s = max_wait_s
        self._seen: dict[Place, tuple[float, float]] = {}

    def adopt(self, quiet_s: float, max_wait_s: float) -> None:
        """Wait by other numbers from now on; what waits goes on waiting."""
        self._quiet_s = quiet_s
        self._max_wait_s = max_wait_s

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, place: object) -> bool:
        return place in self._seen

    def __iter__(self) -> Iterator[Place]:
        return iter(self._seen)

    def touch(self, place: Place, *, now_s: float) -> None:
        """Note a change in a folder."""
        first_s, _ = self._seen.get(place, (now_s, now_s))
        self._seen[place] = (first_s, now_s)

    def crowded(self, library: str) -> bool:
        """Whether no more folders of a library can wait each for itself."""
        return crowded(self._seen.keys(), library)

    def merge(self, library: str) -> Place:
        """Have all folders of a library wait as one, its root, no longer than the first would."""
        apart = [place for place in self._seen if place.library == library]
        moments = [self._seen.pop(place) for place in apart]
        root = Place(library, PurePosixPath())
        if moments:
            self._seen[root] = (min(moments)[0], max(last_s for _, last_s in moments))
        return root

    def settled(self, *, now_s: float) -> tuple[Place, ...]:
        """Remove and return the folders that are ready, longest-waiting first."""
        ready = [place for place in self._seen if self._due_s(place) <= now_s]
        ready.sort(key=lambda place: self._seen[place])
        for place in ready:
            del self._seen[place]
        return tuple(ready)

    def next_due_s(self) -> float | None:
        """When the next folder is let go if nothing more happens; None without any."""
        return min((self._due_s(place) for place in self._seen), default=None)

    def _due_s(self, place: Place) -> float:
        first_s, last_s = self._seen[place]
        return min(last_s + self._quiet_s, first_s + self._max_wait_s)
