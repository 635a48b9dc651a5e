"""What the kernel allows of inotify; reads /proc/sys."""

from pathlib import Path
from typing import Final

_WATCHES: Final = Path("/proc/sys/fs/inotify/max_user_watches")


def most_watches() -> int | None:
    """How many folders one user may watch (inotify(7)); None where the kernel does not say."""
    try:
        return int(_WATCHES.read_text("ascii"))
    except (OSError, ValueError):
        return None
