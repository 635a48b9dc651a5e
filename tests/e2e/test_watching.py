"""A real pacd whose sight fails: too few watches, no instance, lost events; nothing is missed."""

import os
import shutil
import signal
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pacd.daemon import POLL_EVERY
from pacd.intake.limits import ROOMY
from tests import kernel
from tests.e2e.albums import make_album
from tests.e2e.order import assert_in_order, await_outputs
from tests.e2e.running import QUICK, Pacd, Site, until

FOLDERS = 60


def own_limits(**limits: int) -> list[str]:
    """Start what follows in a user namespace with limits of its own (user_namespaces(7))."""
    lines = [f"echo {number} > /proc/sys/user/{name}" for name, number in limits.items()]
    command = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    return [*command, " && ".join([*lines, 'exec "$@"']), "sh"]


def grant(daemon: Pacd, **limits: int) -> None:
    """Raise limits in the namespace of a daemon."""
    command = ["nsenter", "--user", "--preserve-credentials", "-t", str(daemon.pid), "sh", "-c"]
    for name, number in limits.items():
        subprocess.run([*command, f"echo {number} > /proc/sys/user/{name}"], check=True)


def watches(daemon: Pacd) -> int:
    """How many folders it watches, by the kernel's account; one is its own, for the canary."""
    return len(kernel.watches(Path(f"/proc/{daemon.pid}"))) - 1


def folders(root: Path) -> int:
    return 1 + sum(path.is_dir() for path in root.rglob("*"))


def problems(site: Site) -> list[Any]:
    found: list[Any] = site.status()["problems"]
    return found


def seen(site: Site) -> tuple[int, int]:
    watch = site.status()["watch"]
    return (watch["watched"], watch["directories"])


def pause_between_audits(status: Any) -> timedelta:
    audit = status["audit"]
    begin, end = audit["last_finished"], audit["next"]
    return datetime.fromisoformat(end) - datetime.fromisoformat(begin)


def test_w01_too_few_watches_are_said_and_got_over(site: Site) -> None:
    """w01, W3: no instance, then too few watches: both said with the line that helps; it mends."""
    site.under = own_limits(max_inotify_instances=0, max_inotify_watches=40)
    if subprocess.run([*site.under, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespace may be made here")
    for number in range(FOLDERS):
        (site.library / f"{number:02}").mkdir()
    album = site.library / f"{FOLDERS - 1}" / "Album"
    make_album(album, tracks=1)
    with site.running(**QUICK) as daemon:
        await_outputs(site)
        blind = site.status()

        assert ("degraded", "poll") == (blind["state"], blind["watch"]["mode"])
        assert "sysctl -w user.max_inotify_instances=" in blind["problems"][0]["fix"]
        grant(daemon, max_inotify_instances=9)
        until(lambda: any("folders are not watched" in each["what"] for each in problems(site)))
        until(lambda: not site.status()["audit"]["running"])
        few = site.status()

        watched, there = few["watch"]["watched"], few["watch"]["directories"]
        assert "degraded" == few["state"]
        assert (39, FOLDERS + 2) == (watched, there)  # one watch is the canary's
        assert f"{there - watched} of {there} folders" in few["problems"][0]["what"]
        assert f"sysctl -w user.max_inotify_watches={ROOMY} " in few["problems"][0]["fix"]
        assert timedelta(seconds=1) + POLL_EVERY >= pause_between_audits(few)
        grant(daemon, max_inotify_watches=400)
        until(lambda: not problems(site))
        assert (FOLDERS + 2, FOLDERS + 2) == seen(site)
        until(lambda: pause_between_audits(site.status()) > 2 * POLL_EVERY)
        grant(daemon, max_inotify_watches=FOLDERS + 3)
        make_album(album / "CD2", tracks=1)
        alone = f"such as {FOLDERS - 1}/Album/CD2"
        until(lambda: any(alone in each["what"] for each in problems(site)), what=f"for {alone}")
        grant(daemon, max_inotify_watches=400)
        until(lambda: not problems(site))
        await_outputs(site)
        assert_in_order(site)


def test_w02_w03_w15_lost_events_lose_no_file(site: Site, tmp_path: Path) -> None:
    """w03, w02, w07, w15: its queue overflows while it stands still; no file is missed."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text("ascii"))
    make_album(site.library / "Old", tracks=1)
    (site.library / "Old" / "@eaDir").mkdir()
    with site.running(**QUICK, PYTHONWARNINGS="error") as daemon:
        await_outputs(site)
        for number in range(40):  # where watchdog warns, which must not end it
            (site.library / f"race{number}" / "a" / "b" / "c").mkdir(parents=True)
        make_album(tmp_path / "Moved", tracks=1, seed=1)
        (tmp_path / "Moved").rename(site.library / "Moved")
        shutil.copytree(site.library / "Old", site.library / "Copied")
        await_outputs(site)

        assert 0 == site.status()["watch"]["overflows"]
        until(lambda: folders(site.library) == watches(daemon))
        daemon.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, daemon.pid, os.WSTOPPED | os.WNOWAIT)
        flood(site.library / "Old", limit)
        make_album(site.library / "New" / "CD1", tracks=1, seed=2)
        (site.library / "Moved").rename(site.library / "race1" / "a" / "Moved")
        daemon.process.send_signal(signal.SIGCONT)
        until(lambda: site.status()["watch"]["overflows"])
        await_outputs(site)

        assert_in_order(site)
        until(lambda: folders(site.library) == watches(daemon))
        until(lambda: (folders(site.library) - 2,) * 2 == seen(site))  # two are ignored
        assert (1, []) == (site.status()["watch"]["overflows"], problems(site))
        assert 0 == daemon.stop()
        assert "Traceback" not in daemon.said()


def flood(folder: Path, limit: int) -> None:
    """Make more events than the kernel keeps: two for each file that is made and closed."""
    for number in range(limit // 2 + 100):
        os.close(os.open(folder / f"{number}.jpg", os.O_CREAT | os.O_WRONLY))
