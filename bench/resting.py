"""B4: what a daemon with nothing to do holds and uses."""

import time
from collections.abc import Iterator
from pathlib import Path

from bench.audits import FULL, QUICK, installed
from bench.installation import Installation, Library
from bench.measuring import cpu_s, memory
from bench.report import Row

_IDLE_S = 60.0
_QUICK_IDLE_S = 10.0


def run(scratch: Path, *, quick: bool) -> Iterator[Row]:
    """Measure, and yield the rows."""
    files = QUICK if quick else FULL
    yield from _rested(empty(scratch), "an empty library", 80, quick=quick)
    large = installed(scratch, files, mirrored=True)
    yield from _rested(large, f"{files:,} files and their outputs", 120, quick=quick)


def empty(scratch: Path) -> Installation:
    """An installation with an empty library and an empty mirror."""
    place = scratch / "empty"
    installation = Installation(place)
    for name in ("library", "opus"):
        (place / name).mkdir(parents=True, exist_ok=True)
    installation.configure(Library("empty", place / "library", place / "opus"))
    return installation


def _rested(
    installation: Installation, what: str, limit_mib: float, *, quick: bool
) -> Iterator[Row]:
    idle_s = _QUICK_IDLE_S if quick else _IDLE_S
    with installation.daemon() as pid:
        before_s = cpu_s(pid)
        time.sleep(idle_s)
        share = 100 * (cpu_s(pid) - before_s) / idle_s
        held = memory(pid)
    words = f"{held.resident_mib:.1f} MiB, {held.proportional_mib:.1f} of them its own (PSS)"
    yield Row("B4", f"idle with {what}: memory", "", words, held.resident_mib, limit_mib, "MiB")
    words = f"{share:.3f} % over {idle_s:.0f} s"
    yield Row("B4", f"idle with {what}: share of a core", "", words, share, 0.2, "%")
