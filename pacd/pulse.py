"""Whether the parts of the daemon live: what a ping to systemd's watchdog is made of (w33)."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of the daemon that can be asked for a sign of life.

    Attributes:
        ask: Called by Pulse; it returns at once.  The part lives if the future ends with
            anything but False or an exception.
        patience_s: How long an answer may take; one that has come by the next beat is never late.
    """

    ask: Callable[[], "Future[object]"]
    patience_s: float = 0.0


class Pulse:
    """
    Asks each part at each beat what it has done since the beat before.

    It waits for nobody: a part that hangs cannot make it hang.  One thread uses it.
    """

    def __init__(self, parts: Mapping[str, Part]) -> None:
        """
        Args:
            parts: By name, as sentences begin with it.
        """
        self._parts = parts
        self._asked: dict[str, tuple[float, Future[object]]] = {}

    def beat(self, *, now_s: float) -> tuple[str, ...]:
        """Return a clause for each part that gave no sign of life; ask those that did again."""
        faults = [self._fault(name, now_s) for name in self._parts]
        return tuple(fault for fault in faults if fault)

    def _fault(self, name: str, now_s: float) -> str:
        part = self._parts[name]
        since_s, answer = self._asked.get(name, (now_s, _LIVES))
        if not answer.done():
            waited_s = now_s - since_s
            late = waited_s > part.patience_s
            return f"{name} has not answered for {waited_s:.0f} s" if late else ""
        self._asked[name] = now_s, part.ask()
        if answer.cancelled():
            return f"{name} has ended"
        if error := answer.exception():
            return f"{name} failed: {error}"
        return f"{name} does not work" if answer.result() is False else ""


_LIVES: Future[object] = Future()
_LIVES.set_result(True)
