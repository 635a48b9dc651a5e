"""How long work took so far, and how long what waits will; values in memory only."""

from collections import Counter, defaultdict
from collections.abc import Mapping


class Pace:
    """
    Time that workers spent, by action ("look" for reading outputs).

    Belongs to the engine's thread.
    """

    def __init__(self) -> None:
        self._spent_s: defaultdict[str, float] = defaultdict(float)
        self._calls: Counter[str] = Counter()
        self._folders = 0

    @property
    def spent_s(self) -> Mapping[str, float]:
        """Seconds by action; they add up over workers."""
        return self._spent_s

    def note(self, action: str, seconds: float) -> None:
        """Note a call that has ended."""
        self._spent_s[action] += seconds
        self._calls[action] += 1

    def rested(self) -> None:
        """Note that a folder has come to rest."""
        self._folders += 1

    def eta_s(self, items: Mapping[str, int], folders: int, workers: int) -> float | None:
        """
        Estimate how long it takes until nothing waits; None while nothing is known.

        Args:
            items: How many items wait or run, by action.
            folders: Folders whose items are not known yet.
        """
        waiting = {action: number for action, number in items.items() if number}
        if not waiting and not folders:
            return None
        if not all(self._calls[action] for action in waiting) or (folders and not self._folders):
            return None
        left_s = sum(number * self._mean_s(action) for action, number in waiting.items())
        if folders:
            left_s += folders * sum(self._spent_s.values()) / self._folders
        return left_s / workers

    def _mean_s(self, action: str) -> float:
        return self._spent_s[action] / self._calls[action]
