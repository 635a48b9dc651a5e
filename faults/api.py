"""Besieges a real daemon's socket for minutes, and counts what was answered and what is left."""

import sys
from collections.abc import Iterator
from typing import Final

from faults.campaign import run
from tests.audio import write_flac
from tests.e2e.running import Pacd, Site, until
from tests.siege import Figures, besieged, descriptors, private_mib

ATTACKERS: Final = 6
CROWD: Final = 1_000
TRACKS: Final = 8

LATE_MS: Final = 1_000.0
"""The slowest of 99 answers in 100 that is no breach while attackers and daemon share two cores."""
FEW: Final = 0.005
"""Who is descheduled between its connect() and its send() may find its place taken."""
MORE_DESCRIPTORS: Final = 3
MORE_MIB: Final = 16.0


class Campaign:
    """One daemon under siege; run() is all of it."""

    def __init__(self, site: Site, seconds: float, seed: int) -> None:
        self._site, self._seconds, self._seed = site, seconds, seed

    def run(self) -> Iterator[str]:
        """Besiege it; print the figures, and yield what was breached."""
        masters = [
            write_flac(self._site.library / f"{number}.flac", seconds=1.0, seed=number)
            for number in range(TRACKS)
        ]
        with self._site.running() as daemon:
            self._site.pacctl("wait")
            self._besieged(5.0, self._seed + 1)
            content = [each.read_bytes() for each in masters]
            before = (descriptors(daemon.pid), private_mib(daemon.pid))
            figures = self._besieged(self._seconds, self._seed)
            yield from self._told(daemon, figures, *before)
            if content != [each.read_bytes() for each in masters]:
                yield "a master has changed"
            if daemon.stop() != 0:
                yield "it did not end well"

    def _besieged(self, seconds: float, seed: int) -> Figures:
        crowd, attackers = CROWD, ATTACKERS
        site = self._site.socket
        return besieged(site, seconds=seconds, seed=seed, attackers=attackers, crowd=crowd)

    def _told(
        self, daemon: Pacd, figures: Figures, open_before: int, mib_before: float
    ) -> Iterator[str]:
        until(lambda: descriptors(daemon.pid) <= open_before + MORE_DESCRIPTORS, what="to close")
        tracebacks = daemon.said().count("Traceback")
        mib = private_mib(daemon.pid)
        print(f"requests, broken in some way    {figures.attacks:,}")
        print(f"connections that hung about     {CROWD:,} at a time")
        print(f"answers nobody had foreseen     {sum(figures.wrong.values())}")
        print(f"whole requests cut off          {figures.cut_off}")
        print(f"tracebacks in the log           {tracebacks}")
        print(f"a good client's questions       {len(figures.answers_ms):,}")
        print(f"  not answered                  {sum(figures.unanswered.values())}")
        print(f"  median, 99 % within, slowest  {figures.median_ms:.0f}, {figures.late_ms:.0f}, "
              f"{max(figures.answers_ms):.0f} ms")  # fmt: skip
        print(f"descriptors                     {open_before} -> {descriptors(daemon.pid)}")
        print(f"private memory                  {mib_before:.1f} -> {mib:.1f} MiB")
        for wrong, example in figures.examples.items():
            yield f"{wrong}: {example[:200]!r}"
        if figures.cut_off > figures.attacks * FEW:
            yield f"{figures.cut_off} whole requests were cut off"
        if tracebacks:
            yield f"{tracebacks} tracebacks in the log"
        if sum(figures.unanswered.values()) > len(figures.answers_ms) * FEW:
            yield f"a good client was not answered: {dict(figures.unanswered)}"
        if figures.late_ms > LATE_MS:
            yield f"one answer in a hundred took more than {figures.late_ms:.0f} ms"
        if mib > mib_before + MORE_MIB:
            yield f"private memory grew from {mib_before:.1f} to {mib:.1f} MiB"


def main() -> int:
    """Run the campaign; return 1 where something was breached."""
    return run(__doc__, lambda *how: Campaign(*how).run())


if __name__ == "__main__":
    sys.exit(main())
