"""Disks that are swapped for others, and those inside a library that are away (w08, w09, M9)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.plan import Action
from pacd.engine.engine import Engine
from pacd.intake.debounce import Place
from pacd.protocol.documents import FileState
from tests.integration.engine.site import Ran, Site, contents
from tests.integration.engine.test_preview import planned, said, why
from tests.integration.engine.test_vouching import forced_walk, valid
from tests.mounts import Disk, ext4

FILES = 24


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


@contextmanager
def disk(tmp_path: Path, name: str, place: Path) -> Iterator[Disk]:
    (tmp_path / name).mkdir()
    with ext4(tmp_path / name, place) as found:
        yield found


def spoilt(root: Path, files: int, first: int = 0) -> None:
    """Files that are soon tested, each with a hold that only a person ends."""
    for number in range(first, first + files):
        (root / f"{number:03}").mkdir()
        (root / f"{number:03}" / "01.flac").write_bytes(b"no FLAC %d" % number)


def remembered(site: Site) -> object:
    with site.store() as store:
        return store.memory.get("root 1")


def test_w09_another_disk_is_not_the_library(site: Site, tmp_path: Path) -> None:
    """w08, w09: however many files the other one holds, and however often it is walked."""
    with disk(tmp_path, "a", site.library) as one:
        spoilt(site.library, FILES)
        assert () == site.run().problems
        one.unmount()
        with disk(tmp_path, "b", site.library) as other:
            spoilt(site.library, 6 * FILES, first=500)
            runs = [site.run(), site.run()]
            held = len(site.holds())
            other.unmount()
        one.mount()
        back = site.run()

    for ran in runs:
        (problem,) = ran.problems
        assert f"{FILES} of {FILES} files are not in it; nothing is forgotten" in problem
    assert 7 * FILES == held
    assert (FILES, FILES, ()) == (valid(site), len(site.holds()), back.problems)


def test_w09_a_disk_swapped_while_the_engine_runs(site: Site, tmp_path: Path) -> None:
    """w08, w09: device and inode are the same; neither a visit nor a walk lets anything go."""
    swaps = [1]
    with disk(tmp_path, "b", site.library) as other:
        (site.library / "000").mkdir()
        other.unmount()
        with disk(tmp_path, "a", site.library) as one:
            spoilt(site.library, FILES)

            def swap(engine: Engine) -> bool:
                if engine.idle and swaps:
                    swaps.pop()
                    one.unmount()
                    other.mount()
                    engine.auditor.walk(Place("music", PurePosixPath("000")))
                    engine.auditor.audit_all()
                return engine.idle

            ran = site.run(until=swap)
            other.unmount()

    assert [True] == [f"{FILES} of {FILES} files are not in it" in each for each in ran.problems]
    assert (FILES, FILES) == (valid(site), len(site.holds()))


def test_w09_a_person_may_take_another_disk_for_the_library(site: Site, tmp_path: Path) -> None:
    """w09: `pacctl scan` says so, and then it is."""
    with disk(tmp_path, "a", site.library) as one:
        spoilt(site.library, FILES)
        site.run()
        one.unmount()
        with disk(tmp_path, "b", site.library) as other:
            spoilt(site.library, 1, first=500)
            asked = site.run(forced_walk, audit=False)
            after = site.run()
            other.unmount()

    assert ((), (), 1) == (asked.problems, after.problems, valid(site))


def test_w09_what_an_earlier_version_remembered_is_trusted_once(site: Site, tmp_path: Path) -> None:
    """w09: the inode alone; then the disk is noted as well."""
    with disk(tmp_path, "a", site.library):
        spoilt(site.library, FILES)
        site.run()
        noted = remembered(site)
        with site.store() as store, store.transaction():
            store.memory.set("root 1", site.library.stat().st_ino)
        shutil.rmtree(site.library / "000")
        shutil.rmtree(site.library / "001")
        ran = site.run()

        assert isinstance(noted, dict)
        assert noted | {"files": FILES - 2} == remembered(site)
    assert ((), FILES - 2) == (ran.problems, valid(site))


@pytest.fixture
def shelf(tmp_path: Path) -> Site:
    """A library whose mirror is pruned by itself, with a place for a disk inside it."""
    made = Site.make(tmp_path, mirror=True)
    (mirror,) = made.policy.libraries[0].mirrors
    made.wish(mirrors=(replace(mirror, prune=True),))
    made.album("B", seed=40)
    (made.library / "HiRes").mkdir()
    return made


def fill(site: Site) -> Ran:
    """An album on the disk inside, and a file that is held, which is on it, too."""
    site.album("HiRes/X")
    (site.library / "HiRes" / "bad.flac").write_bytes(b"no FLAC")
    return site.run()


def outputs(site: Site) -> list[str]:
    return list(contents(site.base / "phone"))


ALL = ["B/01.opus", "B/02.opus", "HiRes/X/01.opus", "HiRes/X/02.opus"]


def test_w09_a_disk_inside_that_is_away_is_not_forgotten(shelf: Site, tmp_path: Path) -> None:
    """w09, M9: no output is removed, no hold ends; once it is back, all is well by itself."""
    with disk(tmp_path, "a", shelf.library / "HiRes") as inner:
        assert () == fill(shelf).problems
        before = contents(shelf.base / "phone")
        inner.unmount()
        runs = [shelf.run(), shelf.run()]

        assert before == contents(shelf.base / "phone")
        assert (5, 1) == (valid(shelf), len(shelf.holds()))
        inner.mount()
        back = shelf.run()
    for ran in runs:
        (problem,) = ran.problems
        assert f"the disk that was mounted on {shelf.library}/HiRes is away" in problem
        assert [] == ran.begun(Action.MIRROR_PRUNE)
    assert ((), 5, 1) == (back.problems, valid(shelf), len(shelf.holds()))
    assert before == contents(shelf.base / "phone")


def test_w09_a_disk_inside_whose_mount_point_is_gone_too(shelf: Site, tmp_path: Path) -> None:
    """w09, M9: the same where the folder it was mounted on is removed, or another disk is there."""
    with disk(tmp_path, "a", shelf.library / "HiRes") as inner:
        fill(shelf)
        inner.unmount()
        (shelf.library / "HiRes").rmdir()
        gone = shelf.run()

        assert (ALL, 5, 1) == (outputs(shelf), valid(shelf), len(shelf.holds()))
        with disk(tmp_path, "b", shelf.library / "HiRes") as other:
            strange = shelf.run()

            assert (ALL, 5, 1) == (outputs(shelf), valid(shelf), len(shelf.holds()))
            other.unmount()
    assert [1, 1] == [len(ran.problems) for ran in (gone, strange)]


def test_w09_what_a_disk_inside_held_may_be_elsewhere(shelf: Site, tmp_path: Path) -> None:
    """w09: all of it copied to the disk below: then nothing is away, and nobody is asked."""
    with disk(tmp_path, "a", shelf.library / "HiRes") as inner:
        fill(shelf)
        shutil.copytree(shelf.library / "HiRes", tmp_path / "copy")
        inner.unmount()
        shutil.rmtree(tmp_path / "copy" / "lost+found")
        shutil.copytree(tmp_path / "copy", shelf.library / "HiRes", dirs_exist_ok=True)
        copied = shelf.run()
        shutil.rmtree(shelf.library / "HiRes" / "X")
        removed = shelf.run()

    assert ((), (), 3) == (copied.problems, removed.problems, valid(shelf))
    assert ALL[:2] == outputs(shelf)


@pytest.mark.parametrize("part", [False, True], ids=["of all", "of its folder"])
def test_w09_who_says_that_a_disk_inside_is_gone_is_heard(
    shelf: Site, tmp_path: Path, part: bool
) -> None:
    """w09: `pacctl scan` lets go of what was there; then its outputs are pruned as any."""
    with disk(tmp_path, "a", shelf.library / "HiRes") as inner:
        fill(shelf)
        inner.unmount()
        shelf.run()

        def scan(engine: Engine) -> None:
            folder = PurePosixPath("HiRes" if part else "")
            engine.auditor.walk(Place("music", folder), forced=True)

        shelf.run(scan, audit=False)
        ran = shelf.run()

    assert ((), 2, 0) == (ran.problems, valid(shelf), len(shelf.holds()))
    assert ALL[:2] == outputs(shelf)


def test_w09_who_says_that_a_disk_inside_is_gone_is_told_of_it_no_more(
    shelf: Site, tmp_path: Path
) -> None:
    """w09, w56: the scan of its folder settles it; status does not wait for the next audit."""
    told: list[int] = []

    def scanned(engine: Engine) -> bool:
        if engine.idle:
            told.append(len(engine.auditor.problems))
            engine.auditor.walk(Place("music", PurePosixPath("HiRes")), forced=True)
        return len(told) > 1

    with disk(tmp_path, "a", shelf.library / "HiRes") as inner:
        fill(shelf)
        inner.unmount()
        shelf.run(until=scanned)

    assert [1, 0] == told


def test_p1_what_comes_where_a_disk_inside_was_waits_for_it(shelf: Site, tmp_path: Path) -> None:
    """P1, w58: plan and why say what is done, which is to test it, and why there is no more."""
    with disk(tmp_path, "a", shelf.library / "HiRes") as inner:
        fill(shelf)
        inner.unmount()
        shelf.album("HiRes/new", 1, seed=50)
        first = planned(shelf)
        ran = shelf.run()
        then, told = planned(shelf), why(shelf, "HiRes/new/01.flac")
        (problem,) = ran.problems

        assert [("HiRes/new/01.flac", "test", "")] == said(first)
        assert {"test": 1} == ran.actions
        assert [] == said(then)
        assert (problem,) == then.retries
        assert (FileState.AWAY, "none") == (told.state, told.decision.action)
        assert told.decision.reason.startswith(problem)
