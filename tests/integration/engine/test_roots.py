"""Roots that are not in place: an unmounted disk is not an empty mirror."""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.scan import ScanReport
from pacd.engine.devices import DEVICES
from pacd.engine.engine import Engine
from pacd.engine.roots import identities
from pacd.intake.debounce import Place
from pacd.store import backups
from pacd.store.decisions import AWAITED
from tests.audio import Art, dress, png
from tests.integration.engine.site import Site, contents, master
from tests.mounts import ext4

EMPTY = ScanReport()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library of one album at rest, with a mirror and a cover."""
    made = Site.make(tmp_path, mirror=True, artwork=True)
    for path in made.album("A/one", 2).iterdir():
        dress(path, {"ALBUM": "One", "ARTIST": "A"}, [Art(png())])
    made.run()
    return made


@pytest.mark.parametrize(("root", "words"), [("phone", "Mirror phone"), ("art", "The cover")])
def test_an_empty_root_is_taken_for_unmounted(site: Site, root: str, words: str) -> None:
    """M9, w09: where PAC has put files and finds none it makes none, says so, and goes on later."""
    place = site.base / root
    place.rename(site.base / "elsewhere")
    place.mkdir()
    away = site.run()
    site.album("A/two", 1, seed=7)
    still_away = site.run()
    left = list(place.iterdir())
    place.rmdir()
    (site.base / "elsewhere").rename(place)
    before = contents(place)
    back = site.run()

    assert (Counter(), Counter()) == (away.actions, still_away.actions - Counter(_of_two(root)))
    assert [] == left
    assert [True] == [each.startswith(words) and "is empty" in each for each in away.problems]
    assert () == back.problems
    assert before.items() <= contents(place).items()


def lose_database(site: Site) -> None:
    """What is left is what pacd exports at each start, and with each backup."""
    backups.export(site.database, now=datetime.now(UTC))
    for each in site.database.parent.glob("pacd.db*"):
        each.unlink()


@pytest.mark.parametrize("mount_point", ["gone", "empty"])
@pytest.mark.parametrize(("root", "words"), [("phone", "Mirror phone"), ("art", "The cover")])
def test_m9_a_database_lost_while_a_disk_is_away(
    site: Site, root: str, words: str, mount_point: str
) -> None:
    """M9, S4, M4: its root is no new one: nothing is made there, and all is known later."""
    place = site.base / root
    place.rename(site.base / "elsewhere")
    if mount_point == "empty":
        place.mkdir()
    lose_database(site)
    away, still_away = site.run(), site.run()
    left = place.exists() and list(place.iterdir())
    if mount_point == "empty":
        place.rmdir()
    (site.base / "elsewhere").rename(place)
    before = contents(place)
    back = site.run()
    with site.store() as store:
        awaited = store.memory.get(AWAITED)

    assert 0 == (away.actions + still_away.actions + back.actions)["mirror-encode"]
    assert (mount_point == "empty" and []) == left
    assert 1 == len(still_away.problems)
    assert still_away.problems[0].startswith(words)
    assert () == back.problems
    assert before == contents(place)
    assert [] == awaited


def test_m9_a_database_lost_while_the_library_is_away(site: Site) -> None:
    """M9, S4: an empty place of a library that was known is no empty library."""
    mirrored = contents(site.base / "phone")
    site.library.rename(site.base / "elsewhere")
    site.library.mkdir()
    lose_database(site)
    away = site.run()
    site.library.rmdir()
    (site.base / "elsewhere").rename(site.library)
    back = site.run()

    assert Counter() == away.actions
    assert [True] == ["the database that was lost knew it" in each for each in away.problems]
    assert mirrored == contents(site.base / "phone")
    assert (0, ()) == (back.actions["mirror-encode"], back.problems)


def _of_two(root: str) -> dict[str, int]:
    """What a new album without a cover needs while a root is away."""
    mirrored = {} if root == "phone" else {"mirror-encode": 1}
    return {"test": 1, "recompress": 1, **mirrored}


def test_w09_an_item_knows_each_root_that_it_writes_below(tmp_path: Path) -> None:
    """w09, w52: also that of its master: a disk that went is not taken for a file that changed."""
    (library,) = Site.make(tmp_path, mirror=True).policy.libraries
    known = identities(library)
    (tmp_path / "phone").mkdir()

    assert {library.root} == set(known)
    assert {library.root, tmp_path / "phone"} == set(identities(library))


def test_a_root_that_was_emptied_on_purpose_is_filled_again(site: Site) -> None:
    """M5: any folder in it says that the disk is there."""
    for path in (site.base / "phone").rglob("*.opus"):
        path.unlink()
    (site.base / "phone" / "A" / "one").rmdir()
    (site.base / "phone" / "A").rmdir()
    (site.base / "phone" / "new").mkdir()
    ran = site.run()

    assert Counter({"mirror-encode": 2}) == ran.actions


def test_problems_of_a_library_that_has_left_leave_with_it(site: Site) -> None:
    """W3: status speaks of the libraries that are configured."""
    site.library.rename(site.base / "elsewhere")
    left: list[tuple[str, ...]] = []

    def leave(engine: Engine) -> None:
        engine.auditor.look_for_roots()
        left.append(tuple(each.what for each in engine.auditor.problems))
        engine.adopt(replace(site.policy, libraries=()))
        left.append(tuple(each.what for each in engine.auditor.problems))

    site.run(leave, audit=False)

    assert [1, 0] == [len(each) for each in left]


def test_a_deleted_cover_that_nobody_wants_is_asked_for_once(site: Site) -> None:
    """L2: the record of a cover that is gone is dropped, so that audits pass its folder by."""
    (cover,) = (site.base / "art").rglob("*.png")
    for path in (site.library / "A/one").iterdir():
        dress(path, {"ALBUM": "Other", "ARTIST": "A"}, [Art(png())])
    site.run()
    cover.unlink()
    ran = site.run()
    with site.store() as store:
        kept = [str(row.target) for row in store.exports.all(1)]

    assert (Counter(), ["A/Other/front.png"]) == (ran.actions, kept)


def test_a_disk_with_another_number_is_the_same_disk(site: Site) -> None:
    """P4, w12: after a boot the kernel may number disks anew; nothing is tested again for it."""
    number = site.library.stat().st_dev
    other = number + 1_000
    with site.store() as store, store.transaction():
        store.devices.renumber({number: other})
        store.memory.set(DEVICES, dict.fromkeys(store.memory.get(DEVICES), other))
    ran = site.run()
    again = site.run()

    assert (Counter(), Counter()) == (ran.actions, again.actions)
    assert (0, 2) == (ran.counts["scanned"], (again.report or ran.report or EMPTY).files_skipped)


def test_a_disk_that_comes_back_with_another_number_is_known(site: Site) -> None:
    """W3, P4: unplugged and plugged in again while the daemon runs."""
    number = site.library.stat().st_dev

    def replug(engine: Engine) -> None:
        site.library.rename(site.base / "unplugged")
        engine.auditor.look_for_roots()
        with engine.store.transaction():
            engine.store.devices.renumber({number: number + 1_000})
            known = dict.fromkeys(engine.store.memory.get(DEVICES), number + 1_000)
            engine.store.memory.set(DEVICES, known)
        (site.base / "unplugged").rename(site.library)
        engine.auditor.look_for_roots()

    assert Counter() == site.run(replug, audit=False).actions


def test_libraries_that_share_a_cover_root_do_not_fight_for_it(site: Site) -> None:
    """F7: an album that two libraries have gives one cover, and nobody is blamed for the other."""
    other = replace(site.policy.libraries[0], name="lossless", root=site.base / "other", mirrors=())
    (other.root / "One").mkdir(parents=True)
    master(other.root / "One/01.flac", 9)
    dress(other.root / "One/01.flac", {"ALBUM": "One", "ARTIST": "A"}, [Art(png(seed=5))])
    site.policy = replace(site.policy, libraries=(*site.policy.libraries, other))
    before = contents(site.base / "art")
    ran = site.run()

    assert ([], before) == (site.holds(), contents(site.base / "art"))
    assert Counter({"test": 1, "recompress": 1}) == ran.actions
    shutil.rmtree(site.library / "A")
    (site.library / "left").mkdir()
    master(site.library / "left/1.flac", 3)
    site.run()
    os.utime(other.root / "One/01.flac")

    assert 1 == site.run().actions["export-artwork"]
    assert before != contents(site.base / "art")


@pytest.mark.parametrize("root", ["phone", "art"])
def test_a_root_that_goes_is_missed_at_once(site: Site, root: str) -> None:
    """W3: whoever asks after dropping an album is told why its outputs are not made."""
    told: list[bool] = []

    def unplug(engine: Engine) -> None:
        engine.auditor.look_for_roots()
        (site.base / root).rename(site.base / "unplugged")
        engine.minder.next_s = time.monotonic() + 3600
        site.album("A/two", 1, seed=7)
        engine.inbox.touch(Place("music", PurePosixPath("A/two")), False)

    def rested(engine: Engine) -> bool:
        if engine.idle and engine.recorder.counts["music", "", "tested_ok"]:
            told.append(bool(engine.snapshot.problems))
            return True
        return False

    site.run(unplug, rested, audit=False)

    assert [True] == told


def test_the_cover_of_an_album_whose_file_changed_places(site: Site, tmp_path: Path) -> None:
    """F7: where the master that it came from stands, one of another album may stand by now."""
    (cover,) = (site.base / "art").rglob("*.png")
    one = site.library / "A/one/01.flac"
    (site.library / "A/one/02.flac").unlink()
    two = next(site.album("A/two", 1, seed=7).iterdir())
    dress(two, {"ALBUM": "Two", "ARTIST": "A"}, [Art(png(2, 2))])
    site.run()
    one.rename(tmp_path / "aside")
    two.rename(one)
    (tmp_path / "aside").rename(two)
    subprocess.run(["metaflac", "--remove", "--block-type=PICTURE", two], check=True)
    dress(two, {}, [Art(png(3, 3))])
    site.run()

    assert png(3, 3) == cover.read_bytes()


@pytest.mark.parametrize(("root", "words"), [("phone", "Mirror phone"), ("art", "The cover")])
def test_m9_a_disk_that_goes_before_anything_was_put_there(
    tmp_path: Path, root: str, words: str
) -> None:
    """M9, w09: nothing is on record yet, but what is written below its mount would be hidden."""
    site = Site.make(tmp_path, mirror=True, artwork=True)
    with ext4(tmp_path, site.base / root) as disk:
        (disk.place / "lost+found").rmdir()
        site.run()
        disk.unmount()
        for path in site.album("A/one", 1).iterdir():
            dress(path, {"ALBUM": "One", "ARTIST": "A"}, [Art(png())])
        away = site.run()
        left = list(disk.place.iterdir())
        disk.mount()
        back = site.run()
        made = list(disk.place.rglob("*.*"))

    assert [] == left
    assert [True] == [
        each.startswith(words) and "is empty, but the disk that was mounted there is not" in each
        for each in away.problems
    ]
    assert () == back.problems
    assert 1 == len(made)


def test_m9_a_mirror_that_moves_from_a_disk_is_settled_by_a_folder(tmp_path: Path) -> None:
    """M9: what the problem's line says is all that is needed."""
    site = Site.make(tmp_path, mirror=True)
    with ext4(tmp_path, site.base / "phone") as disk:
        (disk.place / "lost+found").rmdir()
        site.run()
    site.album("A/one", 1)
    away = site.run()
    (site.base / "phone/new").mkdir()
    settled = site.run()
    shutil.rmtree(site.base / "phone/new")

    assert 1 == len(away.problems)
    assert ((), ()) == (settled.problems, site.run().problems)
    assert [site.base / "phone/A/one/01.opus"] == list((site.base / "phone").rglob("*.opus"))


def test_m9_a_disk_mounted_over_an_empty_root_is_taken_at_once(tmp_path: Path) -> None:
    """M9: a mirror gets a disk of its own before there is anything in it."""
    site = Site.make(tmp_path, mirror=True)
    site.run()
    with ext4(tmp_path, site.base / "phone") as disk:
        (disk.place / "lost+found").rmdir()
        site.album("A/one", 1)
        seen = site.run()
        made = list(disk.place.rglob("*.opus"))

    assert () == seen.problems
    assert 1 == len(made)


@contextmanager
def bound(source: Path, place: Path) -> Iterator[None]:
    """Show a folder at another place; the test is skipped where this user may not."""
    for each in (source, place):
        each.mkdir(exist_ok=True)
    if subprocess.run(["mount", "--bind", source, place], check=False).returncode != 0:
        pytest.skip("this user may not bind folders")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def test_m9_a_root_that_was_bound_to_itself_is_where_it_was(tmp_path: Path) -> None:
    """M9, w31: systemd binds ReadWritePaths= to themselves; `pacd --once` by hand sees none."""
    site = Site.make(tmp_path, mirror=True)
    phone = site.base / "phone"
    with bound(phone, phone):
        site.run()
    site.album("A/one", 1)

    assert () == site.run().problems
    assert 1 == len(list(phone.rglob("*.opus")))


def test_m9_another_folder_of_the_same_disk_was_bound_there(tmp_path: Path) -> None:
    """M9: what is put below it would be hidden as well, whatever disk that is on."""
    site = Site.make(tmp_path, mirror=True)
    phone = site.base / "phone"
    with bound(site.base / "data", phone):
        site.run()
    site.album("A/one", 1)

    assert 1 == len(site.run().problems)
    assert [] == list(phone.iterdir())
