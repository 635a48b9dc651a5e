"""What the kernel says of this process; reads /proc/self."""

import os
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SELF: Final = Path("/proc/self")
_STAT: Final = Path("/proc/stat")

# proc(5), /proc/pid/stat, counted from the field behind the name, which is the third.
_THREADS: Final = 20 - 3
_STARTED: Final = 22 - 3
_VIRTUAL: Final = 23 - 3
_RESIDENT: Final = 24 - 3


@dataclass(frozen=True, slots=True)
class OwnProcess:
    """
    This process now.

    Attributes:
        started_s: Unix seconds.
        cpu_s: Of all its threads, without those of its children.
    """

    started_s: float
    cpu_s: float
    resident_bytes: int
    virtual_bytes: int
    threads: int
    open_files: int
    most_files: int


def own_process() -> OwnProcess:
    """Ask the kernel; 0 stands for what it does not say."""
    fields = _read(_SELF / "stat").rpartition(")")[2].split()
    times = os.times()
    boot = [each for each in _read(_STAT).splitlines() if each.startswith("btime ")]
    ticks = os.sysconf("SC_CLK_TCK")
    try:
        open_files = len(os.listdir(_SELF / "fd"))  # noqa: PTH208  # counted, not used as paths
    except OSError:
        open_files = 0
    numbers = [int(each) for each in fields[1:]] if fields else [0] * 50
    return OwnProcess(
        started_s=int(boot[0].split()[1] if boot else 0) + numbers[_STARTED - 1] / ticks,
        cpu_s=times.user + times.system,
        resident_bytes=numbers[_RESIDENT - 1] * os.sysconf("SC_PAGE_SIZE"),
        virtual_bytes=numbers[_VIRTUAL - 1],
        threads=numbers[_THREADS - 1],
        open_files=open_files,
        most_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    )


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
