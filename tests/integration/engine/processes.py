"""Looks at processes from outside, and waits for what they do."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 30.0


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def children() -> set[int]:
    """Process ids of our children that run, the resource tracker of multiprocessing apart."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = {int(pid) for task in found for pid in task.read_text("ascii").split()}
    return {pid for pid in pids if alive(pid) and b"resource_tracker" not in _command(pid)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def eventually(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something is so; look often."""
    deadline_s = time.monotonic() + patience_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        pause.wait(0.01)
    return True


def number_in(mark: Path) -> int:
    """The process id that another process writes into a file, once it is there."""
    assert eventually(lambda: mark.exists() and mark.read_text("ascii").strip() != "")

    return int(mark.read_text("ascii"))
