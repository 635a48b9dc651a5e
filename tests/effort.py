"""Measures work without a clock: what grows with the size of a library is found by its ratio."""

import gc
import sys
from collections.abc import Callable


def effort(work: Callable[[], object]) -> int:
    """
    How many functions were called, those written in C among them, until it was done.

    The garbage collector rests meanwhile: hypothesis hangs calls of its own on it, and when it
    comes is nothing that the work decides.
    """
    calls = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before, collecting = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
        if collecting:
            gc.enable()
    return calls
