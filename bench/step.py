"""
What one step with a large library took, and what is claimed of each; changes nothing.

Every step: no more memory than its scene may take, and 99 of 100 answers within 100 ms.
The longest answer too, unless others had more than a tenth of the machine meanwhile: one answer
that waited for somebody else's process proves nothing of PAC, and is printed all the same.  Of
fewer than a hundred answers, as a short step has them, the 99th is but the longest or its
neighbour, and is judged as it is.
"""

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.asking import Answers
from bench.measuring import cpu_s

HEAD: Final = (
    "| step | elapsed | processor time | of it the daemon's own | others had | peak memory "
    "| status |"
)
RULE: Final = "|---|---|---|---|---|---|---|"

ANSWER_MS: Final = 100.0
"""B5."""

OTHERS: Final = 0.1
"""The share of all cores that others may have had where the longest answer is judged."""

ENOUGH: Final = 100
"""Answers that have a 99th percentile."""

Claim = tuple[str, bool]
"""What is said, and whether it is so."""


@dataclass(slots=True)
class Step:
    """
    What one step took; the daemon's own time is without that of its workers.

    Attributes:
        most_mib: What the daemon may have held at its worst.
        others: The share of all cores that neither PAC nor the benchmark had.
    """

    what: str
    files: int
    most_mib: float
    elapsed_s: float = 0.0
    cpu_s: float = 0.0
    own_s: float = 0.0
    others: float = 0.0
    peak_mib: float = 0.0
    answers: Answers = field(default_factory=lambda: Answers([]))

    @property
    def line(self) -> str:
        """As Markdown."""
        per_file_ms = 1000 * self.own_s / self.files
        cells = (
            self.what,
            f"{self.elapsed_s:.1f} s",
            f"{self.cpu_s:.1f} s",
            f"{self.own_s:.1f} s, {per_file_ms:.2f} ms a file",
            f"{100 * self.others:.0f} %",
            f"{self.peak_mib:.0f} MiB",
            self.answers.words,
        )
        return f"| {' | '.join(cells)} |"

    def claims(self) -> Iterator[Claim]:
        """Yield what is claimed of it."""
        what, answers = self.what, self.answers
        memory = f"{what}: at most {self.most_mib:.0f} MiB ({self.peak_mib:.0f})"
        yield memory, self.peak_mib <= self.most_mib
        most = f"answers within {ANSWER_MS:.0f} ms"
        undisturbed = self.others <= OTHERS
        if undisturbed or len(answers.times_ms) >= ENOUGH:
            yield f"{what}: 99 of 100 {most} ({answers.p99_ms:.0f})", answers.p99_ms <= ANSWER_MS
        if undisturbed:
            yield f"{what}: all {most} ({answers.longest_ms:.0f})", answers.longest_ms <= ANSWER_MS


@dataclass(frozen=True, slots=True)
class Clock:
    """
    Processor time until now, in seconds.

    Attributes:
        machine_s: Of all, by all cores.
        own_s: Of the daemon; `family_s` with its workers and their tools.
        bench_s: Of this process, and of those that it has started and that have ended.
    """

    machine_s: float
    own_s: float
    family_s: float
    bench_s: float

    @classmethod
    def of(cls, pid: int) -> "Clock":
        """Look at a daemon, and at the machine."""
        own_s = sum(_times_s(pid)[:2])
        return cls(busy_s(), own_s, own_s + _children_s(pid), _bench_s())

    def read_into(self, step: Step, since: "Clock") -> None:
        """Tell a step what has passed since an earlier reading; its elapsed time is known."""
        step.own_s = self.own_s - since.own_s
        step.cpu_s = self.family_s - since.family_s
        ours_s = step.cpu_s + self.bench_s - since.bench_s
        others_s = self.machine_s - since.machine_s - ours_s
        step.others = max(0.0, others_s) / (step.elapsed_s * (os.cpu_count() or 1))


def busy_s() -> float:
    """How long all cores have worked, or were kept by other machines (proc(5), /proc/stat)."""
    ticks = [int(each) for each in Path("/proc/stat").read_text("ascii").split("\n")[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = ticks[:8]
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _bench_s() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in usages)


def _children_s(pid: int) -> float:
    """That of its workers: of those that have ended, and of those that live, with their tools."""
    living = cpu_s(pid) - _threads_s(pid)
    return sum(_times_s(pid)[2:]) + living


def _threads_s(pid: int) -> float:
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9


def _times_s(pid: int) -> list[float]:
    """utime, stime, cutime, cstime (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return [int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:15]]
