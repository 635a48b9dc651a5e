"""The live events: a bounded buffer with rising ids, and those who listen."""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from pacd.protocol.documents import Event, EventKind

BUFFERED: Final = 2_000
"""
Of 0.6 KiB each (tracemalloc, Python 3.11): what a reader who comes back after minutes wants; who
comes later sees the gap.
"""


class Events:
    """
    Thread-safe.

    Ids rise by one within a run.  They begin at the milliseconds of its start, so that
    they go on rising after a restart and a reader's last id is never met again.
    """

    def __init__(self, *, now: datetime) -> None:
        self._lock = threading.Lock()
        self._buffer: deque[Event] = deque(maxlen=BUFFERED)
        self._next = int(now.timestamp() * 1000)
        self._listeners: list[Callable[[Event], None]] = []

    def emit(self, kind: EventKind, *, now: datetime, **words: Any) -> None:
        """Keep an event and tell all who listen, in order of the ids."""
        with self._lock:
            at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            event = Event(id=self._next, at=at, kind=kind, **words)
            self._next += 1
            self._buffer.append(event)
            for listener in self._listeners:
                listener(event)

    def since(self, last: int) -> tuple[Event, ...]:
        """Return the kept events with a higher id, oldest first."""
        with self._lock:
            return tuple(event for event in self._buffer if event.id > last)

    def listen(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back for each event from now on; return what ends it."""
        with self._lock:
            self._listeners.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return stop
