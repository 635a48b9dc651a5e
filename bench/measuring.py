"""Times programs and looks at processes; starts what it is told to, changes nothing."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Measured = TypeVar("Measured")

_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took; cpu_s is user and system time with all its children."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """A process and its descendants, in MiB: resident (RSS added up), and proportional (PSS)."""

    resident_mib: float
    proportional_mib: float


def timed(
    argv: Sequence[str | Path], *, stdin: Path | None = None, output: Path | None = None
) -> Cost:
    """
    Run a program to its end.

    Args:
        output: Takes its standard output; its messages go into a file beside it.

    Raises:
        CalledProcessError: It failed.
    """
    nowhere = Path(os.devnull)
    messages = output.with_suffix(".log") if output else nowhere
    with ExitStack() as files:
        source = files.enter_context((stdin or nowhere).open("rb"))
        sink = files.enter_context((output or nowhere).open("wb"))
        log = files.enter_context(messages.open("wb"))
        before, started_s = _children_cpu_s(), time.perf_counter()
        subprocess.run(argv, check=True, stdin=source, stdout=sink, stderr=log)
        return Cost(time.perf_counter() - started_s, _children_cpu_s() - before)


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def interleaved(
    contestants: Mapping[str, Callable[[], Measured]], runs: int
) -> dict[str, list[Measured]]:
    """Run each contestant in turn, so often: what disturbs the machine then disturbs all."""
    results: dict[str, list[Measured]] = {name: [] for name in contestants}
    for _run in range(runs):
        for name, contestant in contestants.items():
            results[name].append(contestant())
    return results


def spread(values: Sequence[float], unit: str, digits: int) -> str:
    """Median with the range it comes from: ``"1.24 s (1.20 to 1.31)"``."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f} to {high:.{digits}f})"


def memory(pid: int) -> Memory:
    """How much a process and all its descendants hold now."""
    sums = {"Rss": 0, "Pss": 0}
    for each in family(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines():
            name, _, rest = line.partition(":")
            if name in sums:
                sums[name] += int(rest.split()[0])
    return Memory(sums["Rss"] / 1024, sums["Pss"] / 1024)


def cpu_s(pid: int) -> float:
    """Time that all threads of a process and of its descendants have run, to the nanosecond."""
    stats = [
        task.read_text("ascii").split()[0]
        for each in family(pid)
        for task in Path(f"/proc/{each}/task").glob("*/schedstat")
    ]
    return sum(map(int, stats)) / _NS_PER_S


def family(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants that live now."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            yield from family(int(child))
