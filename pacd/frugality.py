"""Has the C library give back what it was lent: a daemon of many threads stays flat (w29)."""

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8
"""glibc 2.36, malloc.h: names for mallopt(3), which other C libraries may not have."""

ARENAS: Final = 2
"""
How many places there are to allocate from.

glibc makes up to eight for each core, and each keeps what was freed in the midst of it.  In a life
of 14 minutes with thousands of changes 14 of them grew from 2 to 17 MiB; with these settings it was
7, most of it SQLite's cache (S1).
"""

BLOCK_BYTES: Final = 128 << 10
"""The value that glibc begins with: what is larger is mapped, and given back at once when freed."""


def spare() -> None:
    """Settle it for this process, before it has threads; elsewhere than in glibc do nothing."""
    if not sys.platform.startswith("linux"):
        return
    settle = getattr(ctypes.CDLL(None), "mallopt", None)
    if settle is None:  # musl
        return
    settle(_ARENA_MAX, ARENAS)
    settle(_MMAP_THRESHOLD, BLOCK_BYTES)
    settle(_TRIM_THRESHOLD, BLOCK_BYTES)
