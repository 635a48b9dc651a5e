"""Roots that are not in place: an unmounted disk is not an empty mirror."""

import os
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.scan import ScanReport
from pacd.engine.devices import DEVICES
from pacd.engine.engine import Engine
from pacd.engine.roots import identities
from pacd.intake.debounce import Place
from tests.audio import Art, dress, png
from tests.integration.engine.site import Site, contents, master

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


def test_a_mirror_that_goes_is_missed_at_once(site: Site) -> None:
    """W3: whoever asks after dropping an album is told why its outputs are not made."""
    told: list[bool] = []

    def unplug(engine: Engine) -> None:
        engine.auditor.look_for_roots()
        (site.base / "phone").rename(site.base / "unplugged")
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
