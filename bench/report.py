"""Rows of results: prints them, and puts them into docs/benchmarks.md between two markers."""

import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pacd import VERSION

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

_BEGIN = "<!-- results: written by bench/bench.py -->"
_END = "<!-- end of results -->"
HEAD = "| | what | bare tools | PAC | measured | target | met |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the table.

    Attributes:
        benchmark: As "B1".
        bare, pac: What was measured, in words; "" where there is nothing to compare.
        value, limit: What is compared with the target, of medians where there were several runs;
            None where there is none.
        unit: Of value and limit: "times" for a ratio.
    """

    benchmark: str
    what: str
    bare: str
    pac: str
    value: float
    limit: float | None
    unit: str = "times"

    @property
    def missed(self) -> bool:
        """Whether there is a target, and it is not met."""
        return self.limit is not None and self.value > self.limit

    @property
    def line(self) -> str:
        """As Markdown."""
        target = "" if self.limit is None else f"≤ {self.limit:g} {self.unit}"
        met = "" if self.limit is None else "**no**" if self.missed else "yes"
        measured = f"{self.value:.3g} {self.unit}"
        cells = (self.benchmark, self.what, self.bare, self.pac, measured, target, met)
        return f"| {' | '.join(cells)} |"


def refresh(rows: Iterable[Row]) -> None:
    """Put rows into the document in place of older ones of the same benchmarks."""
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    old, _, after = rest.partition(_END)
    new: dict[str, list[str]] = {}
    for row in rows:
        new.setdefault(row.benchmark, []).append(row.line)
    kept: dict[str, list[str]] = {}
    for line in old.splitlines():
        if found := re.match(r"\| (B\d+) ", line):
            kept.setdefault(found[1], []).append(line)
    both = kept | new
    lines = [line for name in sorted(both) for line in both[name]]
    block = "\n\n".join((f"Last run: {machine()}", "\n".join([HEAD, *lines])))
    DOCUMENT.write_text(f"{before}{_BEGIN}\n\n{block}\n\n{_END}{after}", "utf-8")


def machine() -> str:
    """One line on what measured, when, and with which versions."""
    cpu = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    total = re.search(r"^MemTotal:\s*(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    memory_gib = int(total[1]) / (1 << 20) if total else 0
    return ", ".join(
        (
            date.today().isoformat(),  # noqa: DTZ011  # a document's date is the writer's
            f"{os.cpu_count()} cores of {cpu[1].strip() if cpu else platform.machine()}",
            f"{memory_gib:.0f} GiB",
            f"Linux {platform.release()}",
            f"pacd {VERSION}",
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            _first_line("flac", "--version"),
            _first_line("opusenc", "--version"),
            _first_line("find", "--version"),
        )
    )


def _read(path: str) -> str:
    return Path(path).read_text("utf-8")


def _first_line(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[0]
