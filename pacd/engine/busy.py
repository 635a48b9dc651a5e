"""The items of one folder that wait or run, found by what they concern; values in memory only."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.plan import Action, PlanItem

Key = tuple[PurePosixPath, Action, str]

_JUDGING: Final = frozenset({Action.TEST, Action.AUTHENTICATE, Action.RESAMPLE, Action.RECOMPRESS})


class Busy:
    """
    Each question is answered without a look at all items: a folder may hold thousands.

    Belongs to the engine's thread.
    """

    def __init__(self) -> None:
        self._items: dict[Key, PlanItem] = {}
        self._judging: set[Key] = set()
        self._exports: Counter[PurePosixPath | None] = Counter()
        self._on: Counter[tuple[PurePosixPath, str]] = Counter()
        self._users: dict[tuple[str, PurePosixPath], Counter[PurePosixPath]] = {}

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[PlanItem]:
        return iter(self._items.values())

    def add(self, item: PlanItem) -> None:
        """Take an item for under way; none of its key is."""
        self._items[item.key] = item
        if item.action in _JUDGING:
            self._judging.add(item.key)
        elif item.action is Action.EXPORT_ARTWORK:
            self._exports[item.target] += 1
        if item.mirror:
            self._on[(item.path, item.mirror)] += 1
            for place in _places(item):
                self._users.setdefault((item.mirror, place), Counter())[item.path] += 1

    def end(self, key: Key) -> None:
        """Take an item for over."""
        item = self._items.pop(key)
        self._judging.discard(key)
        if item.action is Action.EXPORT_ARTWORK:
            self._exports[item.target] -= 1
        if item.mirror:
            self._on[(item.path, item.mirror)] -= 1
            for place in _places(item):
                users = self._users[(item.mirror, place)]
                users[item.path] -= 1
                if not +users:
                    del self._users[(item.mirror, place)]

    @property
    def judging(self) -> bool:
        """Whether a master is being tested or rewritten."""
        return bool(self._judging)

    def occupied(self, item: PlanItem) -> bool:
        """Whether an item is under way already, or another one on the same output."""
        if not item.mirror:
            return item.key in self._items
        return self.on(item.path, item.mirror)

    def on(self, path: PurePosixPath, mirror: str) -> bool:
        """Whether something is done to the output of a master, or to the copy of a sidecar."""
        return self._on[(path, mirror)] > 0

    def exports_to(self, target: PurePosixPath | None) -> bool:
        """Whether a cover is on its way to a place."""
        return self._exports[target] > 0

    def uses(self, mirror: str, place: PurePosixPath, *, besides: PurePosixPath) -> bool:
        """Whether an output is renamed from, or written to, a place, for another master."""
        users = self._users.get((mirror, place), Counter())
        return any(number and path != besides for path, number in users.items())


def _places(item: PlanItem) -> Iterator[PurePosixPath]:
    yield from (place for place in (item.origin, item.target) if place)
