"""The disk of the database fills up under a running daemon, and has room again."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.albums import make_album
from tests.e2e.order import assert_in_order, await_outputs
from tests.e2e.running import Site, until
from tests.machine import small_disk


@pytest.fixture
def full(site: Site) -> Iterator[Path]:
    """The state directory lies on a disk of its own; yields what can fill that."""
    site.settings["audit"] = {"min_free_mib": 0}  # the reserve would keep it from getting so far
    with small_disk(site.state):
        site.configure()
        yield site.state / "filler"


def fill(filler: Path) -> None:
    """Take all the room there is."""
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def test_a_daemon_whose_database_has_no_room_comes_back(site: Site, full: Path) -> None:
    """D3, w18: it says why once, does no harm, begins anew by itself, and still hears SIGTERM."""
    with site.running() as daemon:
        fill(full)
        source = make_album(site.base / "source" / "Artist" / "Album", tracks=1)[0].parent
        shutil.copytree(source, site.library / "Artist" / "Album")
        until(lambda: daemon.events("store_err"), what="for the daemon to meet a full disk")
        full.unlink()
        until(daemon.answers, what="for the daemon to come back")
        await_outputs(site)
        said = daemon.events("store_err")

        assert 0 == daemon.stop()
    assert all(f"The disk of {site.state} is full." in each["reason"] for each in said)
    assert_in_order(site)
    assert 1 == site.once()["counts"]["mirror"]["unchanged"]


def test_a_daemon_that_waits_for_room_can_be_stopped(site: Site, full: Path) -> None:
    """w28, w36: SIGTERM ends the wait, with exit code 0; a reload that comes then does not."""
    with site.running() as daemon:
        fill(full)
        make_album(site.library / "Artist" / "Album", tracks=1)
        until(lambda: daemon.events("store_err"), what="for the daemon to meet a full disk")
        daemon.process.send_signal(signal.SIGHUP)

        assert 0 == daemon.stop()
