"""What other threads have to say to the engine; the only way in."""

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import PurePosixPath
from typing import Any, TypeVar

from pacd.errors import StoppedError
from pacd.intake.debounce import Place, crowded

Answered = TypeVar("Answered")

Called = tuple[Callable[[], Any], "Future[Any] | None"]
"""A function, and where its answer goes; None when nobody waits for one."""


class Inbox:
    """
    Thread-safe: any thread puts in, the engine's thread takes out.

    Touched folders coalesce, so that a storm of events takes bounded memory.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._touched: dict[Place, bool] = {}
        self._calls: deque[Called] = deque()
        self._closed = False
        self.wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def touch(self, place: Place, tree: bool) -> None:
        """Note that a folder, or with tree all below it, may have changed."""
        with self._lock:
            if self._closed:
                return
            known = self._touched.get(place)
            if known or (known is False and not tree):
                return  # noted already, and the engine was woken for it
            if known is None and crowded(self._touched.keys(), place.library):
                self._drop(place.library)
                place, tree = Place(place.library, PurePosixPath()), True
            self._touched[place] = tree
            self._wake()

    def call(self, function: Callable[[], Answered]) -> "Future[Answered]":
        """
        Have the engine's thread call a function; what it raises is in the future.

        That is a StoppedError where the engine stops before.
        """
        future: Future[Answered] = Future()
        with self._lock:
            if self._closed:
                future.set_exception(StoppedError())
                return future
            self._calls.append((function, future))
            self._wake()
        return future

    def post(self, function: Callable[[], object]) -> None:
        """Have the engine's thread call a function; what it raises ends the engine."""
        with self._lock:
            if self._closed:
                return
            self._calls.append((function, None))
            self._wake()

    def take(self) -> tuple[dict[Place, bool], list[Called]]:
        """Remove and return the touched folders and the calls, oldest first."""
        with self._lock:
            if self._closed:
                return {}, []
            try:
                os.eventfd_read(self.wake_fd)
            except BlockingIOError:
                return {}, []
            touched, self._touched = self._touched, {}
            calls = list(self._calls)
            self._calls.clear()
        return touched, calls

    def close(self) -> None:
        """Refuse further calls, and those that wait.  Closing twice is harmless."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _, future in self._calls:
                if future and future.set_running_or_notify_cancel():
                    future.set_exception(StoppedError())
            self._calls.clear()
            os.close(self.wake_fd)

    def _wake(self) -> None:
        """Under the lock: a closed descriptor may be another file's by now."""
        os.eventfd_write(self.wake_fd, 1)

    def _drop(self, library: str) -> None:
        kept = {place: tree for place, tree in self._touched.items() if place.library != library}
        self._touched = kept
