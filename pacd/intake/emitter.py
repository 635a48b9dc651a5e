"""
Watchdog's emitter, which tells besides whether it still takes what the reader hands it.

Each library has one of its own, a thread between the reader and the dispatcher: that the canary
comes back, through its own, proves nothing of a library's (w04).
"""

import threading
import weakref
from typing import Final

from watchdog.events import FileSystemEvent
from watchdog.observers import inotify_c
from watchdog.observers.api import EventQueue, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter

GRACE_S: Final = 1.0
"""How long one that seems to stand still has to go on: all threads may have stood still with it."""


class Emitter(InotifyEmitter):
    """The thread that makes events of one tree of what the reader hands it."""

    def __init__(
        self,
        event_queue: EventQueue,
        watch: ObservedWatch,
        *,
        inotify_fd: inotify_c.InotifyFD,
        timeout: float,
        event_filter: list[type[FileSystemEvent]] | None = None,
    ) -> None:
        """
        Args:
            inotify_fd: The reader.
        """
        self._counted = _Counted(inotify_fd, weakref.proxy(self))
        super().__init__(
            event_queue,
            watch,
            timeout=timeout,
            event_filter=event_filter,
            inotify_fd=self._counted,  # type: ignore[arg-type]  # what watches need of it
        )
        self._handed = 0
        self._begun_with = 0
        self._went_on = threading.Event()
        self._behind_since_s: float | None = None

    def hand(self) -> None:
        """Note that it is about to be given something; from the reader's thread."""
        self._handed += 1

    def on_thread_stop(self) -> None:
        """Do as watchdog does, and leave no ring: it would keep all events that nobody took."""
        super().on_thread_stop()
        self._counted.forget()

    def queue_events(self, timeout: float, *, full_events: bool = False) -> None:
        """Do as watchdog does, and note that a turn has begun, and ended."""
        self._begun_with = self._handed
        super().queue_events(timeout, full_events=full_events)
        self._went_on.set()

    def queue_event(self, event: FileSystemEvent) -> None:
        """Do as watchdog does; a folder with very much in it is one turn of many events."""
        self._went_on.set()
        super().queue_event(event)

    def stands_still(self, *, now_s: float, patience_s: float) -> bool:
        """
        Whether it was given something that it has not got on with since an earlier call.

        One that has been given nothing is not known to stand still, and loses nothing by it.

        Args:
            now_s: Monotonic.
            patience_s: How long what it is given may wait.
        """
        if self._handed == self._begun_with:
            self._behind_since_s = None
        elif self._behind_since_s is None or self._went_on.is_set():
            self._went_on.clear()
            self._behind_since_s = now_s
        elif now_s - self._behind_since_s >= patience_s:
            return not self._went_on.wait(GRACE_S)
        return False


class _Counted:
    """The reader as one emitter's watches see it: what they are handed is counted."""

    def __init__(self, reader: inotify_c.InotifyFD, emitter: Emitter) -> None:
        self._reader = reader
        self._emitter = emitter
        self._taps: dict[int, _Tap] = {}
        self.remove_callbacks = reader.remove_callbacks

    def add_callback(
        self,
        path: bytes,
        mask: inotify_c.Mask,
        callback: inotify_c.WatchCallback,
        id_: inotify_c.CallbackId,
    ) -> inotify_c.WatchDescriptor:
        """Watch a folder."""
        if id_ not in self._taps:
            self._taps[id_] = _Tap(callback, self._emitter)
        return self._reader.add_callback(path, mask, self._taps[id_], id_)

    def forget(self) -> None:
        """Nothing is handed on any more."""
        self._taps.clear()


class _Tap:
    """What the reader calls, in place of what makes events of it."""

    def __init__(self, callback: inotify_c.WatchCallback, emitter: Emitter) -> None:
        self._callback = callback
        self._emitter = emitter
        self.on_watch_deleted = callback.on_watch_deleted
        self.on_queue_overflow = callback.on_queue_overflow

    def on_event(self, event: inotify_c.InotifyEvent) -> None:
        self._emitter.hand()
        self._callback.on_event(event)
