"""Starts that take long: of a database in use, and again on a disk that fails."""

import signal

from tests.e2e.albums import make_album
from tests.e2e.running import STOP_S, Site, until
from tests.e2e.starting import hears, locked, started, waits_for
from tests.mounts import ext4


def test_w28_a_stop_is_kept_in_mind_when_the_database_is_of_no_use(site: Site) -> None:
    """D2, D3: nothing is tried again after a stop: not every ten seconds for ever."""
    with site.running():
        pass  # makes the database
    with locked(site.database), started(site) as daemon:
        waits_for(daemon, site.database)
        daemon.process.send_signal(signal.SIGTERM)
        hears(daemon)

        assert 0 == daemon.process.wait(STOP_S), daemon.said()
    assert ["stopping", "store_err"] == [event["event"] for event in daemon.events()]


def test_w18_a_daemon_whose_disk_fails_tries_again(site: Site) -> None:
    """D3, w18: after EIO, which the lock meets too, it says so, lives on, and hears SIGTERM."""
    with ext4(site.base, place=site.state) as disk, site.running() as daemon:
        disk.fail()
        make_album(site.library / "Artist" / "Album", tracks=1)
        until(lambda: len(daemon.events("store_err")) == 2, what="for it to try again")

        assert 0 == daemon.stop()
    last = daemon.events("store_err")[-1]["reason"]

    assert f"{site.state}/pacd.lock cannot be locked: Input/output error. Look for" in last
    assert "Traceback" not in daemon.said()
