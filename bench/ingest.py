"""B1: a library's first ingest, beside the bare tools run by xargs."""

import json
import os
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.installation import SETTLE_S, WORKERS, Installation, Library
from bench.measuring import Cost, interleaved, spread, timed
from bench.music import Size, make_music
from bench.report import Row

FULL = Size(tracks=30, shortest_s=60, longest_s=180)
QUICK = Size(tracks=8, shortest_s=20, longest_s=40)

# The fastest form in which nothing unsound is kept (facts of flac 1.4.2 and opusenc 0.2:
# opusenc reads FLAC itself faster than from a pipe, and reports no damage).
_BARE = (
    'flac -ts "$1" && flac -8 -V -s -f -o "$1.tmp" "$1" && mv "$1.tmp" "$1"'
    ' && opusenc --quiet --bitrate 128 "$1" "$2"'
)


def run(scratch: Path, *, quick: bool, runs: int) -> Iterator[Row]:
    """Measure, and yield the rows: elapsed time, and processor time with it."""
    size = QUICK if quick else FULL
    music = make_music(scratch / f"music-{size.tracks}", size)
    contestants = {"bare": lambda: _bare(music, scratch), "pac": lambda: _pac(music, scratch)}
    costs = interleaved(contestants, runs)
    what = f"first ingest of {size.tracks} tracks, {WORKERS} at once"
    for part, limit, of in (("elapsed", 1.05, _wall_s), ("processor time", None, _cpu_s)):
        times = {name: [of(cost) for cost in each] for name, each in costs.items()}
        ratio = statistics.median(times["pac"]) / statistics.median(times["bare"])
        bare, pac = (spread(times[name], "s", 1) for name in ("bare", "pac"))
        yield Row("B1", f"{what}: {part}", bare, pac, ratio, limit)


def bare(source: Path, output: Path) -> Cost:
    """Run the bare tools on one file."""
    return timed(["sh", "-c", _BARE, "sh", source, output])


def _wall_s(cost: Cost) -> float:
    return cost.wall_s


def _cpu_s(cost: Cost) -> float:
    return cost.cpu_s


def _bare(music: Path, scratch: Path) -> Cost:
    place = _fresh(music, scratch / "bare")
    pairs = []
    for source in sorted((place / "library").rglob("*.flac")):
        output = place / "opus" / source.relative_to(place / "library").with_suffix(".opus")
        output.parent.mkdir(parents=True, exist_ok=True)
        pairs += [source, output]
    todo = place / "todo"
    todo.write_bytes(b"".join(os.fsencode(path) + b"\0" for path in pairs))
    command = ["xargs", "-0", "-n", "2", "-P", str(WORKERS), "sh", "-c", _BARE, "sh"]
    return timed(command, stdin=todo)


def _pac(music: Path, scratch: Path) -> Cost:
    place = _fresh(music, scratch / "pac")
    installation = Installation(place)
    installation.configure(Library("main", place / "library", place / "opus"))
    (place / "opus").mkdir()
    answer = place / "summary.json"
    cost = timed(installation.command("--once"), output=answer)
    _require_whole(json.loads(answer.read_bytes()), len(list((place / "library").rglob("*.flac"))))
    return cost


def _require_whole(summary: Mapping[str, Any], tracks: int) -> None:
    """A run that left something out would be no contestant."""
    counts = summary["counts"]
    done = (
        counts["library"]["tested_ok"],
        counts["library"]["recompressed"] + counts["library"]["recompress_skipped"],
        counts["mirror"]["encoded"],
    )
    if done != (tracks, tracks, tracks):
        raise SystemExit(f"pacd did not finish its work on {tracks} tracks: {counts}")


def _fresh(music: Path, place: Path) -> Path:
    """A copy that lies in the page cache, is written out, and has settled."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(music, place / "library")
    os.sync()
    time.sleep(SETTLE_S)
    return place
