"""Watchdog's reader of inotify, which tells besides when the kernel dropped events."""

import os
import time
from collections.abc import Callable
from typing import Final

from watchdog.observers import inotify_c
from watchdog.observers.api import BaseObserver

from pacd.intake.emitter import Emitter

_WAKE_S: Final = 3600.0
"""Watchdog's dispatcher need not wake to look for its end: stop() puts an event into its queue."""

# Linux, include/uapi/linux/inotify.h: adds to what a watch tells, which tells of that already.
_IN_DELETE_SELF: Final = 0x0000_0400
_IN_ONLYDIR: Final = 0x0100_0000
_IN_MASK_ADD: Final = 0x2000_0000
_PROBE: Final = inotify_c.Mask(_IN_DELETE_SELF | _IN_ONLYDIR | _IN_MASK_ADD)

_PAUSE_S: Final = 0.0005
"""After a watch that was had for a trial: its end is an event, of which the queue takes 16,384."""

MANY: Final = 100
"""Of a storm as many come in less than a second; a canary makes one or two in 15 s."""


class Reader(inotify_c.InotifyFD):
    """
    A thread that reads the events of all watches, and tells of losses.

    Watchdog 7.1.0 would take back and set anew all watches in the course of the event that tells
    of the loss (observers/inotify.py, on_queue_overflow).  Each watch that is taken back is an
    event itself, and nobody reads meanwhile: beyond 16,384 watches the next loss would follow
    from that, for ever.  So this one goes on as it is until another reader takes its place.

    Attributes:
        overflowed: Whether the kernel dropped events, so that new folders may go unheard.
    """

    def __init__(self, dropped: Callable[[], None]) -> None:
        """
        Args:
            dropped: Called from this thread when events were lost.

        Raises:
            OSError: No inotify instance is to be had.
        """
        super().__init__()
        self._dropped = dropped
        self._handled = self._seen = 0
        self.overflowed = False

    def goes_on(self) -> bool:
        """Whether it has handled many events since the last call, as in a storm."""
        before, self._seen = self._seen, self._handled
        return self._seen - before >= MANY

    def watches(self, folder: bytes) -> bool:
        """
        Tell whether the kernel watches a folder for this reader, by asking for a watch on it.

        Where there is one the kernel tells its number; another one goes again at once, and no
        thread sets or ends any meanwhile.  A folder that is not there is not watched.
        Once the reader has ended nobody can tell, and all counts as watched: everything is
        looked at once more then.
        """
        try:  # without the lock: a disk that hangs then keeps nobody but whoever asks
            descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            watched, tried = self._ask(b"/proc/self/fd/%d" % descriptor)
        finally:
            os.close(descriptor)
        if tried:
            time.sleep(_PAUSE_S)
        return watched

    def _ask(self, folder: bytes) -> tuple[bool, bool]:
        """Whether there is a watch, and whether one was had for a trial."""
        with self._lock:
            if self._closed:
                return True, False
            number = inotify_c.inotify_add_watch(self._inotify_fd, folder, _PROBE)
            if number in self._watch_for_wd:
                return True, False
            if number >= 0:
                inotify_c.inotify_rm_watch(self._inotify_fd, number)
            return False, number >= 0

    @property
    def number(self) -> int:
        """How many watches there are, as watchdog counts them."""
        return len(self._watch_for_wd)

    def handle_event(self, event: inotify_c.InotifyEvent) -> None:
        """Do as watchdog does, but for losses: those are told."""
        if event.is_queue_overflow:
            self.overflowed = True
            self._dropped()
            return
        super().handle_event(event)
        self._handled += 1


def observer_of(reader: Reader) -> BaseObserver:
    """Make what hands out the events of a reader; each must be started, and ended."""
    return BaseObserver(Emitter, timeout=_WAKE_S, inotify_fd=reader)
