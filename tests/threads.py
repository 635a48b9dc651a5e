"""Ends threads of this process as an exception in them would."""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from watchdog.utils import BaseThread

PATIENCE_S = 20.0
_POLL_S = 0.005

_ended_before: WeakSet[threading.Thread] = WeakSet()
"""Threads that wait for ever for one that was ended."""


def end_threads(role: str, *folders: Path) -> None:
    """
    Have the threads of one class end that the test began, and wait until one has.

    Args:
        role: The name of their class.
        folders: Where a file is made again and again, for threads that wait for one.
    """
    doomed = _threads(role)
    assert doomed
    deadline_s = time.monotonic() + PATIENCE_S
    _strike(doomed)  # once: a second one would hit what tells of the first
    while all(each.is_alive() for each in doomed):
        assert time.monotonic() < deadline_s
        for folder in folders:
            (folder / "news").write_bytes(b"")
        time.sleep(_POLL_S)
    _ended_before.update(each for each in threading.enumerate() if isinstance(each, BaseThread))


@contextmanager
def short_lived(role: str) -> Iterator[None]:
    """Each thread of one class ends as soon as it begins, while the block runs."""

    def trap(_frame: object, _event: str, _argument: object) -> None:
        if type(threading.current_thread()).__name__ == role:
            raise SystemExit

    threading.setprofile(trap)
    try:
        yield
    finally:
        threading.setprofile(None)


def _threads(role: str) -> list[threading.Thread]:
    """Those of one class, but for what an earlier one has left behind when it was ended."""
    found = [each for each in threading.enumerate() if type(each).__name__ == role]
    return [each for each in found if each not in _ended_before]


def _strike(threads: list[threading.Thread]) -> None:
    """Raise SystemExit in each, which threading takes for an end that needs no words."""
    for each in threads:
        if each.ident and each.is_alive():
            number = ctypes.c_ulong(each.ident)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit))
