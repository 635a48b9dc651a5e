"""Whether the kernel has run out of memory; reads /proc/vmstat."""

from pathlib import Path
from typing import Final

_VMSTAT: Final = Path("/proc/vmstat")


def oom_kills() -> int:
    """How often the kernel has killed for want of memory since boot; 0 where it does not say."""
    try:
        lines = _VMSTAT.read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
