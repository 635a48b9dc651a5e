"""The daemon is told to stop while it starts: a migration may take up to an hour (w28, w35)."""

import os
import signal
from shutil import which

import pytest

from pacd.files.lock import Lock
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


def slow_flac(site: Site) -> str:
    """A $PATH with a flac that waits as long as somebody holds the pipe, where there is one."""
    programs, held = site.base / "bin", site.base / "held"
    programs.mkdir()
    flac = programs / "flac"
    flac.write_text(f'#!/bin/sh\n[ -p {held} ] && read _ <{held}\nexec {which("flac")} "$@"\n')
    flac.chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


@BOTH
def test_w28_a_stop_while_programs_are_looked_for(site: Site, number: signal.Signals) -> None:
    """D2: what was not begun is not begun: no database is made, nothing migrated."""
    held, path = site.base / "held", slow_flac(site)
    os.mkfifo(held)
    with started(site, PATH=path) as daemon:
        with held.open("wb"):  # it is asked for its version
            daemon.process.send_signal(number)
            hears(daemon)
            held.unlink()

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
    held, path = site.base / "held", slow_flac(site)
    with site.running(PATH=path, NOTIFY_SOCKET=manager.path) as daemon:
        os.mkfifo(held)
        daemon.process.send_signal(signal.SIGHUP)
        with held.open("wb"):
            daemon.process.send_signal(signal.SIGTERM)
            manager.await_after(0, "STOPPING=1")
            held.unlink()

        assert 0 == daemon.process.wait(STOP_S)
    assert [] == [event for event in daemon.events() if event["level"] == "error"]
