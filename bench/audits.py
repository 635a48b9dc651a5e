"""B2: an audit of a large library in which nothing has changed, beside find."""

import json
import statistics
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bench.installation import PYTHON, Installation, Library
from bench.measuring import interleaved, spread, timed
from bench.report import Row
from bench.shelves import make_shelves, record_at_rest, setup

FULL = 100_000
QUICK = 10_000
_GROWTH = 10

# Device, inode, size, both times to the nanosecond and links: what an observation holds.
_FACTS = r"%P\0%D %i %s %T@ %C@ %n\0"


def run(scratch: Path, *, quick: bool, runs: int, million: bool) -> Iterator[Row]:
    """Measure, and yield the rows."""
    files = QUICK if quick else FULL
    few = yield from _compared(installed(scratch, files, mirrored=False), files, runs)
    yield from _compared(installed(scratch, files, mirrored=True), files, runs)
    if million:
        many_files = files * _GROWTH
        many = yield from _compared(installed(scratch, many_files, mirrored=False), many_files, 2)
        what = f"{many_files:,} files against {files:,}: elapsed"
        bare, pac = (f"{few[name]:.2f} s to {many[name]:.2f} s" for name in ("bare", "pac"))
        yield Row("B2", what, bare, pac, many["pac"] / few["pac"], 11.0)


def installed(scratch: Path, files: int, *, mirrored: bool) -> Installation:
    """An installation whose library of so many files is known and at rest."""
    root = make_shelves(scratch / f"shelves-{files}", files, ".flac")
    mirror = make_shelves(scratch / f"outputs-{files}", files, ".opus") if mirrored else None
    name = f"mirrored-{files}" if mirrored else f"alone-{files}"
    installation = Installation(scratch / name)
    installation.configure(Library("large", root, mirror))
    record_at_rest(installation)
    return installation


def _compared(
    installation: Installation, files: int, runs: int
) -> Generator[Row, None, Mapping[str, float]]:
    """Yield the rows of one library; return the median times."""
    library = setup(installation).policy.libraries[0]
    roots = [library.root, *(mirror.root for mirror in library.mirrors)]
    contestants = {
        "bare": partial(_find, installation, roots),
        "pac": partial(_audit, installation, files),
    }
    timed(_command(roots), output=installation.place / "find")  # the kernel's caches are full now
    results = interleaved(contestants, runs)
    what = f"audit of {files:,} unchanged files" + (" and their outputs" if library.mirrors else "")
    medians: dict[str, dict[str, float]] = {}
    for part, key, limit in (("elapsed", "wall_s", 2.0), ("processor time", "cpu_s", None)):
        times = {name: [each[key] for each in some] for name, some in results.items()}
        medians[key] = {name: statistics.median(some) for name, some in times.items()}
        bare, pac = (spread(times[name], "s", 2) for name in ("bare", "pac"))
        ratio = medians[key]["pac"] / medians[key]["bare"]
        yield Row("B2", f"{what}: {part}", bare, pac, ratio, limit)
    grown = statistics.median(each["grown_mib"] for each in results["pac"])
    yield Row("B2", f"{what}: memory it adds", "", f"{grown:.1f} MiB", grown, None, "MiB")
    return medians["wall_s"]


def _command(roots: Sequence[Path]) -> list[str | Path]:
    return ["find", *roots, "-type", "f", "-printf", _FACTS]


def _find(installation: Installation, roots: Sequence[Path]) -> Mapping[str, float]:
    return asdict(timed(_command(roots), output=installation.place / "find"))


def _audit(installation: Installation, files: int) -> Mapping[str, float]:
    answer = installation.place / "audit.json"
    timed([PYTHON, "-m", "bench.one_audit", installation.place], output=answer)
    figures: Mapping[str, float] = json.loads(answer.read_bytes())
    if (figures["discovered"], figures["skipped"], figures["items"]) != (files, files, 0):
        raise SystemExit(f"the audit did not find {files} files at rest: {figures}")
    return figures
