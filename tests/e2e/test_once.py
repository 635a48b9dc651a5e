"""`pacd --once`, `--dry-run` and `--check`: documents, exit codes, and what they must not do."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS
from pacd.store import shelf
from pacd.store.copies import scratch_of
from tests.audio import dress, stated_md5
from tests.detectors import put_aucdtect, suspect
from tests.e2e.albums import make_album
from tests.e2e.barriers import Barrier
from tests.e2e.order import (
    assert_in_order,
    assert_no_leftovers,
    await_outputs,
    masters,
    output_of,
    tree,
)
from tests.e2e.running import WAIT_S, Site, until
from tests.machine import NOBODY

ALBUM = Path("Artist") / "Album"


def test_the_summary_of_a_run(site: Site) -> None:
    """1.1, 1.4: one document on stdout with every count by its name; exit 0 when all went well."""
    make_album(site.library / ALBUM, tracks=3)
    summary = site.once()
    library, mirror = summary["libraries"][0], summary["libraries"][0]["mirrors"][0]
    counted = {name: number for name, number in library["counts"].items() if number}

    assert ("once", 1) == (summary["mode"], summary["schema"])
    assert ("main", str(site.library)) == (library["name"], library["root"])
    assert ("phone", "opus", str(site.mirror)) == (mirror["name"], mirror["codec"], mirror["root"])
    assert {"scanned": 3, "tested_ok": 3, "recompressed": 3, "art_exported": 1} == counted
    assert 3 == mirror["counts"]["encoded"]
    assert {"library": library["counts"], "mirror": mirror["counts"]} == summary["counts"]
    assert list(LIBRARY_COUNTS) == list(summary["counts"]["library"])
    assert list(MIRROR_COUNTS) == list(summary["counts"]["mirror"])
    assert {"flac", "opusenc"} <= summary["tools"].keys()
    assert {"test", "recompress", "export-artwork", "mirror-encode", "total"} == set(
        summary["timing_s"]
    )
    assert all(seconds >= 0 for seconds in summary["timing_s"].values())
    assert abs(summary["timestamp"] - time.time()) < 60  # Unix seconds are the claim
    assert_in_order(site)


def test_a_scan_counts_as_a_run_does(site: Site) -> None:
    """1.4: `scan --wait` and `--once` have the same counts, at rest and after a change."""
    first, bad = make_album(site.library / ALBUM)
    make_album(site.library / "Artist" / "Another", tracks=1)
    bad.write_bytes(bad.read_bytes()[:-9_000])
    site.once(expected=2)
    at_rest = site.once()["counts"]
    with site.running():
        site.pacctl("wait")
        asked = _scanned(site)
        album = _scanned(site, str(first))
        # What the watcher sees first is done, but not by this scan.
        site.pacctl("pause")
        dress(first, {"TITLE": "New"}, [])
        scan = subprocess.Popen(
            [sys.executable, "-m", "pacctl", "--socket", site.socket, "--json", "scan", "--wait"],
            env=site.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert scan.stdout
        scan.stdout.readline()  # it was asked for
        until(lambda: site.got("queue")["folders"], what="for the folder to wait")
        site.pacctl("resume")
        changed = json.loads(scan.communicate()[0].splitlines()[-1])["counts"]
    dress(first, {"TITLE": "Newer"}, [])

    assert at_rest == asked
    assert {"scanned": 3, "held": 1, "recompress_skipped": 2} == _said(at_rest["library"])
    assert {"unchanged": 2} == _said(at_rest["mirror"])
    assert {"scanned": 2, "held": 1, "recompress_skipped": 1} == _said(album["library"])
    assert {"unchanged": 1} == _said(album["mirror"])
    assert site.once()["counts"] == changed
    assert {"unchanged": 1, "retagged": 1} == _said(changed["mirror"])
    assert 1 == changed["library"]["tested_ok"]


def test_a_scan_ends_as_a_run_does_where_a_mirror_is_gone(site: Site) -> None:
    """1.3: what keeps a run from ending with 0 keeps `scan --wait` from it, and is said."""
    make_album(site.library / ALBUM, tracks=1)
    site.once()
    shutil.rmtree(site.mirror)
    site.once(expected=2)
    with site.running():
        site.pacctl("wait")
        done = site.pacctl("scan", "--wait", check=False)

    assert 2 == done.returncode
    assert f"{site.mirror} is not there" in done.stdout


def _scanned(site: Site, *path: str) -> Any:
    lines = site.pacctl("--json", "scan", *path, "--wait").stdout.splitlines()
    return json.loads(lines[-1])["counts"]


def _said(counts: dict[str, int]) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


def test_exit_2_says_that_something_is_newly_held(site: Site) -> None:
    """1.1: a run that finds damage ends with 2 and does the rest; the next with 0."""
    good, bad = make_album(site.library / ALBUM)
    bad.write_bytes(bad.read_bytes()[:-5_000])
    first = site.once(expected=2)
    second = site.once(expected=0)

    assert (1, 1, 1) == tuple(
        first["counts"]["library"][name] for name in ("tested_ok", "tested_err", "held")
    )
    assert (0, 0, 1) == tuple(
        second["counts"]["library"][name] for name in ("tested_ok", "tested_err", "held")
    )
    assert_in_order(site, but=[bad])
    assert [good.stem] == [path.stem for path in site.mirror.rglob("*.opus")]


def test_exit_3_says_which_tool_is_missing(site: Site) -> None:
    """1.1: without flac or a mirror's encoder preflight fails and says all that is to install."""
    programs = site.base / "programs"
    programs.mkdir()
    found = {name: _linked(programs, name) for name in ("flac", "setpriv")}
    without_opusenc = _run(site, "--once", path=programs)
    found["flac"].unlink()
    without_both = _run(site, "--check", path=programs)
    _linked(programs, "opusenc")
    without_flac = _run(site, "--check", path=programs)

    assert (3, 3) == (without_opusenc.returncode, without_flac.returncode)
    assert 3 == without_both.returncode
    assert "apt install flac" in without_both.stderr
    assert "apt install opus-tools (or ffmpeg" in without_both.stderr
    assert "apt install opus-tools" not in without_flac.stderr
    assert "apt install opus-tools (or ffmpeg" in without_opusenc.stderr
    assert "apt install flac" in without_flac.stderr
    assert ("", "") == (without_opusenc.stdout, without_flac.stdout)
    assert not site.state.exists()


def test_exit_3_names_all_that_is_missing(site: Site) -> None:
    """M2, 1.1: flac and every encoder that a mirror wants, each with its remedy; not the first."""
    if shutil.which("fdkaac") is None:
        pytest.skip("fdkaac is not installed")
    programs = site.base / "programs"
    programs.mkdir()
    with site.config.open("a") as config:
        config.write(f'[[library.mirror]]\ncodec = "aac"\nroot = "{site.base}/car"\n')
    nothing = _run(site, "--check", path=programs)
    for name in ("flac", "setpriv", "opusenc"):
        _linked(programs, name)
    without_aac = _run(site, "--once", path=programs)
    _linked(programs, "fdkaac")
    whole = _run(site, "--check", path=programs)

    assert (3, 3, 0) == (nothing.returncode, without_aac.returncode, whole.returncode)
    for words in ("apt install flac", "apt install opus-tools", "apt install fdkaac"):
        assert words in nothing.stderr
    assert "wants AAC, but no encoder for it is installed: apt install fdkaac" in without_aac.stderr
    assert "contrib and non-free" in without_aac.stderr
    assert "Opus" not in without_aac.stderr
    for words in (f"mirror aac: aac vbr 4 in {site.base}/car", "\nfdkaac "):
        assert words in whole.stdout


def _linked(folder: Path, name: str) -> Path:
    where = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout
    link = folder / name
    link.symlink_to(where.strip())
    return link


def _run(site: Site, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        site.command(*arguments),
        env={**site.environment(), "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("--once",), ("--once", "--dry-run"), ("--check",)])
def test_exit_78_names_the_mistake(site: Site, arguments: tuple[str, ...]) -> None:
    """1.1, w32, w42: a misspelt key stops every mode with one readable line and the right name."""
    site.change("watch", settle_seconds=3)
    done = site.pacd(*arguments)

    assert (78, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"pacd: {site.config}:")
    assert "settle_seconds" in done.stderr
    assert "settle_s" in done.stderr.replace("settle_seconds", "")
    assert not site.state.exists()


def test_a_missing_configuration_is_named(site: Site) -> None:
    """1.1: a file that --config names and that is not there ends with 78."""
    site.config.unlink()
    done = site.pacd("--once")

    assert 78 == done.returncode
    assert str(site.config) in done.stderr


def test_only_the_named_library_is_worked_on(site: Site) -> None:
    """1.1: --library NAME leaves the others alone; an unknown name ends with 78 and lists them."""
    other = site.base / "other"
    other.mkdir()
    with site.config.open("a") as config:
        config.write(f'[[library]]\nname = "other"\nroot = "{other}"\n')
    make_album(other / ALBUM)
    make_album(site.library / ALBUM)
    before = tree(other)
    summary = site.once("--library", "main")
    unknown = site.pacd("--once", "--library", "mian")

    assert ["main"] == [library["name"] for library in summary["libraries"]]
    assert before == tree(other)
    assert_in_order(site)
    assert 78 == unknown.returncode
    assert "There is no library mian; there are: main, other." in unknown.stderr
    assert ["main", "other"] == [library["name"] for library in site.once()["libraries"]]


def test_check_tells_what_it_found(site: Site) -> None:
    """1.1: --check reads the configuration, looks for the tools, and changes nothing."""
    before = tree(site.base)
    done = site.pacd("--check")

    assert (0, "") == (done.returncode, done.stderr)
    assert all(
        each in done.stdout
        for each in (str(site.config), f"library main: {site.library}", "mirror phone", "flac 1.")
    )
    assert before == tree(site.base)


@pytest.mark.parametrize("arguments", [(), ("--once",), ("--once", "--dry-run")])
def test_a_second_pacd_is_refused(site: Site, arguments: tuple[str, ...]) -> None:
    """1.1, w43: whatever it wants, a second pacd ends with 6 and names the first, which goes on."""
    with site.running() as daemon:
        done = site.pacd(*arguments)

        assert (6, "") == (done.returncode, done.stdout)
        assert f"Another pacd (process {daemon.pid}) runs as the daemon" in done.stderr
        until(lambda: "watching" == site.status()["state"])


@pytest.mark.parametrize("arguments", [(), ("--once",)])
def test_a_second_pacd_with_a_state_of_its_own_is_refused(
    site: Site, arguments: tuple[str, ...]
) -> None:
    """1.1, w43: it ends with 6, and names the library that both would work on."""
    site.base.joinpath("other").mkdir()
    with site.running():
        environ = site.environment(
            PACD_DAEMON__STATE_DIR=str(site.base / "other"),
            PACD_DAEMON__SOCKET=str(site.base / "other.sock"),
        )
        done = subprocess.run(
            site.command(*arguments), env=environ, capture_output=True, text=True, check=False
        )

        assert (6, "") == (done.returncode, done.stdout.strip())
        assert f"has locked the root of library main ({site.library}), as a pacd" in done.stderr
        until(lambda: "watching" == site.status()["state"])


def test_a_daemon_is_refused_while_a_run_is_under_way(site: Site) -> None:
    """1.1: a one-shot run has its state directory to itself too."""
    with _held_run(site) as run:
        done = site.pacd()

        assert 6 == done.returncode
        assert f"Another pacd (process {run.pid}) is at work" in done.stderr
    assert 0 == run.returncode


@contextmanager
def _held_run(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """
    A one-shot run that waits in the midst of its first output until the block ends.

    Then it goes on to its end, and its summary is in base/summary.
    """
    site.change("workers", total=1)
    make_album(site.library / ALBUM, tracks=8)
    barrier = Barrier(site, "opusenc", "--bitrate")
    command, environ = site.command("--once"), site.environment(PATH=barrier.path)
    with (
        (site.base / "summary").open("wb") as summary,
        subprocess.Popen(command, env=environ, stdout=summary) as run,
    ):
        with barrier.met():
            yield run
        run.wait(WAIT_S)


def _pending(pid: int) -> list[str]:
    """Sets of signals that a process has been sent, and has not been told of (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return [each for each in re.findall(r"(?:Sig|Shd)Pnd:\s(\w+)", status) if int(each, 16)]


def test_exit_130_leaves_everything_whole(site: Site) -> None:
    """1.1, P5: SIGINT ends a run with 130 and its summary; the next run does the rest."""
    with _held_run(site) as run:
        run.send_signal(signal.SIGINT)
        until(lambda: not _pending(run.pid), what="for it to hear the signal")

    assert 130 == run.returncode
    assert "once" == json.loads((site.base / "summary").read_text())["mode"]
    assert 7 == len(masters(site)) - len(list(site.mirror.rglob("*.opus")))
    assert_no_leftovers(site)
    for master in masters(site):
        subprocess.run(["flac", "--test", "--silent", master], check=True)
    unfinished = scratch_of(shelf.folder_of(site.database) / shelf.CURRENT)
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.touch()  # as a kill would leave it
    site.once()
    assert_in_order(site)
    assert not unfinished.exists()


Seen = tuple[int, ...]


def _touchable(site: Site) -> list[Path]:
    """Everything that a dry run might touch; each is made to show even a read."""
    roots = (site.library, site.mirror, site.art, site.state)
    paths = [path for root in roots if root.exists() for path in (root, *root.rglob("*"))]
    # With relatime the kernel notes a read only where atime is not after mtime (mount(8)).
    for path in paths:
        mtime_ns = path.stat().st_mtime_ns
        os.utime(path, ns=(mtime_ns - 1, mtime_ns))
    return paths


def _timed(paths: list[Path]) -> dict[Path, Seen]:
    """Inode, size and all three times, taken without reading anything."""
    return {path: _look(path.lstat()) for path in paths}


def _look(seen: os.stat_result) -> Seen:
    return (seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_atime_ns)


def _plan(site: Site) -> list[tuple[str, str]]:
    """What a dry run says is due: action and path."""
    done = site.pacd("--once", "--dry-run")
    assert 0 == done.returncode, done.stderr
    document = json.loads(done.stdout)
    assert ("dry-run", 1) == (document["mode"], document["schema"])
    assert all(item["reason"] for item in document["items"])
    return [(item["action"], item["path"]) for item in document["items"]]


def test_w24_a_dry_run_of_a_new_library_touches_nothing(site: Site) -> None:
    """1.1, w24: the plan is printed; no file, folder or time changes, and no state appears."""
    site.change("authenticity", enabled=True)  # which reads headers before the test: known audio?
    wanted = [("test", str(path.relative_to(site.library))) for path in make_album(_album(site))]
    paths = _touchable(site)
    before = _timed(paths)

    assert wanted == _plan(site)
    assert before == _timed(paths)
    assert [site.library, site.config] == sorted(site.base.iterdir(), key=lambda each: each.name)


def test_a_plan_names_the_files_that_have_not_settled(site: Site) -> None:
    """W6, P1: a file that somebody may still write to is no item, and is not passed over."""
    known = make_album(_album(site), tracks=1)
    site.once()
    site.change("watch", settle_s=3_600, max_delay_s=7_200)
    paths = [str(path.relative_to(site.library)) for path in make_album(_album(site), tracks=2)]
    waiting = [{"library": "main", "path": path} for path in paths]
    planned = site.pacd("--once", "--dry-run")
    with site.running():
        people, below = site.pacctl("plan").stdout, site.asked("plan", str(known[0]))
        asked = site.asked("plan")

    for document in (json.loads(planned.stdout), asked):
        assert ([], waiting) == (document["items"], document["waiting"])
        assert 3_600 == document["settle_s"]
    assert waiting[:1] == below["waiting"]
    assert "2 files are left until they have been quiet for 1 h:" in people
    assert all(path in people for path in paths)


def _album(site: Site) -> Path:
    return site.library / ALBUM


def test_w24_a_dry_run_of_a_known_library_touches_nothing(site: Site) -> None:
    """1.1, w24: also not beside the database of a daemon that was killed, nor in the mirror."""
    edited, lost = make_album(_album(site))
    with site.running() as daemon:
        await_outputs(site)
        daemon.kill()

    assert [] == _plan(site)
    dress(edited, {"TITLE": "New"}, [])
    output_of(site, lost).unlink()
    paths = _touchable(site)
    before = _timed(paths)
    planned = _plan(site)

    assert [("test", edited.name), ("mirror-encode", lost.name)] == [
        (action, Path(path).name) for action, path in planned
    ]
    assert before == _timed(paths)
    assert set(paths) == set(_touchable(site))


def test_w24_a_dry_run_works_where_nothing_can_be_written(site: Site) -> None:
    """1.1, w24: on a read-only mount of library, mirror, covers and state it plans all the same."""
    make_album(_album(site))
    site.once()
    make_album(site.library / "Artist" / "Another", tracks=1)
    with _read_only(site.base):
        planned = _plan(site)

    assert ["test"] == [action for action, _path in planned]


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """
    Bind a folder on itself, read-only.

    Skips the test where this user may not.
    """
    if subprocess.run(["mount", "--bind", folder, folder], check=False).returncode != 0:
        pytest.skip("this user may not mount a folder on itself")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        with pytest.raises(OSError, match="Read-only"):
            (folder / "probe").touch()
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_in_the_state_directory_is_the_daemons(site: Site) -> None:
    """S4, w59: database, backups, decisions, lock, scratch and pictures: its user must use them."""
    put_aucdtect(site.base / "programs")
    site.settings["authenticity"] = {"enabled": True, "detectors": ["aucdtect"]}
    site.settings["spectrogram"] = {"enabled": True, "resolution": "400x300"}
    site.under = ["env", f"PATH={site.base / 'programs'}:{os.environ['PATH']}"]
    site.configure()
    (bad,) = make_album(site.library / ALBUM, tracks=1)
    suspect(site.base / "programs" / "auCDtect", stated_md5(bad))
    site.state.mkdir(mode=0o700)
    os.chown(site.state, NOBODY, NOBODY)
    site.once()
    made = {path.relative_to(site.state): path.stat() for path in site.state.rglob("*")}

    assert {} == {
        str(path): (status.st_uid, status.st_gid)
        for path, status in made.items()
        if (status.st_uid, status.st_gid) != (NOBODY, NOBODY)
    }
    assert {".png", ".json", ".db", ".lock"} <= {path.suffix for path in made}
