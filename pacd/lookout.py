"""Keeps the libraries watched: starts the watcher, looks after it, says how well it sees."""

import time
from collections.abc import Callable
from typing import Final

import structlog

from pacd.domain.policy import LibraryPolicy
from pacd.engine.inbox import Inbox
from pacd.engine.roots import reachable
from pacd.intake.heard import Heard
from pacd.intake.mounts import NETWORK, filesystem
from pacd.intake.watcher import Watcher
from pacd.protocol.documents import Problem, ProblemKind, Watch

_log = structlog.get_logger()

SYSCTL: Final = "fs.inotify.max_user_watches"

FIRST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 3600.0
"""Folders without a watch are tried again after these waits, each twice the one before (w01)."""


class Lookout:
    """
    Setting, counting and ending watches takes a while: start, stop and mend take a thread's time.

    Attributes:
        heard: What was told since the start.

    The number of watches is as of the last of them: the kernel takes 30 ms to tell of 10,000.
    """

    def __init__(self, inbox: Inbox, lost: Callable[[str], None]) -> None:
        """
        Args:
            lost: Called with a clause, from any thread, when everything must be looked at.
        """
        self._inbox = inbox
        self._lost = lost
        self._libraries: tuple[LibraryPolicy, ...] = ()
        self._mode = "auto"
        self._watcher: Watcher | None = None
        self._folders = 0
        self._watched = 0
        self._retry_at_s = 0.0
        self._retry_s = FIRST_RETRY_S
        self.heard = Heard()

    def start(self, libraries: tuple[LibraryPolicy, ...], mode: str) -> None:
        """Watch these libraries from now on, and no others."""
        self.stop()
        self._libraries, self._mode = libraries, mode
        roots = {each.name: each.root for each in libraries if not self._polled(each)}
        watcher = Watcher(roots, touched=self._inbox.touch, lost=self._overflowed, heard=self.heard)
        watcher.start()
        self._watcher = watcher
        self._watched = watcher.watched()

    def stop(self) -> None:
        """Watch nothing."""
        if self._watcher:
            self._watcher.stop()
            self._watcher = None

    def mend(self) -> None:
        """Watch anew where threads have died, roots have gone or come, or folders were missed."""
        if self._watcher is None:
            return
        if self._watcher.alive() and not self._watcher.displaced():
            self._watched = self._watcher.watched()
            if not self._worth_a_retry(time.monotonic()):
                return
        _log.warning("watching anew", action="watch", status="warn")
        self.start(self._libraries, self._mode)
        self._lost("the watches were lost")

    def _worth_a_retry(self, now_s: float) -> bool:
        """Whether folders are without a watch: a reason to try at once, and then ever later."""
        if self.polled or self._watched >= self._folders:
            self._retry_at_s, self._retry_s = 0.0, FIRST_RETRY_S
            return False
        if now_s < self._retry_at_s:
            return False
        self._retry_at_s = now_s + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        return True

    def walked(self, folders: int) -> None:
        """Compare the watches with the folders that a walk of all watched libraries found."""
        self._folders = folders
        self._watched = self._watcher.watched() if self._watcher else 0

    def view(self) -> Watch:
        """How well changes are seen."""
        polled = [library for library in self._libraries if self._polled(library)]
        return Watch(
            mode="poll" if len(polled) == len(self._libraries) else "inotify",
            directories=max(self._folders, self._watched),  # some have come since the last walk
            watched=self._watched,
            overflows=self._watcher.overflows if self._watcher else 0,
        )

    def problems(self) -> tuple[Problem, ...]:
        """What is not watched, and what to do about it."""
        roots = {library.name: library.root for library in self._libraries}
        failed = self._watcher.unwatched if self._watcher else {}
        # A root that is not there is a problem of its own, told by the engine.
        unwatched = {name: reason for name, reason in failed.items() if reachable(roots[name])}
        found = [
            Problem(
                kind=ProblemKind.UNWATCHED,
                what=f"Library {name} is not watched: {reason}. Audits still find every change.",
                fix="Once its root is there it is watched by itself; `pacctl doctor` tells limits.",
            )
            for name, reason in unwatched.items()
        ]
        unseen = self._folders - self._watched
        if unseen > 0 and self._watcher and not failed and not self.polled:
            limit = max(2 * self._folders, 524_288)
            found.append(
                Problem(
                    kind=ProblemKind.UNWATCHED,
                    what=f"{unseen} of {self._folders} folders are not watched; "
                    "audits still find every change in them.",
                    fix=f"sysctl -w {SYSCTL}={limit} (and in /etc/sysctl.d), then pacctl reload",
                )
            )
        return tuple(found)

    @property
    def polled(self) -> bool:
        """Whether a library is looked at by audits alone, which then must come more often (W4)."""
        return any(self._polled(library) for library in self._libraries)

    def _polled(self, library: LibraryPolicy) -> bool:
        on_network = self._mode == "auto" and filesystem(library.root) in NETWORK
        return self._mode == "poll" or on_network

    def _overflowed(self, reason: str) -> None:
        _log.warning("events lost", action="watch", status="warn", reason=reason)
        self._lost(reason)
