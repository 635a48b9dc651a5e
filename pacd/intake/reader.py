"""Watchdog's reader of inotify, which tells besides when the kernel dropped events."""

from collections.abc import Callable
from typing import Final

from watchdog.observers import inotify_c
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter

_WAKE_S: Final = 3600.0
"""Watchdog's dispatcher need not wake to look for its end: stop() puts an event into its queue."""


class Reader(inotify_c.InotifyFD):
    """
    A thread that reads the events of all watches, and tells of losses before and after mending.

    Watchdog 7.1.0 sets the watches of all recursive trees anew, one after the other, in the
    course of the event that tells of the loss (observers/inotify.py, on_queue_overflow).
    """

    def __init__(self, dropped: Callable[[], None], watched_anew: Callable[[], None]) -> None:
        """
        Args:
            dropped: Called from this thread when events were lost.
            watched_anew: Called after that, from this thread, once all watches are set again: who
                looks at folders before that passes some that are not watched yet.

        Raises:
            OSError: No inotify instance is to be had.
        """
        super().__init__()
        self._dropped = dropped
        self._watched_anew = watched_anew

    def handle_event(self, event: inotify_c.InotifyEvent) -> None:
        """Do as watchdog does, and tell of losses."""
        if event.is_queue_overflow:
            self._dropped()
        super().handle_event(event)
        if event.is_queue_overflow:
            self._watched_anew()


def observer_of(reader: Reader) -> BaseObserver:
    """Make what hands out the events of a reader; each must be started, and ended."""
    return BaseObserver(InotifyEmitter, timeout=_WAKE_S, inotify_fd=reader)
