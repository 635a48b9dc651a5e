"""Watches libraries through watchdog and says which folders were touched; decides nothing."""

import logging
import os
import threading
import warnings
from collections.abc import Callable, Mapping
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
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from pacd.intake.audit import SCRATCH_PREFIX
from pacd.intake.debounce import Place
from pacd.intake.heard import Heard

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

_WAKE_S: Final = 3600.0
"""Watchdog's dispatcher need not wake to look for its end: stop() puts an event into its queue."""

_LOST_WORDS: Final = "overflowed"  # watchdog 7.1.0, observers/inotify_c.py, handle_event

# What watchdog 7.1.0 warns of when a folder appears while it is being added; with `-W error`
# the warning would end its reader (w15).
_MKDIR_RACE: Final = "Callback with id '.*' already exists"


class Watcher:
    """
    Reports touched folders from watchdog's threads to one callback.

    The callback must only note what it is given: it runs while watchdog holds a lock.
    """

    def __init__(
        self,
        roots: Mapping[str, Path],
        *,
        touched: Callable[[Place, bool], None],
        lost: Callable[[str], None],
        heard: Heard | None = None,
    ) -> None:
        """
        Args:
            roots: Library roots by name; those that are missing are not watched.
            touched: Called with a folder, and whether all below it may have changed.
            lost: Called with a clause when events were lost: everything must be looked at.
            heard: Counts events; None for counts of its own.
        """
        self._roots = roots
        self._touched = touched
        self._lost = lost
        self._heard = heard or Heard()
        self._observer: BaseObserver | None = None
        self._ear = _Ear(self._overflowed)
        self.overflows = 0
        self.unwatched: dict[str, str] = {}
        self._identities: dict[str, tuple[int, int] | None] = {}

    def start(self) -> None:
        """Watch all roots; returns when the watches are set.  Failures are in `unwatched`."""
        logging.getLogger("watchdog.observers.inotify_c").addHandler(self._ear)
        warnings.filterwarnings("ignore", _MKDIR_RACE, RuntimeWarning)
        observer = Observer(timeout=_WAKE_S)
        observer.start()
        for name, root in self._roots.items():
            self._identities[name] = _identity(root)
            real = Path(os.path.realpath(root))  # a watch on a link would be on the link alone
            handler = _Handler(name, real, self._touched, self._heard)
            try:
                observer.schedule(handler, str(real), recursive=True, event_filter=_EVENTS)
            except OSError as error:
                self.unwatched[name] = error.strerror or str(error)
        self._observer = observer

    def stop(self) -> None:
        """Stop watching; no callback comes after this returns."""
        logging.getLogger("watchdog.observers.inotify_c").removeHandler(self._ear)
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def alive(self) -> bool:
        """Whether every thread that carries events still runs."""
        if self._observer is None or not self._observer.is_alive():
            return False
        readers = [each for each in threading.enumerate() if type(each).__name__ == "InotifyFD"]
        emitters = self._observer.emitters
        return bool(readers) and all(emitter.is_alive() for emitter in emitters)

    def displaced(self) -> bool:
        """Whether a root is another folder than the one that is watched, or there and not."""
        return any(_identity(self._roots[name]) != seen for name, seen in self._identities.items())

    def watched(self) -> int:
        """How many folders the kernel watches for this process, by its own account."""
        return sum(_watches(info) for info in Path("/proc/self/fdinfo").iterdir())

    def _overflowed(self) -> None:
        self.overflows += 1
        self._heard.overflows += 1
        self._lost("the kernel dropped events")


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        status = root.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def _watches(info: Path) -> int:
    """Count the watches of one descriptor, which may be closed by now (inotify(7), proc(5))."""
    try:
        return info.read_bytes().count(b"inotify wd:")
    except OSError:
        return 0


class _Ear(logging.Handler):
    """Hears watchdog say that the kernel's queue overflowed: it tells nobody else."""

    def __init__(self, heard: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if _LOST_WORDS in record.msg and "reconciling" not in record.msg:
            self._heard()


class _Handler(FileSystemEventHandler):
    """Turns one library's events into touched folders."""

    def __init__(
        self, library: str, root: Path, touched: Callable[[Place, bool], None], heard: Heard
    ) -> None:
        self._library = library
        self._heard = heard
        self._root = os.fsencode(root)
        self._touched = touched

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._heard.event(event.event_type)
        # A folder that comes or goes by a move tells nothing of what is below it.
        for path in (event.src_path, event.dest_path):
            if path:
                self._note(os.fsencode(path), tree=event.is_directory)

    def _note(self, path: bytes, *, tree: bool) -> None:
        relative = os.path.relpath(path, self._root)
        if relative.startswith(b".."):
            self._heard.ignored["filtered"] += 1
            return
        place = PurePosixPath(os.fsdecode(relative))
        if place.name.startswith(SCRATCH_PREFIX):
            self._heard.ignored["self"] += 1
            return
        if tree:
            self._touched(Place(self._library, place), True)
        self._touched(Place(self._library, place.parent), False)
