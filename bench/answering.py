"""B5: how long `pacctl status` takes, beside the start of an empty Python."""

import shutil
import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import ingest
from bench.audits import FULL, QUICK, installed
from bench.installation import PACCTL, PYTHON, WORKERS, Installation, Library, wait_until
from bench.measuring import interleaved, spread, timed
from bench.music import make_music
from bench.report import Row
from bench.resting import empty
from bench.shelves import setup

_SAMPLES = 20


def run(scratch: Path, *, quick: bool) -> Iterator[Row]:
    """Measure, and yield the rows."""
    samples = _SAMPLES // 2 if quick else _SAMPLES
    files = QUICK if quick else FULL
    idle = empty(scratch)
    with idle.daemon():
        yield from _compared(idle, "an empty library", samples)
    large = installed(scratch, files, mirrored=True)
    with large.daemon():
        yield from _compared(large, f"{files:,} files", samples)
    _add_music(large, scratch, quick=quick)
    with large.daemon():
        _require_busy(large)
        yield from _compared(large, f"{files:,} files, all workers busy", samples)
        _require_busy(large)


def _add_music(installation: Installation, scratch: Path, *, quick: bool) -> None:
    """A second library, whose ingest keeps all workers busy."""
    size = ingest.QUICK if quick else ingest.FULL
    place = installation.place / "busy"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(make_music(scratch / f"music-{size.tracks}", size), place / "library")
    (place / "opus").mkdir()
    large = setup(installation).policy.libraries[0]
    installation.configure(
        Library(large.name, large.root, large.mirrors[0].root),
        Library("busy", place / "library", place / "opus"),
    )


def _require_busy(installation: Installation) -> None:
    wait_until(lambda: len(installation.status()["queue"]["running"]) == WORKERS)


def _compared(installation: Installation, what: str, samples: int) -> Iterator[Row]:
    status: list[str | Path] = [PACCTL, "--socket", installation.socket, "status"]
    contestants = {
        "bare": partial(_elapsed_ms, [PYTHON, "-c", "pass"]),
        "pac": partial(_elapsed_ms, status),
    }
    times = interleaved(contestants, samples)
    bare, pac = (spread(times[name], "ms", 0) for name in ("bare", "pac"))
    medians = {name: statistics.median(each) for name, each in times.items()}
    yield Row("B5", f"`pacctl status`, {what}", "", pac, medians["pac"], 100, "ms")
    ratio = medians["pac"] / medians["bare"]
    yield Row("B5", f"`pacctl status`, {what}: beside `python -c pass`", bare, pac, ratio, 3)


def _elapsed_ms(command: list[str | Path]) -> float:
    return 1000 * timed(command).wall_s
