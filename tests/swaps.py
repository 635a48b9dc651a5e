"""What an attacker does who may write in a library: exchanges files and folders for links."""

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECRET = b"SECRET-9b1f"
"""Stands in every file outside: wherever else it turns up, a link was followed."""

_AT_FDCWD = -100
_EXCHANGE = 2  # renameat2(2)


@dataclass
class Swaps:
    """How often the two have changed places."""

    count: int = 0


def exchange(one: Path, other: Path) -> None:
    """Let two things change places in one step."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[Swaps]:
    """Let two things change places again and again while the block runs; then stand as before."""
    swaps, ended = Swaps(), threading.Event()

    def swap() -> None:
        while not ended.is_set() or swaps.count % 2:
            try:
                exchange(one, other)
            except FileNotFoundError:
                if ended.is_set():
                    return
            else:
                swaps.count += 1
            os.sched_yield()

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield swaps
    finally:
        ended.set()
        thread.join()


def outside(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that can be seen of what no link may lead to: times, owner, links, bytes."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        seen = path.lstat()
        # Whoever reads a folder may change its atime, and nothing else.
        facts = (seen.st_mode, seen.st_uid, seen.st_nlink, seen.st_mtime_ns, seen.st_ctime_ns)
        found[str(path)] = (seen.st_ino, *facts, path.read_bytes() if path.is_file() else b"")
    return found


def told(folder: Path) -> list[str]:
    """The files below a folder that hold what was outside; links are not followed."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and SECRET in path.read_bytes()
    ]
