"""When to try again what has failed; time is passed in."""

from typing import Final

FIRST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 3600.0
"""What could not be watched is tried again after these waits, each twice the one before (w01)."""


class Backoff:
    """At once, and then ever later."""

    def __init__(self) -> None:
        self._next_s = 0.0
        self._wait_s = FIRST_RETRY_S

    def due(self, *, now_s: float) -> bool:
        """Whether it is time to try; if so, the next time is later."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_RETRY_S)
        return True

    def reset(self) -> None:
        """There is reason to hope: try at once."""
        self._next_s, self._wait_s = 0.0, FIRST_RETRY_S
