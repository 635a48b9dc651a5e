"""Waits until a folder has been quiet for long enough; time is passed in."""

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

    @property
    def oldest_s(self) -> float | None:
        """When the longest-waiting folder was first touched; None without any."""
        return next((first_s for first_s, _ in self._seen.values()), None)

    def _due_s(self, place: Place) -> float:
        first_s, last_s = self._seen[place]
        return min(last_s + self._quiet_s, first_s + self._max_wait_s)
