"""A daemon whose state directory somebody removes: it says so, puts it back, and goes on."""

import shutil

from tests.e2e.albums import make_album
from tests.e2e.running import Site, until


def test_w23_a_daemon_puts_its_state_back_and_begins_anew(site: Site) -> None:
    """w23, S4, w57: in the same process, with all that it knew: nothing is tested again."""
    make_album(site.library / "A")
    with site.running(WATCHDOG_USEC="2000000") as daemon:  # a heartbeat each second
        until(lambda: site.status()["state"] == "watching", what="for rest")
        tested = len(daemon.events("flac_test_ok"))
        shutil.rmtree(site.state)
        until(site.database.exists, what="for the database to be put back")
        until(lambda: len(daemon.events("ready")) == 2, what="for the daemon to begin anew")
        until(lambda: site.status()["state"] == "watching", what="for rest again")

        assert tested == len(daemon.events("flac_test_ok")) > 0
        assert daemon.pid == site.status()["pid"]
