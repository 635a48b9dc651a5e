"""Keeps the libraries watched: starts the watcher, looks after it, says how well it sees."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

import structlog

from pacd.domain.policy import LibraryPolicy
from pacd.engine import unwatched
from pacd.engine.inbox import Inbox
from pacd.engine.presence import reachable
from pacd.intake import limits
from pacd.intake.arrivals import Arrivals
from pacd.intake.backoff import Backoff
from pacd.intake.debounce import Place
from pacd.intake.gauge import Gauge
from pacd.intake.heard import Heard
from pacd.intake.mounts import MountEvents, MountTable
from pacd.intake.surroundings import Surroundings
from pacd.intake.watcher import Watcher
from pacd.promptness import lasting
from pacd.protocol.documents import Problem, Watch

_log = structlog.get_logger()

ANSWER_S: Final = 5.0
"""How soon a watcher that was just started must hear of an event."""

CALM_S: Final = 10.0
"""Sooner after all was watched anew losses wait for a heartbeat: 110,000 watches take 5 to 15 s."""

_ANY_FOLDER: Final = Path("/")


class Lookout:
    """
    Setting, counting and ending watches takes a while: start, stop and mend take a thread's time.

    What it tells is as of the last walks, which ask the kernel for each folder.

    Attributes:
        heard: What was told since the start.
    """

    def __init__(
        self, inbox: Inbox, lost: Callable[[str], None], *, canary: Path | None = None
    ) -> None:
        """
        Args:
            lost: Called with a clause, from any thread, when everything must be looked at.
            canary: A folder of the daemon's own, for proofs that events arrive.
        """
        self._inbox = inbox
        self._lost = lost
        self._canary = canary
        self._lock = threading.RLock()
        self._libraries: tuple[LibraryPolicy, ...] = ()
        self._mode = "auto"
        self._watcher: Watcher | None = None
        self._mount_events: MountEvents | None = None
        self._around: dict[str, Surroundings] = {}
        self._gauges: dict[str, Gauge] = {}
        self._walked: dict[str, Gauge] = {}
        self._measuring = threading.Lock()
        self._mending = threading.Lock()
        self._watched_at_start = 0
        self._begun_s = 0.0
        self._told: dict[str, Path] = {}
        self._arrivals = Arrivals(self._is_watched)
        self._more_watches = Backoff()
        self._rebuilding = Backoff()
        self._limits: tuple[limits.Limit, ...] = ()
        self.heard = Heard()

    def start(self, libraries: tuple[LibraryPolicy, ...], mode: str) -> None:
        """Watch these libraries from now on, and no others."""
        with self._lock:
            self._end()  # and tell of it until the next one watches
            self._mount_events = MountEvents()
            self._mount_events.any()  # what comes from now on counts
            self._around = _surroundings(libraries, mode)
            self._libraries, self._mode = libraries, mode
            roots = {each.name: each.root for each in self._watchable()}
            with self._measuring:
                known = self._gauges.items()
                self._gauges = {name: each for name, each in known if name in roots}
            with lasting():
                watcher = Watcher(
                    roots,
                    touched=self._touched,
                    lost=self._overflowed,
                    canary=self._canary if roots else None,
                    heard=self.heard,
                )
                watcher.start()
            for gauge in self._gauges.values():  # until the walk that must follow measures anew
                gauge.look_again(watcher.watches)
            self._watched_at_start = watcher.folders
            self._watcher = watcher  # last: what it lacks is told of it, and nothing else
            self._told = {name: root for name, root in roots.items() if watcher.watches(root)}
            self._arrivals.forget()
            self._begun_s = time.monotonic()

    def stop(self) -> None:
        """Watch nothing."""
        with self._lock:
            self._end()
            self._watcher = None

    def _end(self) -> None:
        if self._watcher:
            self._watcher.stop()
        if self._mount_events:
            self._mount_events.close()
            self._mount_events = None

    def mend(self) -> bool:
        """
        Watch anew where threads have died or gone deaf, roots have changed, or watches lacked.

        Returns:
            False where nothing is heard and that could not be mended: a new process might.
        """
        with self._lock:
            if self._watcher is None:
                return True
            trouble = self._trouble(self._watcher)
            if trouble:
                return self._anew(trouble)
            self._rebuilding.reset()
            self._improve()
            alone = None if self._wants() else self._arrivals.unfollowed()
            if alone:  # the walk measures how many there are
                _log.warning("not watched", action="watch", status="warn", path=str(alone))
                self._lost("a folder that has come is not watched")
            return True

    def gauge(self, library: LibraryPolicy) -> Gauge | None:
        """What is to be told of each folder of a walk; None where nothing is to be watched."""
        around = self._around.get(library.name)
        return Gauge(library.root, self._is_watched) if around and around.watchable else None

    def walked(self, library: LibraryPolicy, gauge: Gauge) -> None:
        """Take what a whole walk has measured; the next mend() takes it for certain."""
        gauge.look_again()
        with self._measuring:
            self._walked = self._walked | {library.name: gauge}
            if not gauge.unwatched:
                self._gauges = self._gauges | {library.name: gauge}

    def view(self, away: Collection[str] = ()) -> Watch:
        """
        How well changes are seen; looks at no file, so that no disk can make it wait.

        Args:
            away: Libraries whose roots are not in place; what walks have measured is of before.
        """
        there = {each.name: each.name not in away for each in self._watchable()}
        measured, around = self._gauges, self._around.items()
        gauges = [gauge for name, gauge in measured.items() if there.get(name)]
        folders = sum(gauge.folders for gauge in gauges)
        if not measured and any(there.values()):
            folders = self._watched_at_start
        watcher = self._watcher  # at once: it may be set anew just now
        heard = bool(watcher and not watcher.failure and there)
        return Watch(
            mode="inotify" if heard else "poll",
            directories=folders,
            watched=folders - sum(gauge.unwatched for gauge in gauges) if heard else 0,
            overflows=self.heard.overflows,
            polled=tuple(f"{name} is {each.polled}" for name, each in around if each.polled),
            away=tuple(name for name, is_there in there.items() if not is_there),
        )

    def problems(self) -> tuple[Problem, ...]:
        """What is not watched, and what to do about it."""
        return (*self._failures(), *self._unwatched())

    @property
    def blind(self) -> bool:
        """Whether changes go unseen somewhere: audits then must come more often (W4, w01)."""
        polled = any(around.polled for around in self._around.values())
        gauges = (*self._gauges.values(), *self._walked.values())
        return polled or any(gauge.unwatched for gauge in gauges) or any(self._failures())

    def _watchable(self) -> tuple[LibraryPolicy, ...]:
        around = self._around
        there = (each for each in self._libraries if each.name in around)
        return tuple(each for each in there if around[each.name].watchable)

    def _is_watched(self, folder: Path) -> bool:
        watcher = self._watcher  # at once: it may be set anew just now
        return watcher is not None and watcher.watches(folder)

    def _trouble(self, watcher: Watcher) -> str | None:
        """Why the present watcher is of no more use, a clause."""
        if self._remounted():
            return "something was mounted or unmounted in a library"
        if watcher.failure or not self._watchable():
            return None
        return watcher.trouble(now_s=time.monotonic())

    def _remounted(self) -> bool:
        """Whether the mounts of a library are others, or took their watches with them."""
        if self._mount_events is None or not self._mount_events.any():
            return False
        if _surroundings(self._libraries, self._mode) != self._around:
            return True
        # A disk that went and came back is as before, but for its watches.
        return not all(map(self._is_watched, self._told.values()))

    def _anew(self, reason: str) -> bool:
        """Begin again; everything is looked at, as nobody knows what was missed."""
        if not self._rebuilding.due(now_s=time.monotonic()):
            return False
        _log.warning("watching anew", action="watch", status="warn", reason=reason)
        self.start(self._libraries, self._mode)
        self._lost(reason)
        watcher = self._watcher
        heard = not watcher or bool(watcher.failure) or watcher.answers(ANSWER_S)
        if heard:
            self._rebuilding.reset()
        else:
            _log.error("nothing is heard", action="watch", status="error", reason=reason)
        return heard

    def _improve(self) -> None:
        """Where watches lacked, try again once the kernel grants some; ever more seldom."""
        with self._measuring:
            walked, self._walked = self._walked, {}
            self._gauges = self._gauges | walked
        for gauge in walked.values():
            gauge.look_again()
        if not self._wants():
            self._more_watches.reset()
            return
        granted = (limits.watches(), limits.instances())
        if granted != self._limits:
            self._limits = granted
            self._more_watches.reset()
        if not self._more_watches.due(now_s=time.monotonic()):
            return
        for gauge in self._gauges.values():
            gauge.look_again()
        if self._wants() and not limits.refusal(_ANY_FOLDER):
            self._anew("folders had no watch")

    def _wants(self) -> bool:
        """Whether folders or roots have no watch."""
        return any(each.unwatched for each in self._gauges.values()) or any(self._failures())

    def _failures(self) -> Iterator[Problem]:
        """A problem for all that is not watched at all."""
        watcher = self._watcher
        if watcher is None:
            return
        if watcher.failure:
            yield unwatched.at_all(watcher.failure)
        roots = {library.name: library.root for library in self._libraries}
        for name, error in watcher.unwatched.items():
            # A root that is not there is a problem of its own, told by the engine.
            if name in roots and reachable(roots[name]):
                yield unwatched.library(name, error)

    def _unwatched(self) -> Iterator[Problem]:
        """A problem for each library with folders that are not watched."""
        watcher = self._watcher
        failed = not watcher or watcher.failure  # said already
        for name, gauge in self._gauges.items():
            if not failed and gauge.unwatched:
                yield unwatched.folders(name, gauge)

    def _touched(self, place: Place, tree: bool) -> None:
        """From watchdog's thread; a tree is a folder that came or went."""
        self._inbox.touch(place, tree)
        root = self._told.get(place.library) if tree else None
        if root:
            self._arrivals.note(root / place.folder)

    def _overflowed(self, reason: str) -> None:
        """From watchdog's thread, which goes on; in a long storm the heartbeats have to do."""
        _log.warning("events lost", action="watch", status="warn", reason=reason)
        if self._mending.acquire(blocking=False):  # else somebody is at it
            threading.Thread(target=self._mend_a_loss, name="mending", daemon=True).start()

    def _mend_a_loss(self) -> None:
        try:
            with self._lock:  # all may have been watched anew while this was waited for
                if time.monotonic() - self._begun_s >= CALM_S:
                    self.mend()
        finally:
            self._mending.release()


def _surroundings(libraries: tuple[LibraryPolicy, ...], mode: str) -> dict[str, Surroundings]:
    table = MountTable.read()
    return {each.name: Surroundings.of(each.root, mode, table) for each in libraries}
