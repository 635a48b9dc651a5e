"""
Scale: 100,000 real files from the first test to a storm of changes; 1,000,000 on record.

Exits with 1 where something was lost or done again, where the daemon took more memory than its
scene may, or where answers came too late; bench.step tells which of those prove nothing.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.asking import asked, peak_mib, status
from bench.audits import installed
from bench.installation import SETTLE_S, Installation, Library, wait_until
from bench.report import machine
from bench.step import HEAD, RULE, Clock, Step
from bench.storms import FILES_PER_FOLDER, change, folder_of, lost, rename_folders, rewritten
from bench.tracks import make_tracks
from pacctl.client import Client
from pacctl.failure import Failure

FILES: Final = 100_000
MIRRORED: Final = 10_000
_GROWTH: Final = 10

# A third above what was measured at full size (docs/reliability.md): 1 KiB kept for each of 100,000
# files that changed breaches it (98 MiB), what two runs differed by does not (15 MiB).
REAL_MIB: Final = 224.0
"""154 MiB were measured with 100,000 files."""

MIRRORED_MIB: Final = 160.0
"""74 MiB were measured with 800 files; 10,000 take no more than 100,000 without a mirror do."""

SIMULATED_MIB: Final = 320.0
"""189 MiB were measured with 1,000,000 on record, 243 once 100,000 of them had moved."""


class Run:
    """One daemon, step by step."""

    def __init__(self, installation: Installation, files: int, most_mib: float) -> None:
        """
        Args:
            most_mib: What its daemon may hold at its worst.
        """
        self.installation = installation
        self.files = files
        self.most_mib = most_mib
        self.broken: list[str] = []

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
        step = Step(what, self.files, self.most_mib)
        before, began_s = Clock.of(pid), time.perf_counter()
        with asked(self.installation) as step.answers:
            work()
            time.sleep(4 * SETTLE_S)  # the watcher tells a moment later
            while not Client(str(self.installation.socket)).get("wait", {"for": 30}).document.idle:
                pass
        step.elapsed_s = time.perf_counter() - began_s
        Clock.of(pid).read_into(step, before)
        step.peak_mib = peak_mib(pid)
        print(step.line, flush=True)
        for claim, holds in step.claims():
            self.require(claim, holds=holds)
        return step

    def require(self, claim: str, *, holds: bool) -> None:
        """Say what is so; keep in mind what is not, for the end."""
        if holds:
            print(f"<!-- {claim} -->", flush=True)
            return
        self.broken.append(claim)
        print(f"**{claim}: not so; {status(self.installation).counts}**", flush=True)

    def count(self, name: str, kind: str = "library") -> int:
        """One count of the status."""
        return int(status(self.installation).counts[kind][name])

    def jobs(self, kind: str) -> int:
        """How many jobs of a kind have ended since the daemon's start, whatever they came to."""
        told = Client(str(self.installation.socket)).get("metrics").text
        ended = rf'^pacd_jobs_total\{{kind="{kind}",result="\w+"\}} (\d+)$'
        numbers = re.findall(ended, told, re.MULTILINE)
        if not numbers:
            raise SystemExit(f"the daemon does not count its jobs of {kind}")
        return sum(map(int, numbers))

    def _answers(self) -> bool:
        try:
            status(self.installation)
        except Failure:
            return False
        return True


def real(scratch: Path, files: int) -> Run:
    """First audit and tests, restart, a storm: of files that flac tests, with nothing to encode."""
    place = scratch / f"real-{files}"
    shutil.rmtree(place, ignore_errors=True)
    make_tracks(place / "library", files, folder_of)
    run = Run(Installation(place), files, REAL_MIB)
    run.installation.configure(Library("large", place / "library"))
    time.sleep(SETTLE_S)
    with run.daemon() as pid:
        run.step(pid, f"first audit, all {files:,} tested")
        run.require(f"{files:,} tested", holds=run.count("tested_ok") == files)
        run.require("each tested once", holds=run.jobs("test") == files)
    with run.daemon() as pid:
        run.step(pid, "start again, audit of all unchanged")
        run.require("nothing tested again after the start", holds=run.jobs("test") == 0)
        run.step(pid, f"storm of {files:,} changes", lambda: change(place / "library", files))
        run.require("nothing lost in the storm", holds=not lost(run.installation, files))
        run.require("what changed tested once", holds=run.jobs("test") <= rewritten(files))
    return run


def mirrored(scratch: Path, files: int) -> Run:
    """With a mirror: first ingest, then the database is lost, and rebuilt by one audit."""
    place = scratch / f"mirrored-{files}"
    shutil.rmtree(place, ignore_errors=True)
    make_tracks(place / "library", files, folder_of)
    (place / "opus").mkdir()
    run = Run(Installation(place), files, MIRRORED_MIB)
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
    return run


def simulated(scratch: Path, files: int) -> Run:
    """Files of no content, on record as at rest: start, audit, a tenth of them moved."""
    run = Run(installed(scratch, files, mirrored=False), files, SIMULATED_MIB)
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
        run.require("nothing tested again", holds=run.jobs("test") == 0)
    return run


STEPS: Final = {"real": real, "mirrored": mirrored, "simulated": simulated}


def main() -> int:
    """Run what the arguments say; 1 where something is not as it is claimed."""
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
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="pac-scale-") as temporary:
        scratch = (arguments.scratch or Path(temporary)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        for name in arguments.only or STEPS:
            broken += STEPS[name](scratch, sizes[name]).broken
    for claim in broken:
        print(f"NOT SO: {claim}", file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
