"""Telling finished files from files still being written; the time is passed in."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pacd.domain.change import Entry, Observation
from pacd.intake.settle import Settler

FOLDER = Path("/music/a")
QUIET_S = 10.0
NS = 1_000_000_000
BEGIN_S = 1_700_000_000
BYTES = Observation(1, 2, 1_000, BEGIN_S * NS, BEGIN_S * NS)


class Scene:
    """A folder with one file, and the time since its last change."""

    def __init__(self, seen: Observation = BYTES, *, far: bool = False) -> None:
        self.seen = seen
        self.now_s = 0.0
        self.writers: set[Path] = set()
        self.settler = Settler(QUIET_S, self.writers.__contains__, lambda _folder: far)

    def write(self, *, mtime_s: float | None = None) -> None:
        """Change the file, as a program that writes does."""
        now_ns = BEGIN_S * NS + round(self.now_s * NS)
        mtime_ns = now_ns if mtime_s is None else round(mtime_s * NS)
        size = self.seen.size_bytes + 1
        self.seen = replace(self.seen, size_bytes=size, mtime_ns=mtime_ns, ctime_ns=now_ns)

    def look(self, after_s: float) -> timedelta | None:
        """For how long the file has been restless, some time later; None when settled."""
        self.now_s += after_s
        wall_ns = BEGIN_S * NS + round(self.now_s * NS)
        entries = [Entry("x.flac", self.seen)]
        found = self.settler.restless(FOLDER, entries, now_s=self.now_s, wall_ns=wall_ns)
        return found.get("x.flac")


def test_a_file_that_has_been_quiet_has_settled_at_once() -> None:
    """w11: its ctime counts as the first look: nobody can set it back."""
    assert Scene().look(QUIET_S) is None


def test_a_young_file_has_settled_when_it_looks_the_same_twice() -> None:
    """W1: two equal observations, half the quiet time or more apart."""
    scene = Scene()

    assert timedelta() == scene.look(1)
    assert timedelta(seconds=4) == scene.look(4)
    assert scene.look(1) is None


def test_a_growing_file_never_settles() -> None:
    """w11: a slow writer; the wait is counted from the first look."""
    scene = Scene()
    for _second in range(30):
        scene.write()
        scene.look(1)

    assert timedelta(seconds=29) == scene.look(0)
    assert scene.look(QUIET_S) is None


def test_pauses_shorter_than_the_quiet_time_do_not_fool() -> None:
    """w11: rsync or dd that pauses."""
    scene = Scene()
    found = []
    for _pause in range(3):
        scene.write()
        found.append(scene.look(4))

    assert [timedelta(), timedelta(seconds=4), timedelta(seconds=8)] == found


def test_an_old_mtime_means_nothing() -> None:
    """w11: `cp -p` and rsync set mtime back; ctime tells."""
    scene = Scene()
    scene.now_s = 100
    scene.write(mtime_s=BEGIN_S - 1_000_000)

    assert scene.look(1) is not None


def test_a_preallocated_file_waits_for_its_writer() -> None:
    """w11: torrent clients give a file its full size at once and fill it over hours."""
    scene = Scene()
    scene.writers.add(FOLDER / "x.flac")

    assert timedelta() == scene.look(3_600)
    assert timedelta(hours=1) == scene.look(3_600)
    scene.writers.clear()
    assert scene.look(0) is None


@pytest.mark.parametrize("ahead_s", [5, 3_600, 10**8])
def test_a_ctime_in_the_future_delays_by_two_looks_only(ahead_s: int) -> None:
    """w11: another machine's clock is wrong, or this one was set back."""
    scene = Scene(replace(BYTES, ctime_ns=(BEGIN_S + ahead_s) * NS))

    assert timedelta() == scene.look(0)
    assert timedelta(seconds=4) == scene.look(4)
    assert scene.look(1) is None


@pytest.mark.parametrize("behind_s", [QUIET_S, 3_600, 14 * 3_600])
def test_w11_a_servers_clock_that_is_behind_settles_nothing(behind_s: float) -> None:
    """w11, W1: on a share ctime is the server's: a copy by another machine has two looks."""
    scene = Scene(replace(BYTES, ctime_ns=round((BEGIN_S - behind_s) * NS)), far=True)

    assert timedelta() == scene.look(0)
    assert timedelta(seconds=4) == scene.look(4)
    assert scene.look(1) is None


def test_w11_what_is_old_by_any_clock_has_settled_at_once() -> None:
    """w11, P4: a library on a share is not looked at twice because of its server's clock."""
    scene = Scene(replace(BYTES, ctime_ns=(BEGIN_S - 2 * 86_400) * NS), far=True)

    assert scene.look(0) is None


def test_w11_a_folder_is_asked_for_its_disk_once() -> None:
    """w11, P4: to find out takes a look at all mounts, and is the same for a thousand files."""
    asked: list[Path] = []

    def far(folder: Path) -> bool:
        asked.append(folder)
        return True

    settler = Settler(10.0, lambda _path: False, far)
    seen = replace(BYTES, ctime_ns=(BEGIN_S - 60) * NS)
    entries = [Entry(f"{number}.flac", seen) for number in range(9)]
    settler.restless(FOLDER, entries, now_s=0.0, wall_ns=BEGIN_S * NS)

    assert [FOLDER] == asked


def test_a_clock_that_jumps_forward_does_not_settle_a_file_with_a_writer() -> None:
    """w11: the wall clock alone never decides on a file that is open for writing."""
    scene = Scene()
    scene.writers.add(FOLDER / "x.flac")

    assert scene.look(10**9) is not None


def test_a_settled_file_that_changes_begins_anew() -> None:
    """W1: how long it was restless before is forgotten."""
    scene = Scene()
    scene.look(1)
    scene.look(5)
    scene.now_s = 500
    scene.write()

    assert timedelta() == scene.look(1)


def test_files_are_told_apart() -> None:
    """W1: a busy file does not make its neighbours wait, nor its namesake in another folder."""
    scene = Scene()
    old = replace(BYTES, inode=3, ctime_ns=(BEGIN_S - 100) * NS)
    entries = [Entry("old.flac", old), Entry("x.flac", BYTES)]
    settler = scene.settler
    here = settler.restless(FOLDER, entries, now_s=0, wall_ns=BEGIN_S * NS)
    there = settler.restless(Path("/music/b"), entries, now_s=6, wall_ns=(BEGIN_S + 6) * NS)

    assert {"x.flac": timedelta()} == here
    assert {"x.flac": timedelta()} == there


def test_files_that_are_gone_are_forgotten() -> None:
    """w29: a download that was given up costs no memory for ever."""
    scene = Scene()
    for number in range(100):
        entry = Entry(f"{number}.flac", BYTES)
        scene.settler.restless(FOLDER, [entry], now_s=0, wall_ns=BEGIN_S * NS)
    scene.settler.restless(FOLDER, [], now_s=0, wall_ns=BEGIN_S * NS)

    assert {} == scene.settler._looks
