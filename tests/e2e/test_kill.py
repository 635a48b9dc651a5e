"""kill -9 of the daemon, workers and tools at random: every file is old or new, and whole."""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from pacd.files.opus import read_comments, read_opus
from tests.audio import Art, dress, encode_pcm, pcm, png, stated_md5
from tests.e2e.albums import album_tags
from tests.e2e.order import assert_in_order, masters, output_of
from tests.e2e.running import Pacd, Site, command_of, processes_of, until

DAEMON_KILLS = 20
WORKER_KILLS = 30
LONGEST_DELAY_S = 0.4
AHEAD = 3
"""Masters that must still be without an output when somebody is killed: there is work to hit."""


@dataclass
class Supply:
    """
    Gives the library another album whenever it runs out of work, and knows what is whole.

    Attributes:
        originals: Digests of the files as they were dropped in.
        whole: Identities of files that were found whole: they need no second look.
    """

    site: Site
    source: Path
    given: int = 0
    originals: set[str] = field(default_factory=set)
    whole: set[tuple[int, int, int]] = field(default_factory=set)

    def refill(self) -> None:
        """Copy in albums of one track until there is work ahead."""
        waiting = [each for each in masters(self.site) if not output_of(self.site, each).exists()]
        for _number in range(AHEAD - len(waiting)):
            self.given += 1
            master = self.site.library / "Artist" / f"Album {self.given}" / "01 - Träck.flac"
            master.parent.mkdir(parents=True)
            draft = self.site.base / "draft.flac"
            shutil.copyfile(self.source, draft)
            dress(draft, album_tags(master.parent, 1), [Art(png(20, 20, seed=self.given))])
            self.originals.add(_digest(draft))
            draft.rename(master)

    def assert_whole(self) -> None:
        """Every master is as it was or a sound new one; every output is whole."""
        for master in masters(self.site):
            if self._is_news(master) and _digest(master) not in self.originals:
                subprocess.run(
                    ["flac", "--test", "--silent", "--warnings-as-errors", master], check=True
                )

                assert stated_md5(self.source) == stated_md5(master)
        for output in self.site.mirror.rglob("*.opus"):
            if self._is_news(output):
                assert read_opus(output).complete, output
                assert ("PAC_SRC_MD5", stated_md5(self.source)) in read_comments(output).pairs

    def _is_news(self, path: Path) -> bool:
        seen = path.stat()
        identity = (seen.st_ino, seen.st_size, seen.st_ctime_ns)
        news = identity not in self.whole
        self.whole.add(identity)
        return news and not path.name.startswith(".pacd-")


def _digest(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324  # no secret


def test_w17_kill_9_at_any_moment_harms_nothing(site: Site) -> None:
    """D3, M12, P5, w17, w25, w26: fifty kills, and in the end all work is done, nothing is left."""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201  # pytest shows it when this fails
    chance = random.Random(seed)
    second = pcm(1.0)
    source = encode_pcm(site.base / "source.flac", second * 40, level=0)
    supply = Supply(site, source)
    for _kill in range(DAEMON_KILLS):
        _kill_a_daemon(supply, chance)
    with site.running() as daemon:
        for _kill in range(WORKER_KILLS):
            _kill_a_worker(supply, daemon, chance)
        until(lambda: all(output_of(site, each).exists() for each in masters(site)))
        site.pacctl("wait")
        status = site.status()

        assert {"error": 0, "suspect": 0, "notice": 0} == status["holds"], site.holds()
        assert [] == status["problems"]
        assert 0 == daemon.stop()
    until(lambda: not processes_of(site))
    _assert_sound(site.database)
    counts = site.once()["counts"]
    assert_in_order(site)

    assert (0, len(masters(site))) == (counts["mirror"]["encoded"], counts["mirror"]["unchanged"])


def _kill_a_daemon(supply: Supply, chance: random.Random) -> None:
    site = supply.site
    supply.refill()
    with site.running() as daemon:
        until(lambda: _workers(site, daemon))
        _let_pass(chance)
        daemon.kill()
    until(lambda: not processes_of(site), what="for workers and tools to die with their daemon")
    supply.assert_whole()


def _kill_a_worker(supply: Supply, daemon: Pacd, chance: random.Random) -> None:
    site = supply.site
    supply.refill()
    until(lambda: _workers(site, daemon))
    _let_pass(chance)
    victims = _workers(site, daemon)
    if victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(victims), signal.SIGKILL)
    supply.assert_whole()

    assert daemon.process.poll() is None, daemon.said()[-4000:]


def _workers(site: Site, daemon: Pacd) -> list[int]:
    """Workers and their tools; multiprocessing's own tracker is none."""
    return [
        pid
        for pid in processes_of(site)
        if pid != daemon.pid and "resource_tracker" not in command_of(pid)
    ]


def _let_pass(chance: random.Random) -> None:
    """The moment is what is random."""
    end_s = time.monotonic() + chance.uniform(0, LONGEST_DELAY_S)
    until(lambda: time.monotonic() > end_s)


def _assert_sound(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        assert [] == connection.execute("PRAGMA foreign_key_check").fetchall()
