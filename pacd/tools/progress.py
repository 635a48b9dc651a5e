"""How far a tool has read its input, by the kernel's account; disturbs nobody."""

import os
from collections.abc import Iterator
from pathlib import Path


def share_read(pid: int, source: Path) -> float | None:
    """
    Return the share of a file, 0 to 1, that a process or a child of it has read.

    None where no such process has it open, or the kernel does not say
    (proc(5): /proc/PID/fdinfo, and .../children of CONFIG_PROC_CHILDREN).
    """
    try:
        size_bytes = source.stat().st_size
    except OSError:
        return None
    for process in _family(pid):
        position = _position(process, os.fsencode(source))
        if position is not None and size_bytes:
            return min(1.0, position / size_bytes)
    return None


def _family(pid: int) -> Iterator[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        listed = []
    for child in listed:
        yield from _family(int(child))
    yield pid


def _position(pid: int, source: bytes) -> int | None:
    folder = f"/proc/{pid}/fd"
    try:
        for descriptor in os.listdir(folder):  # noqa: PTH208  # names, not paths
            if os.readlink(f"{folder}/{descriptor}".encode()) == source:  # noqa: PTH115  # bytes
                info = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text("ascii")
                return int(info.split("pos:", 1)[1].split(None, 1)[0])
    except OSError:
        return None  # it ended meanwhile
    return None
