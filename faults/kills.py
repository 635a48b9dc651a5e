"""
kill -9 at random moments, of the daemon and of its workers, while all that it does goes on.

Two of three kills of the daemon come while its workers are busy, every third in another part of
its life: while it starts, at its first walk, at rest, after it was told to stop.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.campaign import made_site
from faults.looking import interrupted, temporaries
from faults.trials import Tally
from pacd.errors import FailureKind
from pacd.files import recycle
from tests.audio import encode_pcm, pcm, stated_md5
from tests.e2e.killing import Supply, assert_sound, let_pass, workers_of
from tests.e2e.moments import PATIENCE_S, SILENT, Part, begun, kill_in
from tests.e2e.order import assert_in_order, files_below, masters, output_of
from tests.e2e.running import Pacd, Site, processes_of, until
from tests.integration.steps.masters import resampled

LONGEST_DELAY_S: Final = 1.0
"""Within which a kill comes once the daemon has workers."""

_WORKERS_EACH: Final = 4
"""Kills of a worker for as many of the daemon: one."""

_OTHER_PARTS: Final = tuple(part for part in Part if part is not Part.WORK)
_OTHERS_EACH: Final = 3
"""One kill in so many comes in one of them, in turn."""

_MEANT: Final = {Part.START: SILENT, Part.WALK: "scanning", Part.IDLE: "watching"}
"""The state in which a kill of a part finds a daemon, now and then at least."""

_MANY: Final = 100
"""So many kills that none of these is missed by mere chance: eight in each part."""

_TRIES: Final = 6
"""For one kill, each sooner: a daemon that is told to stop may be gone before it is killed."""

_BITRATES_KBPS: Final = (32, 40, 48)


@dataclass
class Unrest(Supply):
    """
    An owner who never rests: masters come, go, are moved and retagged, and wishes change.

    Attributes:
        hires: A master above CD form; what becomes of it has one audio MD5 and no other.
        hires_given: How many copies of it.
    """

    hires: Path = field(default_factory=Path)
    hires_given: int = 0

    def stir(self, chance: random.Random) -> None:
        """Do one thing that owners do."""
        self.refill()
        settled = [each for each in masters(self.site) if output_of(self.site, each).exists()]
        deeds = (self._rate_up, self._retag, self._move, self._remove, self._wish)
        chance.choice(deeds)(chance, settled)

    def _rate_up(self, _chance: random.Random, _settled: list[Path]) -> None:
        self.hires_given += 1
        self.give(self.hires)

    def _retag(self, chance: random.Random, settled: list[Path]) -> None:
        if settled:
            master = chance.choice(settled)
            with contextlib.suppress(FileNotFoundError):
                self.put(master, master, {"COMMENT": str(chance.random())})

    def _move(self, chance: random.Random, settled: list[Path]) -> None:
        if settled:
            folder = chance.choice(settled).parent
            folder.rename(folder.with_name(f"Moved {chance.random()}"))

    def _remove(self, chance: random.Random, settled: list[Path]) -> None:
        """Take an album away; of what was above CD form none, for the count in the end."""
        plain = [each for each in settled if stated_md5(each) == stated_md5(self.source)]
        if plain:
            shutil.rmtree(chance.choice(plain).parent)

    def _wish(self, chance: random.Random, _settled: list[Path]) -> None:
        if chance.random() < 1 / len(_BITRATES_KBPS):  # all outputs are made anew
            self.site.change("mirror", bitrate_kbps=chance.choice(_BITRATES_KBPS))

    def assert_nothing_lost(self) -> None:
        """Each original above CD form stands in its place still, or lies in the bin, whole."""
        md5 = stated_md5(self.hires)
        standing = [each for each in masters(self.site) if stated_md5(each) == md5]
        lying = [
            recycle.place_of(self.site.library, recycled)
            for recycled, whole in recycle.contents(self.site.library)
            if whole
        ]
        assert self.hires_given == len([*standing, *lying]), (self.hires_given, standing, lying)
        for path in lying:
            subprocess.run(["flac", "--test", "--silent", path], check=True)
            assert md5 == stated_md5(path), path


def run(place: Path, tally: Tally, kills: int) -> None:
    """
    Kill a daemon so often, then its workers, and hold all files against what was promised.

    Args:
        place: An empty folder.
    """
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    try:
        with _sited(place) as site:
            unrest = _unrest(site)
            for number in range(kills):
                _kill_a_daemon(unrest, part_of(number), chance, tally)
            _finish(unrest, chance, tally, kills // _WORKERS_EACH)
        if kills >= _MANY:
            tally.wrong += missed(tally)
    except (AssertionError, subprocess.CalledProcessError) as error:
        tally.lost += 1
        tally.wrong.append(f"kills, seed {seed}: {error}\n{traceback.format_exc(limit=-2)}")


def _unrest(site: Site) -> Unrest:
    source = encode_pcm(site.base / "source.flac", pcm(1.0) * 20, level=0)
    samples = pcm(0.5, rate=48_000, bits=24) * 10
    hires = encode_pcm(site.base / "hires.flac", samples, rate=48_000, bits=24, level=0)
    unrest = Unrest(site, source, hires=hires)
    trial = site.base / "trial"
    trial.mkdir()
    made = resampled(Path(shutil.copy(hires, trial / "trial.flac")))
    unrest.sound |= {stated_md5(hires), made.track.audio_md5}
    shutil.rmtree(trial)
    return unrest


def missed(tally: Tally) -> list[str]:
    """Tell of every part of a daemon's life that no kill has met."""
    met = {(part, state) for (part, state), number in tally.came.items() if number}
    return [
        f"no kill came while a daemon was {state}, which is its {part}"
        for part, state in _MEANT.items()
        if (part, state) not in met
    ]


def part_of(number: int) -> Part:
    """In which part of a daemon's life a kill comes; the moment in it is random."""
    turn, rest = divmod(number, _OTHERS_EACH)
    return Part.WORK if rest else _OTHER_PARTS[turn % len(_OTHER_PARTS)]


def _kill_a_daemon(unrest: Unrest, part: Part, chance: random.Random, tally: Tally) -> None:
    """Kill one; where it was gone before, another one."""
    for number in range(_TRIES):
        state = _killed(unrest, part, chance, LONGEST_DELAY_S / 2**number)
        until(lambda: not processes_of(unrest.site), what="for workers and tools to die with it")
        _look(unrest, tally)
        if state:
            tally.kills += 1
            tally.came[part, state] += 1
            return
    raise AssertionError(f"{_TRIES} daemons had gone before they were killed: {part}")


def _killed(unrest: Unrest, part: Part, chance: random.Random, longest_s: float) -> str | None:
    site = unrest.site
    unrest.stir(chance)
    with begun(site) as daemon:
        if part is Part.WORK and chance.random() < 1 / 2:
            daemon.await_socket()
            until(lambda: workers_of(site, daemon), PATIENCE_S)
            unrest.stir(chance)
            daemon.process.send_signal(signal.SIGHUP)
        return kill_in(part, site, daemon, chance, longest_s)


def _finish(unrest: Unrest, chance: random.Random, tally: Tally, kills: int) -> None:
    """Kill workers of one daemon; then let it bring all in order, and find nothing more to do."""
    site = unrest.site
    with site.running() as daemon:
        for _kill in range(kills):
            unrest.stir(chance)
            _kill_a_worker(unrest, daemon, chance)
            tally.kills += 1
            _look(unrest, tally)
        _await_order(site)
        until(lambda: not interrupted(site.database), PATIENCE_S, what="for what was killed")
        site.pacctl("wait")
        assert site.status()["holds"] == {"error": 0, "suspect": 0, "notice": 0}, site.holds()
        assert daemon.stop() == 0
    until(lambda: not processes_of(site))
    assert_sound(site.database)
    site.once()
    assert_in_order(site)
    unrest.assert_nothing_lost()
    left = temporaries(site.base)
    tally.temporaries += len(left)
    tally.wrong += left
    counts = site.once()["counts"]
    work = [counts["mirror"]["encoded"], counts["library"]["recompressed"]]
    work += [counts["library"]["resampled"], counts["library"]["tested_ok"]]
    tally.duplicates += sum(work)
    assert not any(work), f"the start after all was done was not idle: {counts}"
    tally.files += len(masters(site))


def _await_order(site: Site) -> None:
    """Wait for all outputs; where they do not come, tell which, and what the daemon says of it."""
    try:
        until(lambda: _in_order(site), PATIENCE_S, what="for all outputs")
    except AssertionError as error:
        problems = site.status()["problems"]
        told = f"{unrest_left(site)}\nholds {site.holds()}\nproblems {problems}"
        raise AssertionError(f"{error}: {told}") from error


def _in_order(site: Site) -> bool:
    """Whether all outputs are there; what was killed five times in a row is let try again."""
    for hold in site.holds().values():
        if hold["evidence"].get("failure") == FailureKind.INTERRUPTED.value:
            site.pacctl("release", str(hold["id"]))
    return not unrest_left(site)


def unrest_left(site: Site) -> list[Path]:
    """Masters without an output, and outputs without a master."""
    wanted = {output_of(site, each) for each in masters(site)}
    return sorted(wanted ^ set(files_below(site.mirror, "[!.]*.opus")))


def _kill_a_worker(unrest: Unrest, daemon: Pacd, chance: random.Random) -> None:
    until(lambda: workers_of(unrest.site, daemon), PATIENCE_S)
    let_pass(chance, LONGEST_DELAY_S)
    victims = workers_of(unrest.site, daemon)
    if victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(victims), signal.SIGKILL)
    assert daemon.process.poll() is None, daemon.said()[-2000:]


def _look(unrest: Unrest, tally: Tally) -> None:
    before = len(unrest.whole)
    with contextlib.suppress(FileNotFoundError):  # a daemon that lives moves what is looked at
        unrest.assert_whole()
    tally.files += len(unrest.whole) - before


@contextmanager
def _sited(place: Path) -> Iterator[Site]:
    with made_site(place) as site:
        site.settings["watch"] = {"settle_s": 0.2}
        site.settings["audit"] = {"min_free_mib": 1}
        site.settings["authenticity"] = {"enabled": False}
        site.mirror_settings |= {"prune": True, "bitrate_kbps": _BITRATES_KBPS[0]}
        site.configure()
        yield site
