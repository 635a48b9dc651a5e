"""The daemon is told to stop while it starts: a migration may take up to an hour (w28, w35)."""

import signal

import pytest

from pacd.files.lock import Lock
from tests.e2e.barriers import Barrier
from tests.e2e.manager import Manager
from tests.e2e.running import STOP_S, Pacd, Site
from tests.e2e.starting import hears, locked, started, waits_for

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def assert_stopped_in_order(site: Site, daemon: Pacd) -> None:
    """It ends with 0, was never ready, has nothing to complain of, and leaves the lock free."""
    assert 0 == daemon.process.wait(STOP_S), daemon.said()
    Lock.take(site.state / "pacd.lock", "once").release()
    told = [event["event"] for event in daemon.events() if event["event"] != "state"]

    assert ["stopping", "stopped"] == told
    assert not site.socket.exists()


@BOTH
def test_w28_a_stop_while_programs_are_looked_for(site: Site, number: signal.Signals) -> None:
    """D2: what was not begun is not begun: no database is made, nothing migrated."""
    barrier = Barrier(site, "flac")
    with started(site, PATH=barrier.path) as daemon:
        with barrier.met():  # it is asked for its version
            daemon.process.send_signal(number)
            hears(daemon)

        assert_stopped_in_order(site, daemon)
    assert not site.database.exists()


@BOTH
def test_w28_a_stop_while_the_database_is_opened(site: Site, number: signal.Signals) -> None:
    """D2: what was begun is ended first, as a migration would be; a second signal is no harm."""
    with site.running():
        pass  # makes the database
    with locked(site.database) as other, started(site) as daemon:
        waits_for(daemon, site.database)
        daemon.process.send_signal(number)
        hears(daemon)
        daemon.process.send_signal(number)
        other.execute("ROLLBACK")

        assert_stopped_in_order(site, daemon)


def test_w36_a_reload_that_a_stop_overtakes_is_no_error(site: Site, manager: Manager) -> None:
    """D2: SIGHUP shortly before SIGTERM: nothing was refused, and nothing is said of it."""
    barrier = Barrier(site, "flac", down=False)
    with site.running(PATH=barrier.path, NOTIFY_SOCKET=manager.path) as daemon:
        barrier.go_down()
        daemon.process.send_signal(signal.SIGHUP)
        with barrier.met():
            daemon.process.send_signal(signal.SIGTERM)
            manager.await_after(0, "STOPPING=1")

        assert 0 == daemon.process.wait(STOP_S)
    assert [] == [event for event in daemon.events() if event["level"] == "error"]
