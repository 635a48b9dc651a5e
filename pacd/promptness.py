"""Keeps the interpreter prompt: whoever asks for the status waits for no other thread (B5)."""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SWITCH_S: Final = 0.001
"""
How long a busy thread keeps the interpreter from others that wait, a fifth of Python's own measure.

An answer changes hands a dozen times. While 2,000 of 100,000 folders moved and three threads
were busy, 99 of 100 answers came within 37 ms instead of 101 (bench.scale, Python 3.11).
"""


RARELY_S: Final = 3600.0
"""In a storm all watches may be set anew again and again: then above all nobody should wait."""

_thawed_s = -RARELY_S


def share() -> None:
    """Have busy threads of this process give way sooner."""
    sys.setswitchinterval(SWITCH_S)


@contextmanager
def lasting() -> Iterator[None]:
    """
    Make what lasts until the next such block: meanwhile no garbage collection looks at it.

    Each would hold all threads for as long as it counts, 130 ms with the watches of 110,000
    folders.  What earlier blocks made goes as soon as nobody refers to it; should rings of it
    be left, they are looked for once in RARELY_S.
    """
    global _thawed_s  # noqa: PLW0603  # of the interpreter, as what it is about
    if time.monotonic() - _thawed_s >= RARELY_S:
        _thawed_s = time.monotonic()
        gc.unfreeze()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
