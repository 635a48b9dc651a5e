"""Lets a real pacd live a random life, and proves that all is exact at the end."""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from faults.looking import interrupted
from faults.soak import report
from faults.soak.arrivals import Arrivals
from faults.soak.checkpoint import Comparison, stamps
from faults.soak.life import Life
from faults.soak.mishaps import Mishaps
from faults.soak.model import Model
from faults.soak.recordings import Studio
from faults.soak.site import SoakSite, complain, made_site
from faults.soak.watching import Watcher
from tests.e2e.running import until

REST_S: Final = 240.0
"""How long the daemon may be at work without getting anything done."""

PATIENCE_S: Final = 240.0
"""How long differences may last at rest: what failed is tried again after up to two minutes."""

KILLED_S: Final = 900.0
"""How long what was killed four times in a row may wait: it is tried again after ten minutes."""

MISHAP_IN: Final = 8
"""So many changes come between two mishaps, on average."""

DEADLY: Final = 0.3
"""
The share of a soak in which the daemon may be ended: the life that follows lasts 42 minutes of an
hour, so that it can show whether it grows (report.STEADY_S).
"""

SHOWN: Final = 40


class Soak:
    """One soak; run() is its whole life."""

    def __init__(self, site: SoakSite, seed: int, minutes: float) -> None:
        chance = random.Random(seed)
        staging = site.base / "staging"
        staging.mkdir()
        studio = Studio(site.base / "vault", chance)
        self._site = site
        self._minutes = minutes
        self._chance = chance
        self._model = Model(chance)
        arrivals = Arrivals(site.library, staging, studio, self._model, chance)
        self._life = Life(site.library, arrivals, studio, self._model, chance)
        self._watcher = Watcher(site)
        self._mishaps = Mishaps(site, self._life, self._watcher, chance)
        self._comparison = Comparison(site, self._model, studio)
        self._breaches: list[str] = []
        self._checkpoints = 0

    def run(self) -> bool:
        """Live for so many minutes; return whether nothing was breached."""
        self._watcher.start()
        try:
            begin_s = time.monotonic()
            end_s = begin_s + 60 * self._minutes
            calm_s = begin_s + DEADLY * 60 * self._minutes
            every_s = min(360.0, max(60.0, 60 * self._minutes / 8))
            while time.monotonic() < end_s:
                until_s = min(end_s, time.monotonic() + every_s)
                self._live(until_s, calm_s)
                self._check(f"{(time.monotonic() - begin_s) / 60:.1f} min")
        finally:
            self._life.finish()
            self._mishaps.end()
            self._watcher.end()
        self._look_once_more()
        self._breaches += self._mishaps.breaches + self._watcher.breaches + list(self._grown())
        self._breaches += _said_wrongly(self._site.log)
        print(*self.figures(), sep="\n")
        for breach in self._breaches:
            print(f"BREACH: {breach}")
        return not self._breaches

    def _live(self, until_s: float, calm_s: float) -> None:
        while time.monotonic() < until_s:
            self._life.something()
            if self._chance.randrange(MISHAP_IN) == 0:
                self._mishaps.something(deadly=time.monotonic() < calm_s)
            time.sleep(self._chance.uniform(0, 0.8))

    def _check(self, when: str) -> None:
        """Stop changing things, and hold everything against the model."""
        self._checkpoints += 1
        self._life.finish()
        self._mishaps.calm()
        until(lambda: not interrupted(self._site.database), KILLED_S, what="for what was killed")
        self._await_rest(when)
        if self._let_try_again():
            self._await_rest(when)
        if self._model.unlinked:  # only an audit sees that a file's other name has gone
            self._site.pacctl("scan", "--wait", check=False)
            self._model.unlinked.clear()
        differences = self._await_exactness()
        self._tell(when, differences)
        before = stamps(self._site)
        self._site.pacctl("scan", "--wait", check=False)
        if not differences:
            self._tell(f"{when}, second look", _changes(before, stamps(self._site)))
        if self._accept():
            self._await_rest(when)
        complain(f"{when}: {len(self._model.masters)} masters, {len(self._breaches)} breaches")

    def _await_rest(self, when: str) -> None:
        seen, deadline_s = "", time.monotonic() + REST_S
        while not self._site.got("wait")["idle"]:
            status = self._site.status()
            now = json.dumps([status["counts"], status["queue"]["waiting"]])
            if now != seen:
                seen, deadline_s = now, time.monotonic() + REST_S
            if time.monotonic() > deadline_s:
                queue = json.dumps(self._site.got("queue"))[:4000]
                self._tell(when, [f"the daemon does not come to rest: {queue}"])
                return
            time.sleep(0.2)

    def _await_exactness(self) -> list[str]:
        deadline_s = time.monotonic() + PATIENCE_S
        told: list[str] = []
        while differences := list(self._comparison.differences()):
            if time.monotonic() > deadline_s:
                break
            if differences != told:
                complain(f"waiting for {len(differences)}: {differences[0][:300]}")
            told = differences
            time.sleep(2)
        return differences

    def _tell(self, when: str, differences: list[str]) -> None:
        for each in differences[:SHOWN]:
            complain(f"BREACH at {when}: {each}")
        self._breaches += [f"{when}: {each}" for each in differences]

    def _accept(self) -> bool:
        """Answer what PAC asks when much is gone at once: yes."""
        return self._release("mass-disappearance", "--accept")

    def _release(self, cause: str, *how: str) -> bool:
        """Answer all holds of a cause; return whether there were any."""
        held = [hold for hold in self._site.holds().values() if hold["cause"] == cause]
        for hold in held:
            self._site.try_pacctl("release", str(hold["id"]), *how)
        return bool(held)

    def _let_try_again(self) -> bool:
        """
        Answer whether another program undoes what PAC does: no, these were other recordings.

        One that PAC itself undid would be held once more, and be told.
        """
        return self._release("rewritten-too-often")

    def _look_once_more(self) -> None:
        """A run of its own must find nothing left to do."""
        before = stamps(self._site)
        done = self._site.pacd("--once")
        if done.returncode not in {0, 2}:
            self._breaches.append(
                f"pacd --once ended with {done.returncode}: {done.stderr[-2000:]}"
            )
        self._tell("pacd --once at the end", _changes(before, stamps(self._site)))

    def _grown(self) -> Iterator[str]:
        for number, span in enumerate(self._watcher.spans, start=1):
            if span.lasted_s > 4 * report.WARM_UP_S:
                yield from (f"in life {number} {each}" for each in report.growth(span))
        yield from report.unknown(self._watcher.spans, self._minutes)
        slowest_s = max(self._watcher.answered_s, default=0.0)
        if slowest_s > report.STATUS_S:
            yield f"status took {slowest_s:.1f} s"

    def figures(self) -> list[str]:
        """What it came to, as tables in Markdown."""
        watcher, mishaps = self._watcher, self._mishaps
        stops_s = mishaps.stops_s
        rows = {
            "minutes": f"{self._minutes:g}",
            "changes": f"{sum(self._life.done.values())}: {report.of_counts(self._life.done)}",
            "mishaps": f"{sum(mishaps.done.values())}: {report.of_counts(mishaps.done)}",
            "lives of the daemon": str(len(watcher.spans)),
            "overflows of the event queue": str(watcher.overflows),
            "checkpoints": str(self._checkpoints),
            "masters compared": str(self._comparison.masters),
            "outputs compared": str(self._comparison.outputs),
            "answers of status": report.of_answers(watcher.answered_s),
            "orderly stops": f"{len(stops_s)}, slowest {max(stops_s, default=0):.1f} s",
            "breaches": str(len(self._breaches)),
        }
        table = [f"| {name} | {value} |" for name, value in rows.items()]
        return ["| | |", "|---|---|", *table, "", *report.of_lives(watcher.spans)]


def _changes(before: dict[Path, Any], after: dict[Path, Any]) -> list[str]:
    """What a look that should change nothing has changed."""
    changed = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    return [
        f"{path!r} was {_how(is_new=path not in before, is_gone=path not in after)}"
        for path in sorted(changed)
        if not path.is_dir() or path not in before
    ]


def _how(*, is_new: bool, is_gone: bool) -> str:
    return "made" if is_new else "removed" if is_gone else "changed"


def _said_wrongly(log: Path) -> Iterator[str]:
    """Yield what the log says that no log should: lines that are no JSON, and accidents (w30)."""
    wrong: Counter[str] = Counter()
    for line in log.read_bytes().splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            wrong[f"no JSON in the log: {line[:300]!r}"] += 1
            continue
        if "ResourceWarning" in str(said.get("exception")):  # an import that SIGTERM cut short
            continue
        if said.get("exception") or "Traceback" in json.dumps(said):
            wrong[f"an accident in the log: {json.dumps(said)[:3000]}"] += 1
    yield from (f"{what} ({number} times)" for what, number in wrong.items())


def main() -> int:
    """Run what the arguments say; 1 when something was breached."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--scratch", type=Path, help="work below this folder")
    parser.add_argument("--write", action="store_true", help="refresh docs/reliability.md")
    parser.add_argument("--keep", action="store_true", help="leave everything there at the end")
    arguments = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="pac-soak-", dir=arguments.scratch))
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # so that disks go too
    complain(f"seed {arguments.seed}, in {base}")
    with made_site(base, arguments.minutes) as site:
        soak = Soak(site, arguments.seed, arguments.minutes)
        well = soak.run()
    if arguments.write:
        report.write(soak.figures())
    if well and not arguments.keep:
        shutil.rmtree(base)
    return 0 if well else 1


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "default"
    sys.exit(main())
