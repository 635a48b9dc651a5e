"""The real daemon among clients that mean no good."""

import random

from tests.audio import write_flac
from tests.e2e.running import Site, until
from tests.siege import besieged, descriptors, private_mib


def test_w45_a_siege_harms_nobody(site: Site) -> None:
    """
    w45: nonsense, half requests and a crowd that says nothing, while a monitor asks on.

    Each answer is foreseen and a document, the monitor has its own within moments, and after it
    all nothing is left: no descriptor, no memory, no traceback; and the file is as it was.
    """
    master = write_flac(site.library / "01.flac", seconds=0.2)
    with site.running() as daemon:
        site.pacctl("wait")
        before = descriptors(daemon.pid)
        besieged(site.socket, seconds=0.5, seed=1, attackers=2, crowd=30)
        warm_mib, content = private_mib(daemon.pid), master.read_bytes()

        figures = besieged(
            site.socket, seconds=2.5, seed=random.randrange(2**32), attackers=3, crowd=200
        )

        assert {} == figures.wrong, figures.examples
        assert figures.attacks > 50
        assert figures.cut_off <= figures.attacks // 50
        assert sum(figures.unanswered.values()) <= max(1, len(figures.answers_ms) // 50)
        assert figures.median_ms < 1_000  # not starved; what it takes is in docs/reliability.md
        until(lambda: descriptors(daemon.pid) <= before + 2, what="for the descriptors")
        assert private_mib(daemon.pid) < warm_mib + 16
        assert "Traceback" not in daemon.said()
        assert [] == [each for each in daemon.events() if each["level"] in {"error", "critical"}]
        assert content == master.read_bytes()
        assert 0 == daemon.stop()
