"""Watches libraries through watchdog and says which folders were touched; decides nothing."""

import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Final

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.utils import BaseThread

from pacd.domain.change import FolderId
from pacd.intake.audit import SCRATCH_PREFIX, root_id
from pacd.intake.canary import Canary
from pacd.intake.debounce import Place
from pacd.intake.emitter import Emitter
from pacd.intake.heard import Heard
from pacd.intake.reader import Reader, observer_of

# Narrows the kernel's mask: without it a read-only scan makes two events per file
# (watchdog 7.1.0; tests/integration/test_watcher.py).
_EVENTS: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]

_SCRATCH: Final = os.fsencode(SCRATCH_PREFIX)

PATIENCE_S: Final = 10.0
"""How long an event may take; a full queue of the kernel's, 16,384 of them, takes a second."""

STORM_S: Final = 120.0
"""The same while the reader goes on, whom 2,000 of 110,000 folders moved kept busy for longer."""

DROPPED: Final = "the kernel dropped events"

GRACE_S: Final = 1.0

END_S: Final = 30.0
"""How long taking back all watches may last: 50,000 took 2 s (watchdog 7.1.0)."""

_LOOK_S: Final = 0.1

# What watchdog 7.1.0 warns of when a folder appears, or leaves, while it is being added; with
# `-W error` the warning would end its reader (w15).
_MKDIR_RACE: Final = "Callback with id '.*' (already exists|does not exist)"


class Watcher:
    """
    Reports touched folders from watchdog's threads to one callback.

    The callback must only note what it is given: it runs while watchdog holds a lock.

    Attributes:
        unwatched: Why a root is not watched, by name.
        failure: Why nothing is watched at all: no inotify instance was to be had.
    """

    def __init__(
        self,
        roots: Mapping[str, Path],
        *,
        touched: Callable[[Place, bool], None],
        lost: Callable[[str], None],
        canary: Path | None = None,
        heard: Heard | None = None,
    ) -> None:
        """
        Args:
            roots: Library roots by name; those that are missing are not watched.  Without any
                nothing is begun.
            touched: Called with a folder, and whether all below it may have changed.
            lost: Called with a clause when events were lost: another watcher must take over,
                and everything be looked at.
            canary: A folder for proofs that events arrive; it is made if need be.
            heard: Counts events; None for counts of its own.
        """
        self._roots = roots
        self._touched = touched
        self._lost = lost
        self._heard = heard or Heard()
        self._observer: BaseObserver | None = None
        self._reader: Reader | None = None
        self._canary = Canary(canary) if canary else None
        self._sent_s = 0.0
        self._deaf = False
        self.unwatched: dict[str, OSError] = {}
        self.failure: OSError | None = None
        self._identities: dict[str, FolderId | None] = {}

    def start(self) -> None:
        """Watch all roots; returns when the watches are set.  Failures are in `unwatched`."""
        if not self._roots:
            return
        warnings.filterwarnings("ignore", _MKDIR_RACE, RuntimeWarning)
        try:
            self._reader = Reader(partial(_dropped, self._heard, self._lost))
        except OSError as error:
            self.failure = error
            return
        self._reader.start()
        observer = observer_of(self._reader)
        observer.start()
        self._observer = observer
        self._watch_canary(observer)
        for name, root in self._roots.items():
            self._identities[name] = root_id(root)
            real = Path(os.path.realpath(root))  # a watch on a link would be on the link alone
            handler = Handler(name, real, self._touched, self._heard)
            try:
                observer.schedule(handler, str(real), recursive=True, event_filter=_EVENTS)
            except OSError as error:
                self.unwatched[name] = error

    def _watch_canary(self, observer: BaseObserver) -> None:
        """Listen to the canary, or do without where its folder cannot be made or watched."""
        if self._canary is None:
            return
        try:
            if not self._canary.settle_in():
                raise FileNotFoundError
            observer.schedule(
                self._canary, str(self._canary.folder), event_filter=self._canary.events
            )
        except OSError:
            self._canary = None

    def stop(self) -> None:
        """Stop watching; no callback comes after this returns, unless one is stuck for good."""
        if self._reader is not None and self._observer is not None:
            # A thread of watchdog's that dies may keep its lock: then this never ends.
            whole = self.alive() and not self._deaf
            threads: list[BaseThread] = [self._observer, self._reader]
            threads = threads if whole else threads[::-1]
            ending = threading.Thread(target=_end, args=threads, daemon=True)
            ending.start()
            ending.join(END_S if whole else GRACE_S)
            self._observer = None

    def trouble(self, *, now_s: float) -> str | None:
        """Tell why it is of no more use, a clause; sends the next event as hears() does."""
        if self._reader is not None and self._reader.overflowed:
            return DROPPED
        if self.displaced():  # before the next: a root that is removed ends its thread
            return "a root is another folder than before"
        if not self.alive():
            return "a thread of the watcher has ended"
        if not self.hears(now_s=now_s):
            return "the watcher has heard nothing of an event made for it"
        return None

    def alive(self) -> bool:
        """Whether every thread that carries events still runs."""
        if self._reader is None or self._observer is None:
            return False
        threads = (self._observer, self._reader, *self._observer.emitters)
        return all(thread.is_alive() for thread in threads)

    def hears(self, *, now_s: float) -> bool:
        """
        Whether events arrive: False when that of an earlier call is long overdue.

        Sends the next one.  A thread that lives and does nothing is found before two periods
        of calls are over, be they longer than PATIENCE_S (w04), or STORM_S later where the reader
        has much to tell meanwhile; one that hands on what is heard of a library, so long after
        it should have handed on something.

        Args:
            now_s: Monotonic.
        """
        self._deaf = not (self._sings(now_s) and self._hands_on(now_s))
        return not self._deaf

    def _hands_on(self, now_s: float) -> bool:
        """Whether each library's events are taken from the reader."""
        there = self._observer.emitters if self._observer else ()
        emitters = (each for each in there if isinstance(each, Emitter))
        still = (each.stands_still(now_s=now_s, patience_s=PATIENCE_S) for each in emitters)
        return not any([*still])  # all are to be asked

    def _sings(self, now_s: float) -> bool:
        """Whether the canary's event of before came back; sends the next one."""
        if self._canary is None:
            return True
        goes_on = self._reader is not None and self._reader.goes_on()
        if not self._canary.back():
            if now_s - self._sent_s < (STORM_S if goes_on else PATIENCE_S):
                return True
            # Who has stood still for long, all threads with him, hears of it only now.
            if not self._canary.back(GRACE_S):
                return False
        self._sent_s = now_s
        self._canary.send()
        return True

    def answers(self, within_s: float) -> bool:
        """Whether an event that is made now arrives in time, or many others do meanwhile."""
        if self._canary is None or self._reader is None:
            return self.alive()
        self._reader.goes_on()  # since now
        self._sent_s = time.monotonic()
        self._canary.send()
        while self.alive() and not self._canary.back(_LOOK_S):
            if time.monotonic() > self._sent_s + within_s:
                return self._reader.goes_on()
        return self.alive()

    def watches(self, folder: Path) -> bool:
        """Whether the kernel watches a folder, as Reader.watches() tells."""
        return self._reader is not None and self._reader.watches(os.fsencode(folder))

    @property
    def folders(self) -> int:
        """How many folders of libraries are watched, those that PAC leaves alone among them."""
        return self._reader.number - int(self._canary is not None) if self._reader else 0

    def displaced(self) -> bool:
        """Whether a root is another folder than the one that is watched, or there and not."""
        return any(root_id(self._roots[name]) != seen for name, seen in self._identities.items())


def _dropped(heard: Heard, lost: Callable[[str], None]) -> None:
    heard.overflows += 1
    lost(DROPPED)


def _end(*threads: BaseThread) -> None:
    """End threads in this order: the reader gives its watches back whatever the others do."""
    for thread in threads:
        thread.stop()
    for thread in threads:
        thread.join()


class Handler(FileSystemEventHandler):
    """Turns one library's events into touched folders."""

    def __init__(
        self, library: str, root: Path, touched: Callable[[Place, bool], None], heard: Heard
    ) -> None:
        self._library = library
        self._heard = heard
        self._root = os.fsencode(root)
        self._below = self._root.rstrip(b"/") + b"/"
        self._touched = touched
        placed = partial(_placed, library, self._below)
        self._place = lru_cache(maxsize=256)(placed)  # events come in folders

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._heard.event(event.event_type)
        # A folder that comes or goes by a move tells nothing of what is below it.
        for path in (event.src_path, event.dest_path):
            if path:
                self._note(os.fsencode(path), tree=event.is_directory)

    def _note(self, path: bytes, *, tree: bool) -> None:
        above, _, name = path.rpartition(b"/")
        if not path.startswith(self._below) and path != self._root:
            self._heard.ignored["filtered"] += 1
            return
        if name.startswith(_SCRATCH):
            self._heard.ignored["self"] += 1
            return
        if tree:
            self._touched(self._place(path), True)
        self._touched(self._place(above), False)


def _placed(library: str, root: bytes, folder: bytes) -> Place:
    """Name a folder of the library; what lies above its root is its root."""
    below = folder[len(root) :] if folder.startswith(root) else b""
    return Place(library, PurePosixPath(os.fsdecode(below)))
