"""kill -9 of the daemon, workers and tools at random: every file is old or new, and whole."""

import contextlib
import os
import random
import signal

from tests.audio import encode_pcm, pcm
from tests.e2e.killing import Supply, assert_sound, let_pass, workers_of
from tests.e2e.moments import Part, begun, kill_in
from tests.e2e.order import assert_in_order, masters, output_of
from tests.e2e.running import Pacd, Site, processes_of, until

DAEMON_KILLS = (Part.WORK, Part.START, Part.WALK, Part.STOP, Part.WORK)
WORKER_KILLS = 7
LONGEST_DELAY_S = 0.4


def test_w17_kill_9_at_any_moment_harms_nothing(site: Site) -> None:
    """D3, M12, P5, w17, w25, w26: twelve kills; in the end all work is done, nothing left."""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201  # pytest shows it when this fails
    chance = random.Random(seed)
    second = pcm(1.0)
    source = encode_pcm(site.base / "source.flac", second * 40, level=0)
    supply = Supply(site, source)
    for part in DAEMON_KILLS:
        _kill_a_daemon(supply, part, chance)
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
    assert_sound(site.database)
    counts = site.once()["counts"]
    assert_in_order(site)

    assert (0, len(masters(site))) == (counts["mirror"]["encoded"], counts["mirror"]["unchanged"])


def _kill_a_daemon(supply: Supply, part: Part, chance: random.Random) -> None:
    """Kill one; that it had stopped before, where it was told to, is as good."""
    site = supply.site
    supply.refill()
    with begun(site) as daemon:
        kill_in(part, site, daemon, chance, LONGEST_DELAY_S)
    until(lambda: not processes_of(site), what="for workers and tools to die with their daemon")
    supply.assert_whole()


def _kill_a_worker(supply: Supply, daemon: Pacd, chance: random.Random) -> None:
    site = supply.site
    supply.refill()
    until(lambda: workers_of(site, daemon))
    let_pass(chance, LONGEST_DELAY_S)
    victims = workers_of(site, daemon)
    if victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(victims), signal.SIGKILL)
    supply.assert_whole()

    assert daemon.process.poll() is None, daemon.said()[-4000:]
