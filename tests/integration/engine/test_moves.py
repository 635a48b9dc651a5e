"""Masters that were moved, and what became of their outputs."""

import os
import shutil
import time
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.output import OutputState
from pacd.domain.plan import Action
from pacd.engine.engine import Engine
from pacd.engine.gathering import gather
from pacd.engine.looking import look_at
from pacd.engine.naming import Naming
from pacd.engine.visit import Urgency, Visit
from pacd.files.atomic import being_written
from pacd.files.renaming import exchange, move
from pacd.intake.debounce import Place
from pacd.intake.settle import Settler
from pacd.planning.planner import decide
from tests.integration.engine.collector import Collector, outputs_of, two_mirrors, wanted_of
from tests.integration.engine.site import Ran, Site, contents, master
from tests.mounts import mounted

COMPOSED, DECOMPOSED = "\u00c4rger", unicodedata.normalize("NFD", "\u00c4rger")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return two_mirrors(tmp_path, tmp_path / "library")


@pytest.fixture
def life(site: Site) -> Collector:
    return Collector(site.library)


def lose_database(site: Site) -> None:
    shutil.rmtree(site.database.parent)


def orphans(site: Site, mirror: str = "phone") -> list[str]:
    """Which outputs are on record as wanted by nobody."""
    with site.store() as store:
        return [str(row.output.path) for row in store.outputs.orphans(1, mirror)]


def mirrored(ran: Ran) -> dict[str, int]:
    """What was done to outputs."""
    return {name: number for name, number in ran.actions.items() if name.startswith("mirror-")}


def assert_exact(site: Site) -> None:
    """Every master has its output, and PAC knows which outputs have none."""
    policy = site.policy.libraries[0]
    for mirror in policy.mirrors:
        wanted, there = wanted_of(policy, mirror), outputs_of(mirror)
        said = {path: (pac.src_md5, pac.source_rel) for path, pac in there.items()}

        assert {path: (pac.src_md5, pac.source_rel) for path, pac in wanted.items()} == {
            path: said[path] for path in wanted if path in said
        }
        left = sorted(str(path) for path in there.keys() - wanted.keys())
        assert left == sorted(orphans(site, mirror.name))


@pytest.mark.parametrize("target", ["A/02.flac", "A/00.flac", "Z/01.flac"])
def test_another_master_in_the_place_of_a_moved_one(
    site: Site, life: Collector, target: str
) -> None:
    """M5: the output of the moved one is renamed before the new one's takes its place."""
    life.add("A", "01")
    site.run()
    life.move(site.library / "A/01.flac", site.library / target)
    life.record(site.library / "A/01.flac")
    ran = site.run()

    assert {"test": 1, "mirror-rename": 2, "mirror-encode": 2} == ran.actions
    assert ["A/01.flac"] * 2 == ran.begun(Action.MIRROR_ENCODE)
    assert_exact(site)


@pytest.mark.parametrize("order", [["01", "02", "03"], ["03", "02", "01"], ["02", "01", "03"]])
def test_masters_that_change_places_are_not_tested_again(
    site: Site, life: Collector, order: list[str]
) -> None:
    """L6: renumbered, swapped, moved in a circle: a verdict belongs to bytes, not to names."""
    for folder in "AB":
        for name in order:
            life.add(folder, name)
    site.run()
    life.rotate([site.library / f"A/{name}.flac" for name in order])
    life.move(site.library / "B/03.flac", site.library / "B/04.flac")
    life.move(site.library / "B/02.flac", site.library / "B/03.flac")
    life.move(site.library / "B/01.flac", site.library / "B/02.flac")
    life.add("B", "01")
    life.rotate([site.library / "A", site.library / "B"])
    ran = site.run()

    assert ["A/01.flac"] == ran.begun(Action.TEST)
    assert ["A/01.flac"] * 2 == ran.begun(Action.MIRROR_ENCODE)
    assert 0 == site.run().actions.total()
    assert_exact(site)


def test_a_master_that_was_edited_in_its_place_is_tested(site: Site, life: Collector) -> None:
    """L6: taggers may keep the modification time; what came by a rename has left its old place."""
    life.add("A", "01")
    site.run()
    path = site.library / "A" / "01.flac"
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert ["A/01.flac"] == site.run().begun(Action.TEST)


def test_it_is_found_without_the_database_too(site: Site, life: Collector) -> None:
    """M4, M5: what nobody has tested yet may be the master of an output about to be replaced."""
    life.add("A", "01")
    site.run()
    life.move(site.library / "A/01.flac", site.library / "Z/01.flac")
    life.record(site.library / "A/01.flac")
    lose_database(site)
    ran = site.run()

    assert {"test": 2, "mirror-rename": 2, "mirror-encode": 2} == ran.actions
    assert_exact(site)


def test_a_replaced_master_does_not_wait_for_ever(site: Site, life: Collector) -> None:
    """M5: alone, what is replaced is encoded over its output at once, in the same run."""
    life.add("A", "01")
    site.run()
    life.record(site.library / "A/01.flac")

    assert {"test": 1, "mirror-encode": 2} == site.run().actions
    assert_exact(site)


def test_an_output_that_takes_an_orphans_place_is_one(site: Site, life: Collector) -> None:
    """M9: what stood where a renamed output belongs goes where that was; nobody wants it there."""
    life.add("A", "01")
    life.add("B/CD1", "01")
    site.run()
    life.remove(site.library / "A/01.flac")
    life.move(site.library / "B/CD1/01.flac", site.library / "A/01.flac")
    life.remove(site.library / "B/CD1")
    life.remove(site.library / "B")
    ran = told_of(site, life)

    assert {"mirror-rename": 2} == ran.actions
    assert ["B/CD1/01.opus"] == orphans(site)
    assert_exact(site)


@pytest.mark.parametrize(
    ("old", "new"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED), ("Abba", "ABBA")]
)
def test_another_spelling_of_a_folder(site: Site, life: Collector, old: str, new: str) -> None:
    """M4, M10: outputs in a folder that only some file systems take for the same are found."""
    life.add(old, "01")
    site.run()
    life.move(site.library / old, site.library / new)
    lose_database(site)
    ran = site.run()

    assert {"test": 1, "mirror-rename": 2} == ran.actions
    assert_exact(site)
    assert {} == site.run().actions


def test_orphans_below_another_spelling(site: Site, life: Collector) -> None:
    """M9: what a removed master left is an orphan, though a folder is named nearly so."""
    life.add(COMPOSED, "01")
    site.run()
    life.remove(site.library / COMPOSED)
    life.add(DECOMPOSED, "01")
    lose_database(site)
    site.run()

    assert [f"{COMPOSED}/01.opus"] == orphans(site)
    assert_exact(site)
    assert {} == site.run().actions
    assert_exact(site)


def test_a_folder_that_gave_its_name_to_another(site: Site, life: Collector) -> None:
    """M4, M10: the outputs of b stand below b, though those of b belong below b~… by now."""
    life.add("b", "01")
    site.run()
    life.add("B", "01")
    lose_database(site)
    ran = site.run()

    assert {"test": 2, "mirror-rename": 2, "mirror-encode": 2} == ran.actions
    assert_exact(site)


@pytest.mark.parametrize("both", [False, True])
def test_a_folder_whose_name_depends_on_another(site: Site, life: Collector, *, both: bool) -> None:
    """W1, M10: the watcher tells of the one that came or went; the other's outputs follow."""
    life.add("A/b", "01")
    if both:
        life.add("A/B", "01")
    site.run()
    life.touched.clear()
    if both:
        life.remove(site.library / "A/B")
    else:
        life.add("A/B", "01")
    ran = told_of(site, life)

    assert 2 == ran.actions[Action.MIRROR_RENAME]
    assert_exact(site)


def test_orphans_where_no_master_is(site: Site, life: Collector) -> None:
    """M4, M9: in a folder of the library that holds only folders, too, and without a database."""
    life.add("A", "01")
    life.add("A/CD1", "01")
    site.run()
    life.remove(site.library / "A/01.flac")
    lose_database(site)
    site.run()

    assert ["A/01.opus"] == orphans(site)
    assert {} == site.run().actions
    assert ["A/01.opus"] == orphans(site)


def told_of(site: Site, life: Collector) -> Ran:
    """Have the engine look where a watcher would have told it to."""

    def touch(engine: Engine) -> None:
        for folder, tree in sorted(life.touched.items()):
            engine.inbox.touch(Place("music", folder), tree)

    return site.run(touch, audit=False)


def test_what_is_being_moved_is_not_encoded(site: Site, life: Collector) -> None:
    """M5: a worker has renamed an output, and has not told of it yet: nothing else is due."""
    life.add("A", "01")
    site.run()
    life.move(site.library / "A/01.flac", site.library / "B/01.flac")
    path, now = PurePosixPath("B/01.flac"), datetime.now(UTC)
    with site.engine() as engine:
        visit, scout = visit_of(engine, path.parent), engine.pipeline.scout
        visit.facts[path] = scout.scouted(visit, path, [visit], now=now)
        for due in decide(visit.facts[path], visit.policy, now).items:
            visit.busy.add(due)
        (site.base / "phone/A/01.opus").rename(site.base / "phone/moved.opus")
        visit.facts[path] = scout.scouted(visit, path, [visit], now=now)
        again = decide(visit.facts[path], visit.policy, now).items

    assert [Action.MIRROR_RENAME] * 2 == [due.action for due in visit.busy]
    assert {due.key for due in visit.busy} == {due.key for due in again}


def visit_of(engine: Engine, folder: PurePosixPath) -> Visit:
    """A folder as it is when nothing of it has been decided yet."""
    pipeline, now = engine.pipeline, datetime.now(UTC)
    (policy,) = pipeline.policy.libraries
    looked = look_at(engine.store, 1, Naming(policy, pipeline.ignore), folder)
    pipeline.surveyor.survey(1, policy, looked.library)
    settler = Settler(0.0, being_written)
    facts = gather(engine.store, 1, policy, looked, settler=settler, now=now)
    by_path = {each.path: each for each in facts}
    return Visit(Place("music", folder), 1, policy, Urgency.LIVE, 1, looked, by_path, now)


def test_nobody_is_asked_again_and_again(site: Site, life: Collector) -> None:
    """M5, B4: while a master is written to, those that could have its output wait for it."""
    life.add("A", "01")
    site.run()
    life.move(site.library / "A/01.flac", site.library / "B/01.flac")
    begun: Counter[Place] = Counter()
    with (site.library / "A/01.flac").open("wb") as unfinished:
        unfinished.write(b"fLaC")
        ends_s = time.monotonic() + 1.0

        def over(engine: Engine) -> bool:
            begun.update(tuple(engine.pipeline.visits))
            return time.monotonic() > ends_s

        site.policy = replace(site.policy, settle_s=0.25)
        site.run(until=over)

    assert begun[Place("music", PurePosixPath("B"))] < 20


@pytest.mark.parametrize("kind", ["exfat", "ntfs without case"])
def test_another_case_where_there_is_none(site: Site, life: Collector, kind: str) -> None:
    """M9, M10: file systems that take two spellings for one: nothing is encoded, nothing orphan."""
    with mounted(kind, site.base) as root:
        (mirror, _) = site.policy.libraries[0].mirrors
        site.wish(mirrors=(replace(mirror, root=root),))
        life.add("Abba", "song")
        life.add("Abba", "02")
        site.run()
        life.move(site.library / "Abba/song.flac", site.library / "Abba/SONG.flac")
        assert {"mirror-rename": 1} == site.run().actions
        life.move(site.library / "Abba", site.library / "ABBA")
        assert Action.MIRROR_ENCODE not in site.run().actions
        assert [] == orphans(site)
        lose_database(site)
        assert {"test": 2} == site.run().actions
        assert {} == site.run().actions
        assert [] == orphans(site)
        assert [] == site.holds()


@pytest.mark.parametrize("swap", [False, True])
def test_a_crash_between_a_rename_and_its_retag(site: Site, life: Collector, *, swap: bool) -> None:
    """M12: the outputs bear their new names, and say the old ones: they are retagged, no more."""
    life.add("A", "01")
    life.add("A", "02")
    site.run()
    one, other = (site.library / f"A/0{number}.flac" for number in (1, 2))
    life.rotate([one, other]) if swap else life.move(one, site.library / "B/01.flac")
    for mirror in site.policy.libraries[0].mirrors:
        old, new = mirror.root / "A/01", mirror.root / ("A/02" if swap else "B/01")
        places = [path.with_suffix(mirror.extension) for path in (old, new)]
        (exchange if swap else move)(*places, root=mirror.root)

    assert {"mirror-retag": 4 if swap else 2} == mirrored(site.run())
    assert_exact(site)
    assert {} == site.run().actions


def test_a_crash_halfway_through_a_swap(site: Site, life: Collector) -> None:
    """M12: where the file system cannot exchange, one of the two may bear a third name."""
    life.add("A", "01")
    life.add("B", "01")
    site.run()
    life.rotate([site.library / "A/01.flac", site.library / "B/01.flac"])
    for mirror in site.policy.libraries[0].mirrors:
        suffix = mirror.extension
        (mirror.root / f"B/01{suffix}").rename(mirror.root / f"B/~moved-0123abcd{suffix}")
        (mirror.root / f"A/01{suffix}").rename(mirror.root / f"B/01{suffix}")

    assert {"mirror-rename": 2, "mirror-retag": 2} == mirrored(site.run())
    assert_exact(site)
    assert {} == site.run().actions


@pytest.mark.parametrize("away", ["library", "phone"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_root_that_goes_and_comes_back(
    site: Site, life: Collector, away: str, *, empty: bool
) -> None:
    """M9, P4: unmounted, whether its mount point stays or goes: it is said, and nothing else."""
    life.add("A", "01")
    life.add("B", "01")
    site.run()
    root = site.base / away
    before = {path: path.stat().st_ino for path in sorted(site.base.rglob("*.*")) if path.is_file()}
    root.rename(site.base / "elsewhere")
    if empty:
        root.mkdir()
    gone = site.run()
    if empty:
        root.rmdir()
    (site.base / "elsewhere").rename(root)
    back = site.run()

    assert {} == gone.actions == back.actions
    assert [True] == [str(root) in problem for problem in gone.problems]
    assert () == back.problems
    outputs = {path: number for path, number in before.items() if path.suffix in {".opus", ".m4a"}}
    assert outputs == {path: path.stat().st_ino for path in outputs}
    assert_exact(site)


def test_moves_while_a_mirror_is_away(site: Site, life: Collector) -> None:
    """M5: what was renamed meanwhile is renamed there once it is back, and not encoded."""
    life.add("A", "01")
    life.add("A", "02")
    site.run()
    (site.base / "phone").rename(site.base / "elsewhere")
    life.move(site.library / "A", site.library / "B")
    assert {"mirror-rename": 2} == site.run().actions
    (site.base / "elsewhere").rename(site.base / "phone")

    assert {"mirror-rename": 2} == site.run().actions
    assert_exact(site)


def test_foreign_files_are_read_once(site: Site, life: Collector) -> None:
    """M9, B2: what PAC did not make is known to be another's, until it changes; and it stays."""
    life.add("A", "01")
    site.run()
    strange = [site.base / "phone" / name for name in ("A/mine.opus", "stray/mine.opus")]
    for path in strange:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"not PAC's")
    site.run()
    with site.store() as store:
        found = {
            str(path): row.output.state
            for folder in ("A", "stray")
            for path, row in store.outputs.in_folder(1, "phone", PurePosixPath(folder)).items()
        }

    assert {
        "A/01.opus": OutputState.OURS,
        "A/mine.opus": OutputState.FOREIGN,
        "stray/mine.opus": OutputState.FOREIGN,
    } == found
    assert {} == site.run().actions
    assert [b"not PAC's"] * 2 == [path.read_bytes() for path in strange]
    assert [] == orphans(site)


def test_a_foreign_file_where_an_output_belongs(site: Site, life: Collector) -> None:
    """M9: nothing is renamed over it either."""
    life.add("A", "01")
    site.run()
    life.move(site.library / "A/01.flac", site.library / "A/02.flac")
    for name in ("phone/A/02.opus", "car/A/02.m4a"):
        (site.base / name).write_bytes(b"not PAC's")
    ran = site.run()

    assert {} == ran.actions
    assert b"not PAC's" == (site.base / "phone/A/02.opus").read_bytes()
    assert (site.base / "phone/A/01.opus").exists()


@pytest.mark.parametrize("says", ["../outside/01.flac", "{base}/outside/01.flac"])
def test_what_an_output_says_leads_nowhere_else(site: Site, life: Collector, says: str) -> None:
    """X2: a folder is visited because an output says that it came from there, but never beyond."""
    life.add("A", "01")
    site.run()
    (site.base / "outside").mkdir()
    master(site.base / "outside" / "01.flac")
    outside = contents(site.base / "outside")
    (site.base / "phone/stray").mkdir()
    (site.base / "phone/A/01.opus").rename(site.base / "phone/stray/01.opus")
    with site.store() as store, store.transaction():
        (row,) = store.outputs.in_folder(1, "phone", PurePosixPath("A")).values()
        source = PurePosixPath(says.format(base=site.base))
        stray = replace(row.output, path=PurePosixPath("stray/01.opus"), source_rel=source)
        store.outputs.record(1, "phone", stray)
    ran = site.run()

    assert [] == ran.begun(Action.TEST)
    assert outside == contents(site.base / "outside")


def test_an_output_below_a_hash_is_its_masters(site: Site, life: Collector) -> None:
    """M5, M10: where a path is too long for a mirror, a copy does not take the other's output."""
    deep = "/".join(["x" * 255] * 15)
    life.add(deep, "01")
    site.run()
    life.copy(site.library / deep / "01.flac", "A", "01")
    copied = site.run()
    life.copy(site.library / "A/01.flac", "B", "01")  # first: else it may get the other's inode
    life.remove(site.library / deep / "01.flac")
    removed = site.run()

    assert {"test": 1, "mirror-encode": 2} == copied.actions
    assert {"test": 1, "mirror-rename": 2} == removed.actions
    assert {} == site.run().actions


@pytest.mark.parametrize("database", [True, False])
def test_what_is_left_below_a_hash_is_an_orphan(
    site: Site, life: Collector, *, database: bool
) -> None:
    """M9, M10: once its folder has gone from the library; and it serves as a spare (M5)."""
    deep = "/".join(["x" * 255] * 15)
    life.add(f"{deep}/CD1", "01")
    life.add(f"{deep}/CD2", "01")
    life.add("A", "01")
    site.run()
    assert [] == orphans(site)
    aside = site.base / "aside.flac"
    shutil.copy2(site.library / deep / "CD1" / "01.flac", aside)
    shutil.rmtree(site.library / ("x" * 255))
    if not database:
        lose_database(site)
    site.run()
    left = orphans(site)
    shutil.copy2(aside, site.library / "A" / "02.flac")
    ran = site.run()

    assert [True, True] == [path.startswith("~") for path in left]
    assert {"test": 1, "mirror-rename": 2} == ran.actions
    assert 1 == len(orphans(site))


def test_a_held_master_is_waited_for_all_the_same(site: Site, life: Collector) -> None:
    """M5: a collision in one mirror keeps no master from its test, nor its output from another."""
    life.add("B", "01")
    theirs = site.base / "car" / "B" / "01.m4a"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    site.run()
    life.move(site.library / "B/01.flac", site.library / "A/01.flac")
    life.record(site.library / "B/01.flac")
    ran = site.run()

    assert {"mirror-rename": 1, "mirror-encode": 2} == mirrored(ran)
    assert b"mine" == theirs.read_bytes()


def test_a_hold_on_what_stands_there_now_stays(site: Site, life: Collector) -> None:
    """H2: the master that was there before takes no hold of the next one along."""
    life.add("A", "01")
    life.add("Z", "01")
    theirs = site.base / "car" / "A" / "01.m4a"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    site.run()
    life.rotate([site.library / "A/01.flac", site.library / "Z/01.flac"])
    site.run()

    assert [("A/01.flac", "car")] == [(str(hold.path), hold.mirror) for hold in site.holds()]
