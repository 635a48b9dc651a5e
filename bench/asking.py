"""Asks a daemon for its status ten times a second until told to end, and prints what it took."""

import json
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.installation import PYTHON, Installation
from pacctl.client import Client

EVERY_S: Final = 0.1


@dataclass(slots=True)
class Answers:
    """How long each answer took, in milliseconds; filled when the asking is over."""

    times_ms: list[float]

    @property
    def words(self) -> str:
        """Median, 99th percentile and longest."""
        return (
            f"{statistics.median(self.times_ms):.0f} ms, p99 {self.p99_ms:.0f} ms, "
            f"longest {self.longest_ms:.0f} ms of {len(self.times_ms):,} answers"
        )

    @property
    def p99_ms(self) -> float:
        """What 99 of 100 answers do not exceed."""
        return sorted(self.times_ms)[int(0.99 * (len(self.times_ms) - 1))]

    @property
    def longest_ms(self) -> float:
        """What none exceeds."""
        return max(self.times_ms)


@contextmanager
def asked(installation: Installation) -> Iterator[Answers]:
    """Have the status asked for by a process of its own while the block runs."""
    answers = Answers([])
    command: list[str | Path] = [PYTHON, "-m", "bench.asking", installation.socket]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield answers
        finally:
            said, _ = process.communicate()
        answers.times_ms += json.loads(said)


def status(installation: Installation) -> Any:
    """The status document."""
    return Client(str(installation.socket)).get("status").document


def peak_mib(pid: int) -> float:
    """The most a process ever held (proc(5), VmHWM)."""
    said = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(said.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Ask until standard input ends; print the times as JSON."""
    client, times_ms = Client(sys.argv[1]), []
    while not select.select([sys.stdin], [], [], EVERY_S)[0]:
        began_s = time.perf_counter()
        client.get("status")
        times_ms.append(1000 * (time.perf_counter() - began_s))
    print(json.dumps(times_ms))


if __name__ == "__main__":
    main()
