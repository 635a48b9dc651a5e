"""Holds back lines of the log that repeat others, and says how many; journald drops in silence."""

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

WINDOW_S: Final = 30.0
"""journald.conf(5), RateLimitIntervalSec: beyond RateLimitBurst, 10,000 lines, it drops (w55)."""

MOST: Final = 4_500
"""Lines of one process in a window: two windows side by side stay below journald's 10,000."""

MOST_OF_A_WORKER: Final = 100
"""Workers hardly speak; ten that do stay within what is left."""

ORDINARY: Final = 0.8
"""The share of them that is not for warnings and errors: a flood of decisions hides none."""

REPEATS: Final = 100
"""Warnings and errors of one kind in a window; the history has each of them."""

KINDS: Final = 200
"""Kinds of lines told apart; further ones count as one."""

_GRAVE: Final = frozenset({"warning", "error", "critical"})
_KIND: Final = ("level", "event", "action", "status", "failure", "library", "mirror", "logger")

Say = Callable[[Mapping[str, Any]], None]


@dataclass(slots=True)
class _Kind:
    """Lines alike in one window; `last` is the last that was held back."""

    written: int = 0
    held_back: int = 0
    last: Mapping[str, Any] = field(default_factory=dict)


class Thrift:
    """
    Decides line by line; thread-safe.

    A line is written at once or, when there were too many like it, counted; at the end of the
    window one line for each kind says how many more there were, and of what the last was.

    Attributes:
        written, held_back: Lines since the start.
    """

    def __init__(self, say: Say, *, most: int = MOST, window_s: float = WINDOW_S) -> None:
        """
        Args:
            say: Writes the line on those held back; called from any thread.
        """
        self._say = say
        self._most = most
        self._window_s = window_s
        self._lock = threading.Lock()
        self._kinds: dict[Hashable, _Kind] = {}
        self._in_window = 0
        self._end_s = 0.0
        self._timer: threading.Timer | None = None
        self.written = 0
        self.held_back = 0

    def allow(self, most: int) -> None:
        """Write this many lines in a window from now on."""
        self._most = most

    def admits(self, line: Mapping[str, Any]) -> bool:
        """Whether a line is to be written; one that is not is counted."""
        with self._lock:
            now_s = time.monotonic()
            ended = self._turn() if now_s >= self._end_s else ()
            if not self._kinds:
                self._end_s = now_s + self._window_s
            kind = self._kind_of(line)
            grave = line.get("level") in _GRAVE
            room = self._most if grave else int(self._most * ORDINARY)
            admitted = self._in_window < room and not (grave and kind.written >= REPEATS)
            if admitted:
                kind.written += 1
                self._in_window += 1
                self.written += 1
            else:
                kind.held_back += 1
                kind.last = line
                self.held_back += 1
                self._remind(self._end_s - now_s)
        self._tell(ended)
        return admitted

    def flush(self) -> None:
        """Say now what was held back; a new window begins."""
        with self._lock:
            ended = self._turn()
        self._tell(ended)

    def _kind_of(self, line: Mapping[str, Any]) -> _Kind:
        key: Hashable = tuple(str(line.get(name, "")) for name in _KIND)
        if key not in self._kinds and len(self._kinds) >= KINDS:
            key = line.get("level") in _GRAVE
        return self._kinds.setdefault(key, _Kind())

    def _turn(self) -> tuple[_Kind, ...]:
        """Begin a new window; return what the old one held back."""
        ended = tuple(kind for kind in self._kinds.values() if kind.held_back)
        self._kinds = {}
        self._in_window = 0
        if self._timer:
            self._timer.cancel()
            self._timer = None
        return ended

    def _remind(self, after_s: float) -> None:
        """Have it said at the end of the window even if nobody says anything more."""
        if self._timer is None:
            self._timer = threading.Timer(max(0.0, after_s), self.flush)
            self._timer.daemon = True
            self._timer.start()

    def _tell(self, ended: tuple[_Kind, ...]) -> None:
        for kind in ended:
            alike = {name: kind.last[name] for name in (*_KIND, "path") if name in kind.last}
            reason = f"and {kind.held_back:,} more like this; `pacctl history` has each"
            self._say({**alike, "more": kind.held_back, "reason": reason})
