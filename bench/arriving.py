"""B3: how long after a file's last byte its output is in place, beside the bare tools."""

import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench import ingest
from bench.installation import SETTLE_S, Installation, Library, wait_until
from bench.measuring import interleaved, spread
from bench.music import Size, make_music
from bench.report import Row

_SIZE = Size(tracks=4, shortest_s=180, longest_s=240)
_SAMPLES = 10
_QUICK_SAMPLES = 3
_MOST_S = 0.5


def run(scratch: Path, *, quick: bool) -> Iterator[Row]:
    """Measure, and yield the rows."""
    music = make_music(scratch / f"music-{_SIZE.tracks}-long", _SIZE)
    master = next(iter(sorted(music.rglob("*.flac"))))
    place = scratch / "arriving"
    shutil.rmtree(place, ignore_errors=True)
    installation = Installation(place)
    for name in ("library", "opus", "bare"):
        (place / name).mkdir(parents=True)
    installation.configure(Library("main", place / "library", place / "opus"))
    with installation.daemon():
        contestants = {"bare": lambda: _bare(master, place), "pac": lambda: _pac(master, place)}
        times = interleaved(contestants, _QUICK_SAMPLES if quick else _SAMPLES)
    tools_s = statistics.median(times["bare"])
    over_s = statistics.median(times["pac"]) - tools_s - SETTLE_S
    bare, pac = (spread(times[name], "s", 2) for name in ("bare", "pac"))
    what = f"a dropped track's output: beyond the tools and {SETTLE_S:g} s of settling"
    yield Row("B3", what, bare, pac, over_s, _MOST_S, "s")


def _bare(master: Path, place: Path) -> float:
    """What the tools take for a copy of this file, one after the other."""
    copy = place / "bare" / master.name
    shutil.copyfile(master, copy)
    return ingest.bare(copy, copy.with_suffix(".opus")).wall_s


def _pac(master: Path, place: Path) -> float:
    """From the close of a new file to its output; every file comes to an idle daemon."""
    folder = f"Album {time.monotonic_ns()}"
    (place / "library" / folder).mkdir()
    target = place / "library" / folder / master.name
    output = (place / "opus" / folder / master.name).with_suffix(".opus")
    shutil.copyfile(master, target)
    started_s = time.perf_counter()
    wait_until(output.exists)
    return time.perf_counter() - started_s
