"""What a scan sees of a real library, and what is remembered of it."""

import math
import os
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.domain.policy import FlacPolicy
from pacd.domain.scan import ScanReport, ScanStatus
from pacd.engine.audits import Findings, broke_off
from pacd.engine.closing import LAST_AUDIT
from pacd.engine.engine import Engine
from pacd.engine.summary import errand_counts
from pacd.engine.walker import OUTSTANDING
from pacd.intake.debounce import MAX_APART, Place
from pacd.protocol.documents import EventKind
from tests.audio import dress
from tests.integration.engine.site import PATIENCE_S, Ran, Site, contents, master


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


def tally(ran: Ran) -> dict[str, int]:
    """What a scan reports, but its duration."""
    assert ran.report
    names = ("discovered", "added", "updated", "moved", "removed", "skipped", "failed")
    found = {name: getattr(ran.report, f"files_{name}") for name in names}
    return {name: number for name, number in found.items() if number}


def adds_up(report: ScanReport | None) -> bool:
    assert report
    parts = (
        report.files_added,
        report.files_updated,
        report.files_moved,
        report.files_skipped,
        report.files_failed,
    )
    return sum(parts) == report.files_discovered


def places(*folders: str) -> list[Place]:
    return [Place("music", PurePosixPath(folder)) for folder in folders]


def touched(engine: Engine, *folders: str, tree: bool = False) -> None:
    """Tell the engine what a watcher would."""
    for place in places(*folders):
        engine.inbox.touch(place, tree)


def test_each_change_is_counted_as_what_it_is(site: Site) -> None:
    """L3, L6: added, updated, moved, removed and skipped add up to what was discovered."""
    site.album("A/one", 3)
    site.album("B/two", 2, seed=10)
    first = site.run()
    dress(site.library / "A/one/01.flac", {"TITLE": "new"}, [])
    (site.library / "A/one/02.flac").rename(site.library / "B/two/09.flac")
    (site.library / "A/one/03.flac").unlink()
    site.album("C", 1, seed=20)
    second = site.run()
    third = site.run()

    assert {"discovered": 5, "added": 5} == tally(first)
    assert {
        "discovered": 5,
        "added": 1,
        "updated": 1,
        "moved": 1,
        "removed": 1,
        "skipped": 2,
    } == tally(second)
    assert {"discovered": 5, "skipped": 5} == tally(third)
    assert all(adds_up(ran.report) for ran in (first, second, third))


def test_a_moved_album_keeps_its_verdicts(site: Site) -> None:
    """L6: nothing is tested or rewritten again; what is known goes with the file."""
    site.album("A/one", 2)
    site.run()
    before = site.known("A/one/01.flac")
    (site.library / "A").rename(site.library / "Z")
    ran = site.run()
    after = site.known("Z/one/01.flac")

    assert Counter() == ran.actions
    assert {"discovered": 2, "moved": 2} == tally(ran)
    assert site.known("A/one/01.flac") is None
    assert before
    assert after
    assert (before.id, before.track) == (after.id, after.track)


@pytest.mark.parametrize(("source", "target"), [("A", "B"), ("B", "A")])
def test_a_move_is_one_whichever_folder_is_seen_first(site: Site, source: str, target: str) -> None:
    """L6: not a removal here and something else there."""
    site.album("A", 1)
    site.album("B", 1, seed=5)
    site.run()
    (site.library / source / "01.flac").rename(site.library / target / "02.flac")
    ran = site.run()

    assert {"discovered": 2, "moved": 1, "skipped": 1} == tally(ran)
    assert Counter() == ran.actions


def test_a_missing_file_keeps_its_record_and_comes_back_to_life(site: Site, tmp_path: Path) -> None:
    """L5: is_valid = 0 while it is away; its verdict is still known when it returns."""
    site.album("A", 2)
    site.run()
    away = tmp_path / "away.flac"
    (site.library / "A/01.flac").rename(away)
    gone = site.run()
    while_away = site.known("A/01.flac")
    away.rename(site.library / "A/01.flac")
    back = site.run()
    returned = site.known("A/01.flac")

    assert {"discovered": 1, "removed": 1, "skipped": 1} == tally(gone)
    assert while_away
    assert not while_away.is_valid
    assert {"discovered": 2, "updated": 1, "skipped": 1} == tally(back)
    assert Counter() == back.actions
    assert returned
    assert returned.is_valid
    assert while_away.track == returned.track is not None


def test_removed_folders_are_let_go_with_all_below_them(site: Site) -> None:
    """L5: the albums of an artist who is gone."""
    site.album("A/one", 1)
    site.album("A/two/CD1", 1, seed=5)
    site.album("B", 1, seed=10)
    site.run()
    shutil.rmtree(site.library / "A")
    ran = site.run()

    assert {"discovered": 1, "removed": 2, "skipped": 1} == tally(ran)
    for path, valid in (
        ("A/one/01.flac", False),
        ("A/two/CD1/01.flac", False),
        ("B/01.flac", True),
    ):
        known = site.known(path)
        assert known
        assert valid == known.is_valid


def test_w07_what_a_watcher_tells_of_a_tree_is_found_below_it(site: Site, tmp_path: Path) -> None:
    """W3, w07: trees that are moved out and in, by their top folder alone."""
    site.album("A/one", 1)
    site.album("A/two/CD1", 1, seed=5)
    site.album("B", 1, seed=9)
    site.run()
    (site.library / "A").rename(tmp_path / "A")
    out = site.run(lambda engine: touched(engine, "A", tree=True), audit=False)
    missing = site.known("A/two/CD1/01.flac")
    (tmp_path / "A").rename(site.library / "A")
    back = site.run(lambda engine: touched(engine, "A", tree=True), audit=False)
    found = site.known("A/two/CD1/01.flac")

    assert Counter() == out.actions + back.actions
    assert missing
    assert not missing.is_valid
    assert found
    assert found.is_valid


def test_touched_trees_are_walked_once(site: Site) -> None:
    """w05: `rm -r` tells of each folder; one walk of the topmost finds them all."""
    for number in range(5):
        site.album(f"A/{number}", 1, seed=number)
    folders = ["A/3", *(f"A/{number}" for number in range(5)), "A"]
    ran = site.run(lambda engine: touched(engine, *folders, tree=True), audit=False)
    walks = [each.path for each in ran.events if each.kind is EventKind.SCAN_STARTED]

    assert ["A"] == walks
    assert 5 == ran.actions["test"]


def test_trees_that_were_gathered_are_not_kept(site: Site) -> None:
    """w05, w29: storms of folders that come and go leave nothing behind."""
    folders = [f"A/{number}" for number in range(2 * MAX_APART)]

    kept: list[int] = []

    def come_and_go(engine: Engine) -> None:
        for place in places(*folders):  # in parts, as the inbox gathers them too
            engine.touched.note(place, tree=True)

    def rested(engine: Engine) -> bool:
        if engine.idle:
            kept.append(len(engine.touched._trees))
        return engine.idle

    site.run(come_and_go, rested, audit=False)

    assert [0] == kept


@pytest.mark.parametrize("folder", ["#recycle", "A/@eaDir/x", ".pacd-recycle"])
def test_w13_what_is_left_alone_stays_so_whoever_tells(site: Site, folder: str) -> None:
    """W6, w13: a file moved into the NAS's recycle bin is nobody's work."""
    site.album(folder, 1)
    before = contents(site.library)
    file = site.run(lambda engine: touched(engine, folder))
    tree = site.run(lambda engine: touched(engine, folder, tree=True))

    assert Counter() == file.actions + tree.actions
    assert before == contents(site.library)


def test_nothing_is_reached_through_a_link(site: Site, tmp_path: Path) -> None:
    """w52, X2: a folder that was real and is a link now is gone; what it leads to is not ours."""
    album = site.album("A/one", 1)
    site.run()
    album.parent.rename(tmp_path / "outside")
    (site.library / "A").symlink_to(tmp_path / "outside")
    master(tmp_path / "outside" / "one" / "02.flac", 9)
    before = contents(tmp_path / "outside")
    ran = site.run(lambda engine: touched(engine, "A/one", "A"))
    known = site.known("A/one/01.flac")

    assert Counter() == ran.actions
    assert before == contents(tmp_path / "outside")
    assert known
    assert not known.is_valid


def test_w14_an_edit_that_hides_is_found(site: Site) -> None:
    """w14, W5: the same size and mtime, in place or by another file: ctime and inode tell."""
    album = site.album("A", 3)
    site.run()
    for path, replaced in ((album / "01.flac", False), (album / "02.flac", True)):
        before, data = path.stat(), bytearray(path.read_bytes())
        data[-1] ^= 1
        target = path.with_name("other") if replaced else path
        with target.open("wb" if replaced else "r+b") as file:
            file.write(data)
        os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
        target.replace(path)
        assert (before.st_size, before.st_mtime_ns) == (
            path.stat().st_size,
            path.stat().st_mtime_ns,
        )
    ran = site.run()

    assert ["A/01.flac", "A/02.flac"] == sorted(ran.begun(Action.TEST))
    assert {"A/01.flac": Cause.CORRUPT, "A/02.flac": Cause.CORRUPT} == {
        str(hold.path): hold.cause for hold in site.holds()
    }


@pytest.mark.parametrize("state", ["missing", "empty", "new"])
def test_a_root_that_is_gone_forgets_nothing(site: Site, tmp_path: Path, state: str) -> None:
    """w08, W3: unmounted, an empty mount point, a new disk: a problem, and recovery by itself."""
    site.album("A/one", 2)
    site.run()
    disk = tmp_path / "disk"
    site.library.rename(disk)
    if state != "missing":
        site.library.mkdir()
    if state == "new":
        (site.library / "lost+found").mkdir()
    gone = site.run(lambda engine: touched(engine, "A/one", "A", tree=True))
    while_gone = site.known("A/one/01.flac")
    with site.store() as store:
        status = store.libraries.all()[0].status

    def mount(engine: Engine) -> None:
        engine.auditor.look_for_roots()
        shutil.rmtree(site.library, ignore_errors=True)
        disk.rename(site.library)
        engine.auditor.look_for_roots()

    back = site.run(mount, audit=False)

    assert Counter() == gone.actions
    assert 1 == len(gone.problems)
    assert str(site.library) in gone.problems[0]
    assert ScanStatus.ERROR == status
    assert while_gone
    assert while_gone.is_valid
    assert () == back.problems
    assert {"discovered": 2, "skipped": 2} == tally(back)
    assert Counter() == back.actions


def test_a_scan_of_a_root_that_is_gone_counts_nothing(site: Site, tmp_path: Path) -> None:
    """1.3, w08: what is on record of files that nobody has seen is no answer."""
    site.album("A", 2)
    site.run()
    site.library.rename(tmp_path / "disk")
    with site.engine() as engine:
        errand = engine.auditor.errand(None, tuple(places("")))
        engine.run(until=lambda each: each.idle)
        counts = errand_counts(engine, errand)

    assert {0} == {*counts.library.values(), *counts.mirror.values()}
    assert f"its root {site.library} is not there" in errand.trouble


@pytest.mark.parametrize("away", [True, False], ids=["away", "there"])
def test_w08_an_audit_is_whole_when_all_libraries_were(site: Site, away: bool) -> None:
    """w08, W5: the last audit is the last that saw everything, not one that found a disk away."""
    site.album("A", 1)
    other = site.base / "other"
    (wishes,) = site.policy.libraries
    second = replace(wishes, name="second", root=other)
    site.policy = replace(site.policy, libraries=(wishes, second))
    if not away:
        other.mkdir()
    site.run()
    with site.store() as store:
        finished = store.memory.get(LAST_AUDIT)

    assert away == (finished is None)


def test_a_root_that_goes_during_a_walk_forgets_nothing(site: Site, tmp_path: Path) -> None:
    """w09, w08: what the rest of the walk does not see was not deleted."""
    folders = 4 * OUTSTANDING
    for number in range(folders):
        (site.library / f"{number:03}").mkdir()
        (site.library / f"{number:03}" / "01.flac").write_bytes(b"no FLAC, but quickly tested")
    site.run()
    site.wish(flac=FlacPolicy(target_compression=0))  # every folder is looked at again

    def unmount(engine: Engine) -> bool:
        """Take the root away in the middle of the walk, which waits for the engine."""
        seen = max((walk.folders for walk in engine.auditor.walks), default=0)
        if seen > OUTSTANDING and site.library.exists():
            site.library.rename(tmp_path / "disk")
        return engine.idle

    ran = site.run(until=unmount)
    with site.store() as store:
        valid = store.tracks.valid_count(store.libraries.sync({"music": site.library})["music"])

    assert [str(site.library) in problem for problem in ran.problems] == [True]
    assert folders == valid


@contextmanager
def too_deep(root: Path) -> Iterator[None]:
    """Have a folder so deep that its path is too long to be opened."""
    name, place = "d" * 200, os.open(root, os.O_RDONLY)
    for _level in range(25):
        os.mkdir(name, dir_fd=place)
        deeper = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(place)
    try:
        yield
    finally:
        shutil.rmtree(root / name)


def test_a_folder_that_cannot_be_read_is_said_and_not_forgotten(site: Site) -> None:
    """L3, L5: one unreadable folder never ends a scan."""
    site.album("A", 1)
    with too_deep(site.library):
        ran = site.run()

    assert ran.report
    assert {"discovered": 2, "added": 1, "failed": 1} == tally(ran)
    assert adds_up(ran.report)
    assert ran.report.warnings[0].endswith("could not be read: File name too long")
    assert 1 == len(ran.problems)


def test_w13_music_left_alone_for_its_name_is_said(site: Site) -> None:
    """W6, w13, L3: in status with the fix, and by the scan, until it has another name."""
    site.album("Metallica/...And Justice for All", 1)
    site.album(".38 Special/Tour de Force", 2, seed=10)
    outside = site.base / "outside"
    outside.mkdir()
    (outside / "01.flac").write_bytes(b"")
    (site.library / "Far").symlink_to(outside)
    first = site.run()
    (site.library / ".38 Special").rename(site.library / "38 Special")
    (site.library / "Far").unlink()
    second = site.run()

    assert first.report
    assert second.report
    assert {"discovered": 1, "added": 1} == tally(first)
    (problem,) = first.problems
    assert (problem,) == first.report.warnings
    assert problem == (
        "Library music: .38 Special has music in it and is hidden, "
        "for its name begins with a dot (and 1 more); it is not maintained."
    )
    assert {"discovered": 3, "added": 2, "skipped": 1} == tally(second)
    assert ((), ()) == (second.problems, second.report.warnings)


def test_w13_a_draft_that_has_its_own_name_by_now_is_left_alone_no_more(site: Site) -> None:
    """W6, w13: another program's draft that a walk has met is no problem until the next walk."""
    (album,) = {path.parent for path in site.album("A", 1).iterdir()}
    draft = album / ".02.flac"
    draft.write_bytes(b"")
    told: list[int] = []

    def renamed(engine: Engine) -> bool:
        if engine.idle:
            told.append(len(engine.auditor.problems))
            draft.rename(album / "02.txt")
            told.append(len(engine.auditor.problems))
        return engine.idle

    site.run(until=renamed)

    assert [1, 0] == told


def test_a_walk_that_cannot_read_the_store_ends(site: Site) -> None:
    """L3, W3: said as the scan's error; the library is free for the next walk."""
    site.album("A", 1)
    site.run()

    def remove(engine: Engine) -> None:
        engine.anchor.next_s = math.inf  # else it is put back, and all begins anew
        site.database.unlink()

    ran = site.run(remove)
    finished = [each for each in ran.events if each.kind is EventKind.SCAN_FINISHED]

    assert ["error"] == [each.status for each in finished]
    assert finished[0].message.startswith("the walk broke off")


def test_w09_a_part_whose_walk_broke_off_is_told_and_tried_again(site: Site) -> None:
    """w09, W3: what is lost with it is not left to the audit of tomorrow."""
    site.album("A", 1)
    site.run()
    site.album("B", 1)
    away, soon = site.database.with_name("away"), list[PurePosixPath]()

    def break_off(engine: Engine) -> None:
        engine.auditor.finished = lambda audit, _now: soon.append(audit.below)
        engine.anchor.next_s = math.inf  # else it is put back, and all begins anew
        site.database.rename(away)
        engine.auditor.walk(Place("music", PurePosixPath("B")))

    def mended(engine: Engine) -> bool:
        if engine.idle and away.exists():
            assert broke_off(engine.auditor.problems)
            away.rename(site.database)
            engine.auditor.audit_all()  # as the daemon does, within 15 minutes
        return engine.idle

    ran = site.run(break_off, mended, audit=False)

    assert [PurePosixPath("B"), PurePosixPath()] == soon
    assert () == ran.problems
    assert site.known("B/01.flac")


def test_a_part_that_cannot_be_read_is_a_problem_at_once(site: Site) -> None:
    """L3: as if the whole walk before it had met it, and not from the audit of tomorrow on."""
    site.album("A", 1)
    told = list[int]()

    def walked_twice(engine: Engine) -> bool:
        if engine.idle and not told:
            told.append(len(engine.auditor.problems))
            deep.enter_context(too_deep(site.library / "A"))
            engine.auditor.walk(Place("music", PurePosixPath("A")))
        return engine.idle

    with ExitStack() as deep:
        ran = site.run(until=walked_twice)

    assert [0] == told
    assert 1 == len(ran.problems)
    assert () == site.run().problems


def test_left_overs_of_dead_workers_are_removed(site: Site) -> None:
    """w17: no temporaries after a restart; what is not a scratch file of PAC's stays."""
    album = site.album("A", 1)
    stale, foreign = album / ".pacd-999999999-0123abcd.flac", album / ".pacd-notes.flac"
    for path in (stale, foreign):
        path.write_bytes(b"x")
    site.run()

    assert not stale.exists()
    assert foreign.exists()


def test_a_left_over_that_cannot_be_removed_does_not_end_the_scan(site: Site) -> None:
    """L3: a read-only disk, or here a folder that takes no changes."""
    album = site.album("A", 1)
    site.run()
    (album / ".pacd-999999999-0123abcd.flac").write_bytes(b"x")
    if subprocess.run(["chattr", "+i", album], check=False, capture_output=True).returncode:
        pytest.skip("nobody here may make a folder immutable")
    try:
        ran = site.run()
    finally:
        subprocess.run(["chattr", "-i", album], check=True)

    assert {"discovered": 1, "skipped": 1} == tally(ran)


def test_w53_odd_names_go_all_the_way(site: Site) -> None:
    """w53: newline and non-UTF-8 bytes from the disk through store, worker and tool."""
    folder = os.fsdecode(b"new\nline \xff")
    site.album(folder, 1)
    ran = site.run()
    again = site.run()

    assert {"test": 1, "recompress": 1} == ran.actions
    assert Counter() == again.actions
    assert {"discovered": 1, "skipped": 1} == tally(again)


def test_drift_is_what_the_watcher_missed(site: Site) -> None:
    """W5, w41: an audit counts the changes that nobody had told of."""
    site.album("A", 2)
    site.run()
    dress(site.library / "A/01.flac", {"TITLE": "x"}, [])
    master(site.library / "A/03.flac", 9)

    def reporting(engine: Engine) -> None:
        engine.auditor.reports = True
        engine.auditor._told["music"] = Findings()  # it was walked whole before, by this daemon

    def told(engine: Engine) -> None:
        reporting(engine)
        engine.pipeline.debouncer.touch(places("A")[0], now_s=0)

    drift: list[dict[str, int]] = []

    def rested(engine: Engine) -> bool:
        drift[:] = [dict(engine.recorder.meter.drift)]
        return engine.idle

    ran = site.run(reporting, rested)
    kinds = drift[0]
    dress(site.library / "A/01.flac", {"TITLE": "y"}, [])
    expected = site.run(told)

    assert ran.report
    assert 2 == ran.report.drift
    assert {"added": 1, "updated": 1, "moved": 0, "removed": 0} == kinds
    assert expected.report
    assert 0 == expected.report.drift


def test_w41_an_audit_that_was_cut_off_goes_on(site: Site) -> None:
    """L2, w41: what had come to rest is passed by, what had not is done, nothing is done twice."""
    for number in range(6):
        site.album(f"{number}", 1)
    cut = site.run(until=lambda engine: engine.recorder.counts.total() >= 6)
    rest = site.run()
    done = Counter(dict.fromkeys(("test", "recompress"), 6))

    assert cut.actions["test"] < 6
    assert done == cut.actions + rest.actions
    assert Counter() == site.run().actions


def test_w40_no_library_is_walked_twice_at_once(site: Site) -> None:
    """W5, w40: an audit that is asked for while one runs is that one."""
    site.album("A", 1)
    walks = []

    def asked_thrice(engine: Engine) -> None:
        for _time in range(3):
            engine.auditor.audit_all()
            walks.append(len(engine.auditor.walks))

    site.run(asked_thrice)

    assert [1, 1, 1] == walks


def test_drift_is_not_what_nobody_could_miss(site: Site) -> None:
    """W5, w41, w56: what came while no daemon ran, and what an event led to, is none."""
    site.album("A", 1)
    drift: list[int] = []

    def reporting(engine: Engine) -> None:
        engine.auditor.reports = True

    def walking(engine: Engine) -> None:
        engine.auditor._told["music"] = Findings()
        reporting(engine)
        engine.auditor.walk(places("B")[0])

    def rested(engine: Engine) -> bool:
        drift[:] = [sum(engine.recorder.meter.drift.values())]
        return engine.idle

    first = site.run(reporting, rested)
    after_start = drift[0]
    site.album("B", 1, seed=5)
    site.run(walking, rested, audit=False)

    assert first.report
    assert (0, 0, 0) == (first.report.drift, after_start, drift[0])


def test_w28_a_walk_that_is_far_ahead_ends_with_the_daemon(tmp_path: Path) -> None:
    """w28, w29: it waits for the engine, which takes nothing any more, with much to tell."""
    site = Site.make(tmp_path, mirror=True)
    for number in range(OUTSTANDING):
        for root, name in ((site.library, "01.flac"), (tmp_path / "phone", "02.opus")):
            (root / f"{number}").mkdir(parents=True)
            (root / f"{number}" / name).write_bytes(b"")
    with site.engine() as engine:
        engine.auditor.audit_all()
        ((walker, *_),) = engine.auditor._walkers.values()
        walker._thread.join(1.0)  # by then it waits: it never ends by itself
        ending = threading.Thread(target=engine.auditor.stop, daemon=True)
        ending.start()
        ending.join(PATIENCE_S)

        assert not walker._thread.is_alive()
