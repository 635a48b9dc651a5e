"""The disk of the database fills up or fails under a running daemon, and is good again."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.albums import make_album
from tests.e2e.manager import Manager
from tests.e2e.order import assert_in_order, await_outputs
from tests.e2e.running import Site, until
from tests.machine import fill, small_disk


@pytest.fixture
def full(site: Site) -> Iterator[Path]:
    """The state directory lies on a disk of its own; yields what can fill that."""
    site.settings["audit"] = {"min_free_mib": 0}  # the reserve would keep it from getting so far
    with small_disk(site.state):
        site.configure()
        yield site.state / "filler"


def test_a_daemon_whose_database_has_no_room_comes_back(
    site: Site, full: Path, manager: Manager
) -> None:
    """D3, w18, w35: it says why once, does no harm, begins anew by itself, hears SIGTERM."""
    with site.running(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="180000000") as daemon:
        fill(full)
        source = make_album(site.base / "source" / "Artist" / "Album", tracks=1)[0].parent
        shutil.copytree(source, site.library / "Artist" / "Album")
        until(lambda: daemon.events("store_err"), what="for the daemon to meet a full disk")
        full.unlink()
        until(daemon.answers, what="for the daemon to come back")
        await_outputs(site)
        waiting = manager.await_after(0, "STATUS=Waiting for the disk")
        again = manager.await_after(waiting, "READY=1")
        said = daemon.events("store_err")

        assert 0 == daemon.stop()
    # systemd watches on meanwhile, and takes that for a ping (tests/thorough/test_booted.py).
    assert any(each.startswith("EXTEND_TIMEOUT_USEC=") for each in manager.told[waiting:again])
    assert all(f"The disk of {site.state} is full." in each["reason"] for each in said)
    assert_in_order(site)
    assert 1 == site.once()["counts"]["mirror"]["unchanged"]


@pytest.mark.parametrize("arguments", [(), ("--once",), ("--restore-backup",)])
def test_d3_a_start_on_a_disk_that_is_read_only_says_so(
    site: Site, full: Path, arguments: tuple[str, ...]
) -> None:
    """D3, 1.1: no pacd starts without its lock: exit 1, and one line with the place and the fix."""
    subprocess.run(["mount", "-o", "remount,ro", full.parent], check=True)
    done = site.pacd(*arguments)

    assert (1, "") == (done.returncode, done.stdout)
    assert (
        f"pacd: {site.state}/pacd.lock cannot be locked: Read-only file system. "
        "Make its file system writable again. Or: Set [daemon] state_dir to a directory the "
        "daemon's user can write.\n"
    ) == done.stderr


def test_a_daemon_that_waits_for_room_can_be_stopped(site: Site, full: Path) -> None:
    """w28, w36: SIGTERM ends the wait, with exit code 0; a reload that comes then does not."""
    with site.running() as daemon:
        fill(full)
        make_album(site.library / "Artist" / "Album", tracks=1)
        until(lambda: daemon.events("store_err"), what="for the daemon to meet a full disk")
        daemon.process.send_signal(signal.SIGHUP)

        assert 0 == daemon.stop()
