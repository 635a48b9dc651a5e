"""Scale: 100,000 real files from the first test to a storm of changes; 1,000,000 on record."""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.asking import Answers, asked, peak_mib, status
from bench.audits import installed
from bench.installation import SETTLE_S, Installation, Library, wait_until
from bench.measuring import cpu_s
from bench.report import machine
from bench.storms import FILES_PER_FOLDER, change, folder_of, lost, rename_folders
from bench.tracks import make_tracks
from pacctl.client import Client
from pacctl.failure import Failure

FILES: Final = 100_000
MIRRORED: Final = 10_000
_GROWTH: Final = 10

HEAD: Final = "| step | elapsed | processor time | of it the daemon's own | peak memory | status |"
RULE: Final = "|---|---|---|---|---|---|"


@dataclass(slots=True)
class Step:
    """What one step took; the daemon's own time is without that of its workers."""

    what: str
    files: int
    elapsed_s: float = 0.0
    cpu_s: float = 0.0
    own_s: float = 0.0
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
            f"{self.peak_mib:.0f} MiB",
            self.answers.words,
        )
        return f"| {' | '.join(cells)} |"


class Run:
    """One daemon, step by step."""

    def __init__(self, installation: Installation, files: int) -> None:
        self.installation = installation
        self.files = files

    @contextmanager
    def daemon(self) -> Iterator[int]:
        """Run it; yield its pid as soon as it answers."""
        with (self.installation.place / "log").open("ab") as log:
            process = subprocess.Popen(self.installation.command(), stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is not None or self._answers())
            yield process.pid
        finally:
            process.terminate()
            process.wait()

    def step(self, pid: int, what: str, work: Callable[[], object] = lambda: None) -> Step:
        """Do something, wait until the daemon is idle, print what it took; the status is asked."""
        step = Step(what, self.files)
        children_s, own_s, began_s = _children_s(pid), _own_s(pid), time.perf_counter()
        with asked(self.installation) as step.answers:
            work()
            time.sleep(4 * SETTLE_S)  # the watcher tells a moment later
            while not Client(str(self.installation.socket)).get("wait", {"for": 30}).document.idle:
                pass
        step.elapsed_s = time.perf_counter() - began_s
        step.own_s = _own_s(pid) - own_s
        step.cpu_s = step.own_s + _children_s(pid) - children_s
        step.peak_mib = peak_mib(pid)
        print(step.line, flush=True)
        return step

    def require(self, claim: str, *, holds: bool) -> None:
        """Say what is so, and end the run where it is not."""
        counts = status(self.installation).counts
        if not holds:
            raise SystemExit(f"{claim}: not so; {counts}")
        print(f"<!-- {claim} -->", flush=True)

    def count(self, name: str, kind: str = "library") -> int:
        """One count of the status."""
        return int(status(self.installation).counts[kind][name])

    def _answers(self) -> bool:
        try:
            status(self.installation)
        except Failure:
            return False
        return True


def real(scratch: Path, files: int) -> None:
    """First audit and tests, restart, a storm: of files that flac tests, with nothing to encode."""
    place = scratch / f"real-{files}"
    shutil.rmtree(place, ignore_errors=True)
    make_tracks(place / "library", files, folder_of)
    run = Run(Installation(place), files)
    run.installation.configure(Library("large", place / "library"))
    time.sleep(SETTLE_S)
    with run.daemon() as pid:
        run.step(pid, f"first audit, all {files:,} tested")
        run.require(f"{files:,} tested", holds=run.count("tested_ok") == files)
    with run.daemon() as pid:
        run.step(pid, "start again, audit of all unchanged")
        run.step(pid, f"storm of {files:,} changes", lambda: change(place / "library", files))
        run.require("nothing lost in the storm", holds=not lost(run.installation, files))


def mirrored(scratch: Path, files: int) -> None:
    """With a mirror: first ingest, then the database is lost, and rebuilt by one audit."""
    place = scratch / f"mirrored-{files}"
    shutil.rmtree(place, ignore_errors=True)
    make_tracks(place / "library", files, folder_of)
    (place / "opus").mkdir()
    run = Run(Installation(place), files)
    run.installation.configure(Library("large", place / "library", place / "opus"))
    time.sleep(SETTLE_S)
    with run.daemon() as pid:
        run.step(pid, f"first ingest of {files:,} with a mirror")
        run.require(f"{files:,} encoded", holds=run.count("encoded", "mirror") == files)
    shutil.rmtree(place / "state")
    with run.daemon() as pid:
        run.step(pid, f"database of {files:,} and their outputs lost, rebuilt by one audit")
        run.require("nothing encoded again", holds=run.count("encoded", "mirror") == 0)
        run.require("all known again", holds=run.count("unchanged", "mirror") == files)


def simulated(scratch: Path, files: int) -> None:
    """Files of no content, on record as at rest: start, audit, a tenth of them moved."""
    run = Run(installed(scratch, files, mirrored=False), files)
    root, place = scratch / f"shelves-{files}", run.installation.place
    if not (place / "kept").is_dir():
        shutil.copytree(place / "state", place / "kept")
    shutil.rmtree(place / "state")
    shutil.copytree(place / "kept", place / "state")
    rename_folders(root, 0)  # what a run that was broken off has left
    moved = files // _GROWTH
    with run.daemon() as pid:
        run.step(pid, f"{files:,} simulated: start, audit of all unchanged")
        run.step(
            pid,
            f"{files:,} simulated: {moved:,} moved with their folders",
            lambda: rename_folders(root, moved // FILES_PER_FOLDER),
        )
        run.require("nothing lost", holds=not lost(run.installation, files))
        run.require("nothing tested again", holds=run.count("failed") == 0)


def _own_s(pid: int) -> float:
    """User and system time of the daemon itself."""
    return sum(_times(pid)[:2])


def _children_s(pid: int) -> float:
    """That of its workers: of those that have ended, and of those that live, with their tools."""
    living = cpu_s(pid) - _threads_s(pid)
    return sum(_times(pid)[2:]) + living


def _threads_s(pid: int) -> float:
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9


def _times(pid: int) -> list[float]:
    """utime, stime, cutime, cstime (proc(5)), in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return [int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:15]]


STEPS: Final = {"real": real, "mirrored": mirrored, "simulated": simulated}


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=STEPS, help="leave the others out")
    parser.add_argument("--files", type=int, default=FILES, help="in the library of real files")
    parser.add_argument("--scratch", type=Path, help="work here, and keep it")
    arguments = parser.parse_args()
    sizes = {
        "real": arguments.files,
        "mirrored": arguments.files * MIRRORED // FILES,
        "simulated": arguments.files * _GROWTH,
    }
    print(machine(), "", HEAD, RULE, sep="\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="pac-scale-") as temporary:
        scratch = (arguments.scratch or Path(temporary)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        for name in arguments.only or STEPS:
            STEPS[name](scratch, sizes[name])


if __name__ == "__main__":
    main()
