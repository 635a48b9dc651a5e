"""Measures work without a clock: what grows with the size of a library is found by its ratio."""

import sys
from collections.abc import Callable


def effort(work: Callable[[], object]) -> int:
    """How many functions were called, those written in C among them, until it was done."""
    calls = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls
