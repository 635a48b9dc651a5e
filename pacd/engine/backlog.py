"""What waits: folders to be visited, and items to be carried out.  Values in memory only."""

import heapq
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Final, NamedTuple

from pacd.domain.plan import Action, PlanItem
from pacd.engine.mirrors.census import Reading
from pacd.engine.mirrors.pruning import Pruning
from pacd.engine.pool import Phase
from pacd.engine.visit import Urgency, Visit
from pacd.intake.debounce import Place

PHASES: Final = {
    Action.TEST: Phase.ANALYSIS,
    Action.AUTHENTICATE: Phase.ANALYSIS,
    Action.RESAMPLE: Phase.ENCODE,
    Action.RECOMPRESS: Phase.ENCODE,
    Action.EXPORT_ARTWORK: Phase.ART,
    Action.MIRROR_ENCODE: Phase.ENCODE,
    Action.MIRROR_RETAG: Phase.ENCODE,
    Action.MIRROR_RENAME: Phase.ENCODE,
    Action.MIRROR_COPY: Phase.ART,  # small files, which need not wait behind encodes
    Action.MIRROR_PRUNE: Phase.ENCODE,
}


MAX_PARKED: Final = 1_000
"""Items that wait for room on a disk, beyond which no more folders are looked at."""


class Backlog:
    """Folders that wait for a visit, the most urgent first, then the longest waiting."""

    def __init__(self) -> None:
        self._heap: list[tuple[Urgency, int, Place]] = []
        # Not a dict: one whose first entries were taken out is slow to tell its first.
        self._waiting: OrderedDict[Place, Urgency] = OrderedDict()
        self._since_s: OrderedDict[Place, float] = OrderedDict()
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, place: object) -> bool:
        return place in self._waiting

    def __iter__(self) -> Iterator[Place]:
        return iter(self._waiting)

    def add(self, place: Place, urgency: Urgency) -> None:
        """Have a folder visited; asking twice keeps the greater urgency."""
        if place in self._waiting and self._waiting[place] <= urgency:
            return
        self._waiting[place] = urgency
        self._since_s.setdefault(place, time.monotonic())
        heapq.heappush(self._heap, (urgency, next(self._numbers), place))

    @property
    def oldest_s(self) -> float | None:
        """Since when the longest-waiting folder waits (monotonic); None without any."""
        return next(iter(self._since_s.values()), None)

    @property
    def urgency(self) -> Urgency:
        """How urgent the next folder is; there must be one."""
        return self._next()[1]

    def pop(self) -> tuple[Place, Urgency]:
        """Remove and return the next folder; there must be one."""
        place, urgency = self._next()
        del self._waiting[place], self._since_s[place]
        return place, urgency

    def _next(self) -> tuple[Place, Urgency]:
        """Look at the next folder; what became more urgent since it was added is passed over."""
        while True:
            urgency, _, place = self._heap[0]
            if self._waiting.get(place) == urgency:
                return place, urgency
            heapq.heappop(self._heap)


class Waiting(NamedTuple):
    """
    Work for a worker; ordered by urgency, then the visit's turn, then its number, its alone.

    Attributes:
        item: None for a look at outputs that the store does not know.
        visit: Whose work it is.
    """

    urgency: Urgency
    turn: int
    number: int
    item: PlanItem | None
    visit: Visit | Reading | Pruning

    @property
    def phase(self) -> Phase:
        """Which limit it counts against."""
        return PHASES[self.item.action] if self.item else Phase.ANALYSIS


class Ready:
    """
    Items that are due, by phase.

    Nothing takes longer the more there are: a folder may hold thousands.

    Attributes:
        parked: Items that wait for room on the disk that they write to; a heap.
    """

    def __init__(self) -> None:
        self.parked: list[Waiting] = []
        self._heaps: dict[Phase, list[Waiting]] = {phase: [] for phase in Phase}
        self._by_urgency = dict.fromkeys(Urgency, 0)
        self._by_action: Counter[Action] = Counter()
        self._numbers = count()

    def __len__(self) -> int:
        return sum(len(heap) for heap in self._heaps.values()) + len(self.parked)

    @property
    def actions(self) -> Mapping[Action, int]:
        """How many items of each action wait."""
        return self._by_action

    def first(self, most: int) -> Iterator[tuple[str, PlanItem]]:
        """Yield the items whose turn comes first, in order, with their libraries."""
        heaps = [heap for heap in (*self._heaps.values(), self.parked) if heap]
        next_ = [(heap[0], 0, heap) for heap in heaps]
        heapq.heapify(next_)
        while next_ and most:
            waiting, index, heap = heapq.heappop(next_)
            for below in range(2 * index + 1, min(2 * index + 3, len(heap))):
                heapq.heappush(next_, (heap[below], below, heap))
            if waiting.item:
                most -= 1
                yield waiting.visit.policy.name, waiting.item

    def push(self, item: PlanItem | None, visit: Visit | Reading | Pruning) -> None:
        """Have an item carried out, or the visit's unknown outputs looked at."""
        self._push(Waiting(visit.urgency, visit.turn, next(self._numbers), item, visit))
        if item:
            self._by_action[item.action] += 1

    def pop(
        self, may_start: Callable[[Phase], bool], starves: Callable[[Waiting], bool]
    ) -> Waiting | None:
        """
        Remove and return the first item of a phase that may start one, or None.

        Items that starve are parked on the way, so that they are in nobody's.
        """
        while heads := [heap for phase, heap in self._heaps.items() if heap and may_start(phase)]:
            first = heapq.heappop(min(heads, key=lambda heap: heap[0]))
            self._by_urgency[first.urgency] -= 1
            if starves(first):
                heapq.heappush(self.parked, first)
                continue
            if first.item:
                self._by_action[first.item.action] -= 1
            return first
        return None

    def unpark(self) -> None:
        """Have all parked items wait for their turn again."""
        parked, self.parked = self.parked, []
        for waiting in parked:
            self._push(waiting)

    def _push(self, waiting: Waiting) -> None:
        heapq.heappush(self._heaps[waiting.phase], waiting)
        self._by_urgency[waiting.urgency] += 1

    def as_urgent_as(self, urgency: Urgency) -> int:
        """How many items go before a new one of this urgency."""
        return sum(number for each, number in self._by_urgency.items() if each <= urgency)
