"""The daemon as a service: systemd's protocol, signals, pause, roots that go, every verb."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pacctl.verbs import VERBS
from pacd.pulse import HEARTBEAT_S
from tests.e2e.albums import make_album
from tests.e2e.barriers import Barrier
from tests.e2e.manager import Manager
from tests.e2e.order import (
    assert_in_order,
    assert_no_leftovers,
    assert_tested,
    await_outputs,
    files_below,
    masters,
    output_of,
    tree,
)
from tests.e2e.running import Pacd, Site, command_of, processes_of, until

ALBUM = Path("Artist") / "Album"
MANAGER_S = 30.0
HASTE_S = 15.0  # what tools and workers are given to end by themselves, and some
VERIFY = "--verify"  # of flac, while it encodes
STOP_WITHIN_S = 25.0  # below systemd's TimeoutStopSec in the unit: running items may finish


def test_w32_w33_w35_w36_the_protocol_of_systemd(site: Site, manager: Manager) -> None:
    """D2: ready once it answers, pings in time, a status line, reload, and a stop with time."""
    with site.running(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="1000000") as daemon:
        ready = manager.await_after(0, "READY=1")

        assert site.status()["state"] in {"starting", "watching", "scanning"}
        manager.await_after(ready, "STATUS=Watching main")
        began_s, place = time.monotonic(), ready
        for _ping in range(4):
            place = manager.await_after(place, "WATCHDOG=1")

        assert time.monotonic() - began_s < HEARTBEAT_S  # without a watchdog it beats so slowly
        daemon.process.send_signal(signal.SIGHUP)
        reloading = manager.await_after(place, "RELOADING=1\nMONOTONIC_USEC=")
        again = manager.await_after(reloading, "READY=1")
        site.change("watch", settel_s=2)
        daemon.process.send_signal(signal.SIGHUP)
        reloading = manager.await_after(again, "RELOADING=1\nMONOTONIC_USEC=")
        again = manager.await_after(reloading, "READY=1")
        manager.await_after(again, "STATUS=The last reload was refused, the settings before stay")
        make_album(site.library / ALBUM, tracks=1)
        await_outputs(site)

        assert 0 == daemon.stop()
    stopping = manager.await_after(again, "STOPPING=1")
    manager.await_after(stopping, "EXTEND_TIMEOUT_USEC=")

    assert {"EXTEND_TIMEOUT_USEC=60000000"} == set(manager.told[stopping:])
    assert (3, 2, 1) == tuple(
        sum(message.startswith(word) for message in manager.told)
        for word in ("READY=1", "RELOADING=1", "STOPPING=1")
    )


def test_w33_w35_a_stuck_engine_gets_no_ping(site: Site, manager: Manager) -> None:
    """D2: systemd is asked for time while the start takes long; who holds the lock stops pings."""
    with site.running():
        pass  # makes the database
    with contextlib.closing(sqlite3.connect(site.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # as another program does that works on the file
        daemon = Pacd(site, site.environment(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="600000"))
        try:
            manager.await_after(0, "EXTEND_TIMEOUT_USEC=")

            assert not any(message.startswith("READY") for message in manager.told)
            other.execute("ROLLBACK")
            ready = manager.await_after(0, "READY=1")
            pinged = manager.await_after(ready, "WATCHDOG=1")
            other.execute("BEGIN IMMEDIATE")
            stuck = manager.await_after(pinged, "STATUS=Not healthy: the engine has not answered")
            later = manager.await_after(stuck, "STATUS=Not healthy: the engine has not answered")
            until(lambda: "PAC hangs: the engine" in site.pacctl("health", check=False).stdout)

            assert not any(message == "WATCHDOG=1" for message in manager.told[stuck:later])
            other.execute("ROLLBACK")
            manager.await_after(later, "WATCHDOG=1")
            stopping = len(manager.told)

            assert 0 == daemon.stop()
            manager.await_after(stopping, "STOPPING=1")
        finally:
            daemon.end()


@pytest.mark.parametrize(
    ("mistakes", "said"),
    [
        pytest.param({"settle_s": -1}, (r"pacd: {0}:\d+: `settle_s` in .+\.",), id="one"),
        pytest.param(
            {"settle_s": -1, "mood": "auto", "max_delay_s": "long"},
            (
                r"pacd: The configuration has 3 mistakes:",
                r"  {0}:\d+: `settle_s` in .+\.",
                r"  {0}:\d+: `max_delay_s` in .+\.",
                r"  {0}:\d+: there is no key `mood` in .+\?",
            ),
            id="three",
        ),
    ],
)
def test_w32_a_bad_configuration_is_never_ready(
    site: Site, manager: Manager, mistakes: dict[str, object], said: tuple[str, ...]
) -> None:
    """D2, 1.1: it ends with 78 and one readable line each, and systemd was told nothing."""
    site.change("watch", **mistakes)
    done = subprocess.run(
        site.command(),
        env=site.environment(NOTIFY_SOCKET=manager.path),
        capture_output=True,
        text=True,
        check=False,
        timeout=MANAGER_S,
    )

    assert (78, "", []) == (done.returncode, done.stdout, manager.told)
    wanted = "".join(f"{line}\n" for line in said).format(site.config)
    assert re.fullmatch(wanted, done.stderr)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_w39_runs_and_stops_without_systemd(site: Site, number: signal.Signals) -> None:
    """D2, w28: without $NOTIFY_SOCKET; a signal ends it with 0, its socket and children gone."""
    with site.running() as daemon:
        assert 0 == daemon.stop(number)

    assert not site.socket.exists()
    assert [] == processes_of(site)
    assert ["stopped"] == [event["event"] for event in daemon.events()[-1:]]


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a process the first of its own")
def test_w39_as_the_first_process_of_a_container(site: Site) -> None:
    """D2: as PID 1 it hears signals, works, buries orphans of others, and ends with 0."""
    site.under = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    with site.running() as daemon:
        (init,) = _children(daemon.pid)
        (pacd,) = _children(init)
        orphan = ("nsenter", f"--target={init}", "--pid", "sh", "-c", "sleep 600 & exit")
        subprocess.run(orphan, check=True)
        until(lambda: len(_children(init)) > 1)
        (adopted,) = set(_children(init)) - {pacd}
        os.kill(adopted, signal.SIGKILL)
        make_album(site.library / ALBUM, tracks=1)
        await_outputs(site)
        until(lambda: [pacd] == _children(init), what="for the orphan's burial")
        os.kill(init, signal.SIGHUP)
        until(lambda: daemon.events("reloaded"))
        os.kill(init, signal.SIGTERM)

        assert 0 == daemon.process.wait(MANAGER_S)
    assert not site.socket.exists()


def test_w28_a_stop_during_encodes_leaves_all_whole(site: Site) -> None:
    """
    D2, D3, P5: SIGTERM during an encode lets that finish, begins no other, and ends with 0.

    The next start goes on with what is left, and does not do again what is done.
    """
    found, barrier = make_album(site.library / ALBUM, tracks=4), Barrier(site, "flac", VERIFY)
    before = tree(*found)
    site.change("workers", total=1)
    with site.running(PATH=barrier.path) as daemon:
        with barrier.met():  # it is under way until the daemon has heard
            began_s = time.monotonic()
            daemon.process.send_signal(signal.SIGTERM)
            until(lambda: "stopping" == site.status()["state"])

            assert before == tree(*found)

        assert 0 == daemon.process.wait(MANAGER_S)
        assert time.monotonic() - began_s < STOP_WITHIN_S
    after = tree(*found)
    (finished,) = (master for master in found if before[master] != after[master])

    until(lambda: not processes_of(site))  # multiprocessing's own helper ends after the daemon
    assert [] == files_below(site.mirror, "*.opus")
    assert_no_leftovers(site)
    assert_tested(site, finished)
    with site.running():
        await_outputs(site)

        assert {} == site.holds()
    assert after[finished] == tree(finished)[finished]
    assert_in_order(site)


def test_w28_a_second_signal_hastens(site: Site) -> None:
    """D2, P5: a second SIGTERM does not wait for tools, hung ones neither; still 0."""
    found, barrier = make_album(site.library / ALBUM, tracks=4), Barrier(site, "flac", VERIFY)
    with site.running(PATH=barrier.path) as daemon, barrier.met():
        for tool in _tools(site):
            os.kill(tool, signal.SIGSTOP)
        daemon.process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" == site.status()["state"])
        began_s = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)

        assert 0 == daemon.process.wait(MANAGER_S)
        assert time.monotonic() - began_s < HASTE_S
    for master in found:
        subprocess.run(["flac", "--test", "--silent", master], check=True)

    assert_no_leftovers(site)


def _running(site: Site) -> list[str]:
    return [item["action"] for item in site.status()["queue"]["running"]]


def _tools(site: Site) -> list[int]:
    """The encoders that run now."""
    return [pid for pid in processes_of(site) if VERIFY in command_of(pid)]


def test_w36_a_bad_reload_keeps_the_old_settings(site: Site) -> None:
    """D2, W3, w36: both ways to reload say what is wrong, as status does; the old goes on."""
    with site.running() as daemon:
        good = site.asked("config", "show")["settings"]
        site.change("watch", settel_s=2)
        refused = site.pacctl("reload", check=False)
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: len(daemon.events("reload refused")) > 1)
        asked, line = daemon.events("reload refused")

        assert 1 == refused.returncode
        assert "settel_s" in refused.stderr
        assert "settle_s" in refused.stderr
        assert asked["reason"] == line["reason"]
        assert "settel_s" in line["reason"]
        assert good == site.asked("config", "show")["settings"]
        until(lambda: "degraded" == site.status()["state"])
        (problem,) = site.status()["problems"]

        assert "the settings before stay in force" in problem["what"]
        assert "settel_s" in problem["what"]
        assert "pacctl config check" in problem["fix"]
        make_album(site.library / ALBUM)
        await_outputs(site)
        assert_in_order(site)
        del site.settings["watch"]["settel_s"]
        site.change("watch", settle_s=0.2)
        site.pacctl("reload")
        settings = {each["key"]: each["value"] for each in site.asked("config", "show")["settings"]}

        assert 0.2 == settings["watch.settle_s"]
        assert [] == site.status()["problems"]


def test_w60_a_pause_survives_a_restart(site: Site) -> None:
    """1.3, w60: nothing is begun while it lasts, also after a restart; resume goes on."""
    with site.running():
        site.pacctl("pause")
        make_album(site.library / ALBUM)
        site.pacctl("scan")
        until(lambda: site.status()["queue"]["folders_waiting"] > 0)
    with site.running():
        until(lambda: site.status()["queue"]["folders_waiting"] > 0)
        status = site.status()

        assert ("paused", []) == (status["state"], status["queue"]["running"])
        assert not site.mirror.exists() or [] == list(site.mirror.rglob("*"))
        site.pacctl("resume")
        await_outputs(site)
        until(lambda: "watching" == site.status()["state"])

        assert_in_order(site)


def _moved(site: Site) -> None:
    site.library.rename(site.base / "elsewhere")


def _unmounted(site: Site) -> None:
    """What a mount point looks like without its disk."""
    _moved(site)
    site.library.mkdir()


@pytest.mark.parametrize(
    ("take_away", "asked"),
    [
        pytest.param(_moved, False, id="gone, and back by itself"),
        pytest.param(_unmounted, True, id="empty, and back when asked"),
    ],
)
def test_w08_a_root_that_goes_is_not_forgotten(
    site: Site, take_away: Callable[[Site], None], asked: bool
) -> None:
    """W3, L5: state degraded with the fix, nothing marked gone; when it is back all goes on."""
    make_album(site.library / ALBUM)
    with site.running(WATCHDOG_USEC="400000"):  # so that it looks after itself that often
        await_outputs(site)
        outputs = tree(site.mirror)
        take_away(site)
        site.pacctl("scan", "--wait", check=False)
        until(lambda: site.status()["state"] == "degraded")
        root = str(site.library)
        (problem,) = [each for each in site.status()["problems"] if root in each["what"]]

        assert problem["fix"].startswith("Mount the disk")
        assert problem["fix"] in " ".join(site.pacctl("status").stdout.split())
        assert (2, 0) == _valid_and_gone(site)
        assert outputs == tree(site.mirror)
        make_album(site.base / "elsewhere" / "Artist" / "While away")
        if site.library.exists():
            site.library.rmdir()
        (site.base / "elsewhere").rename(site.library)
        if asked:
            site.pacctl("scan", "--wait")
        await_outputs(site)

        assert (4, 0) == _valid_and_gone(site)
        until(lambda: site.status()["state"] == "watching", what="for the daemon to recover")
        make_album(site.library / "Artist" / "After")
        await_outputs(site)
        assert_in_order(site)


def test_a_polled_library_is_no_problem(site: Site) -> None:
    """W4: without watches nothing is degraded; a scan that is asked for finds what came."""
    site.change("watch", mode="poll")
    with site.running():
        until(lambda: site.status()["audit"]["last_finished"])
        make_album(site.library / ALBUM)
        site.pacctl("scan", "--wait")
        status = site.status()

        assert ("watching", "poll", []) == (
            status["state"],
            status["watch"]["mode"],
            status["problems"],
        )
        assert_in_order(site)


def _valid_and_gone(site: Site) -> tuple[int, int]:
    with contextlib.closing(sqlite3.connect(f"file:{site.database}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT is_valid FROM library_files").fetchall()
    valid = sum(row[0] for row in rows)
    return valid, len(rows) - valid


def test_every_verb_answers_from_the_real_daemon(site: Site) -> None:
    """1.3: each verb once, for people and as one JSON document with its schema."""
    master, bad = make_album(site.library / ALBUM)
    bad.write_bytes(bad.read_bytes()[:-9_000])
    with site.running() as daemon:
        until(site.holds)
        site.pacctl("wait")
        asked = {
            ("status",): "main",
            ("holds",): "corrupt",
            ("holds", "show", "1"): "corrupt",
            ("plan",): "Nothing to do.",
            ("plan", str(master)): "Nothing to do.",
            ("queue",): "Nothing runs and nothing waits.",
            ("scan", "--wait"): "done",
            ("scan", str(master)): "has begun",
            ("wait",): "",
            ("why", str(master)): "in order",
            ("why", str(bad)): "held",
            ("history",): "recompress_ok",
            ("history", str(master)): "mirror_encode_ok",
            ("pause", "--for", "1h"): "paused until",
            ("resume",): "goes on",
            ("health",): "ok",
            ("doctor",): "Opus encoder",
            ("config", "show", "--origin"): str(site.config),
            ("prune", "--dry-run"): "Nothing to remove",
            ("restore",): "Nothing lies in the recycle bin",
            ("completion", "bash"): "pacctl",
            ("config", "check", str(site.config)): "is good",
            ("reload",): "loaded",
            ("release", "1"): "",
        }
        told = {arguments: site.pacctl(*arguments).stdout for arguments in asked}
        site.pacctl("wait")
        plain = ("scan", "holds", "release", "completion", "config")
        documents = [site.asked(*each) for each in asked if each[0] not in plain]

        assert {} == {each: told[each] for each in asked if asked[each] not in told[each]}
        assert {1} == {document["schema"] for document in documents}
        assert {"ok"} == {site.asked("health")["verdict"]}
        assert 4 == site.pacctl("status", "--check", check=False).returncode
        assert daemon.process.poll() is None
    verbs = {arguments[0] for arguments in asked} | {"follow"}

    assert verbs == set(VERBS)


def test_w58_why_tells_the_last_decision(site: Site) -> None:
    """1.3, w58: ignored by a pattern, held, still written to, waiting for its turn: and why."""
    site.change("watch", ignore=["*.bak.flac"])
    master, bad = make_album(site.library / ALBUM)
    bad.write_bytes(bad.read_bytes()[:-9_000])
    ours, theirs = master.with_name("._01.flac"), master.with_name("01.bak.flac")
    for path in (ours, theirs):
        shutil.copy(master, path)
    new = master.with_name("03 new.flac")

    def told(path: Path) -> tuple[str, str, str]:
        why = site.why(path)
        return why["state"], why["decision"]["action"], why["decision"]["reason"]

    with site.running():
        until(site.holds)
        site.pacctl("wait")
        site.pacctl("pause")
        with new.open("wb") as unfinished:
            unfinished.write(master.read_bytes())
            unfinished.flush()
            until(lambda: told(new)[0] == "settling")
            settling = told(new)
        until(lambda: told(new)[0] == "waiting")

        assert ("in-order", "none") == told(master)[:2]
        assert ("held", "none") == told(bad)[:2]
        assert (
            "settling",
            "none",
            "waiting until nobody has written to it for a while",
        ) == settling
        assert (
            "waiting",
            "test",
            "these bytes have never been tested; it waits because PAC is paused",
        ) == told(new)
        assert ("ignored", "ignored") == (told(ours)[0], told(theirs)[0])
        assert "._*" in told(ours)[2]
        assert "*.bak.flac" in told(theirs)[2]

        output, stranger = output_of(site, master), site.mirror / "note.txt"
        stranger.touch()
        assert "output" == told(output)[0]
        assert f"128 kbit/s of {master}; " in told(output)[2]
        assert "never touches it" in told(stranger)[2] or "leaves it alone" in told(stranger)[2]
        (cover,) = [each for each in site.art.rglob("*") if each.is_file()]
        assert f"the cover exported from {master}" == told(cover)[2]
        assert "missing" == told(site.mirror / "x.opus")[0]
        assert ("folder", "none") == told(master.parent)[:2]
        nowhere = site.pacctl("why", "/nowhere/01.flac", check=False)
        assert 5 == nowhere.returncode
        assert "lies in no library" in nowhere.stderr


def test_follow_tells_what_happens(site: Site) -> None:
    """1.3, w47: events as JSON lines with rising ids, from the first item to its end."""
    with site.running():
        pacctl = [sys.executable, "-m", "pacctl", "--socket", str(site.socket), "--json"]
        with subprocess.Popen(
            [*pacctl, "follow", "--since", "0"],
            env=site.environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as follower:
            assert follower.stdout is not None
            events = [json.loads(follower.stdout.readline())]
            make_album(site.library / ALBUM, tracks=1)
            for line in follower.stdout:
                events.append(json.loads(line))
                if (events[-1].get("kind"), events[-1].get("action")) == (
                    "item-done",
                    "mirror-encode",
                ):
                    break
            follower.terminate()
    told = [event for event in events if event["message_type"] == "event"]
    ids = [event["id"] for event in told]

    assert list(range(ids[0], ids[0] + len(ids))) == ids
    assert {"test", "recompress", "mirror-encode"} <= {
        event["action"] for event in told if event["kind"] == "item-done"
    }


def test_w48_without_a_daemon_pacctl_says_so(site: Site) -> None:
    """1.3, w48: not running, and a file where the socket should be, are told apart; exit 3."""
    down = site.pacctl("status", check=False)
    health = site.pacctl("health", check=False)
    site.socket.write_text("no socket")
    odd = site.pacctl("status", check=False)

    assert (3, 3, 3) == (down.returncode, health.returncode, odd.returncode)
    assert str(site.socket) in down.stderr
    assert down.stderr != odd.stderr


def test_w43_the_socket_is_for_its_owner(site: Site) -> None:
    """X1, w43: 0660 in a folder of 0750; a stale socket is replaced, a regular file never."""
    site.socket.parent.rmdir()
    with site.running() as daemon:
        modes = [path.stat().st_mode & 0o777 for path in (site.socket, site.socket.parent)]

        assert [0o660, 0o750] == modes
        daemon.kill()

    assert site.socket.is_socket()
    with site.running():
        pass
    site.socket.write_text("mine")
    refused = site.pacd()

    assert 78 == refused.returncode
    assert str(site.socket) in refused.stderr
    assert "mine" == site.socket.read_text()


def test_w14_what_changed_while_down_is_found(site: Site) -> None:
    """W5, w14: a restart finds new, changed and gone files; the rest is not touched."""
    make_album(site.library / ALBUM, tracks=3)
    with site.running():
        await_outputs(site)
    kept, changed, gone = masters(site)
    untouched = tree(kept, output_of(site, kept))
    gone.unlink()
    changed.touch()
    make_album(site.library / "Artist" / "New")
    with site.running() as daemon:
        await_outputs(site)

        assert untouched == tree(kept, output_of(site, kept))
        assert "missing" == site.why(gone)["state"]
        assert 2 == len(daemon.events("mirror_encode_ok"))
        (scan,) = daemon.events("scan")
        assert (2, 1, 1, 0) == tuple(
            scan[name] for name in ("files_added", "files_updated", "files_removed", "drift")
        )
    assert_in_order(site)


def test_w55_the_log_is_one_json_line_each(site: Site) -> None:
    """O1, w30, w55: every line is a document with time, level, event; decisions have a reason."""
    make_album(site.library / ALBUM)
    with site.running() as daemon:
        await_outputs(site)
        daemon.stop()
    lines = daemon.events()
    decisions = [line for line in lines if line.get("job_id")]

    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    states = [line["state"] for line in lines if line["event"] == "state"]
    assert {"working", "watching"} <= set(states)
    assert all(one != other for one, other in pairwise(states))
    assert {"flac_test", "flac_recompress", "art_export", "mirror_encode"} == {
        line["action"] for line in decisions
    }
    assert all(line["reason"] and line["status"] == "ok" for line in decisions)
