"""Another folder in the root's place is not the library: what it lacks is not forgotten."""

import shutil
from pathlib import Path, PurePosixPath

import pytest

from pacd.engine.engine import Engine
from pacd.engine.visit import Urgency
from pacd.engine.walker import OUTSTANDING
from pacd.intake.debounce import Place
from tests.integration.engine.site import Site

FILES = 21


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Files that are soon tested, each in a folder of its own."""
    made = Site.make(tmp_path)
    for number in range(FILES):
        spoilt(made.library / f"{number:03}")
    return made


def spoilt(folder: Path) -> Path:
    folder.mkdir()
    (folder / "01.flac").write_bytes(b"no FLAC, but quickly tested")
    return folder


def valid(site: Site) -> int:
    library_id = site.library_id
    with site.store() as store:
        return store.tracks.valid_count(library_id)


def test_w09_a_root_replaced_during_a_walk_forgets_nothing(site: Site, tmp_path: Path) -> None:
    """w09: unmounted while it was walked; something lies below the mount, so it is not empty."""
    for number in range(FILES, 4 * OUTSTANDING):
        (site.library / f"{number:03}").mkdir()
    site.run()

    def unmount(engine: Engine) -> bool:
        seen = max((walk.folders for walk in engine.auditor.walks), default=0)
        if seen > 2 and not (tmp_path / "disk").exists():
            site.library.rename(tmp_path / "disk")
            spoilt_root(site)
        return engine.idle

    site.run(forced_walk, unmount, audit=False)

    assert (tmp_path / "disk").exists()
    assert FILES == valid(site)


def spoilt_root(site: Site) -> None:
    site.library.mkdir()
    (site.library / "note").mkdir()


def forced_walk(engine: Engine) -> None:
    """Look at every folder, so that the walk waits for the engine."""
    engine.auditor.walk(Place("music", PurePosixPath()), forced=True)


def test_w09_another_folder_with_little_of_the_library(site: Site, tmp_path: Path) -> None:
    """w09: nothing is forgotten until a person says so; once it is back, all is well."""
    site.run()
    site.library.rename(tmp_path / "disk")
    site.library.mkdir()
    spoilt(site.library / "other")
    gone = site.run()

    assert FILES + 1 == valid(site)
    assert 1 == len(gone.problems)
    assert "is another folder than before" in gone.problems[0]
    assert f" {FILES} of {FILES} files are not in it" in gone.problems[0]
    shutil.rmtree(site.library)
    (tmp_path / "disk").rename(site.library)
    back = site.run()
    assert (FILES, ()) == (valid(site), back.problems)


@pytest.mark.parametrize("tree", [False, True], ids=["a visit", "a walk of a part"])
def test_w09_what_is_in_doubt_nobody_forgets(site: Site, tmp_path: Path, tree: bool) -> None:
    """w09: nor do a retry or an event that come after the walk which was in doubt."""
    spoilt(site.library / "other")
    spoilt(site.library / "other" / "disc 1")
    site.run()
    site.library.rename(tmp_path / "disk")
    site.library.mkdir()
    spoilt(site.library / "other")
    places = [Place("music", PurePosixPath("other" if tree else "007"))]

    def asked(engine: Engine) -> bool:
        if engine.idle and places:
            if tree:
                engine.auditor.walk(places.pop())
            else:
                engine.pipeline.want(places.pop(), Urgency.LIVE)
        return engine.idle

    site.run(until=asked)

    assert [] == places
    assert FILES + 2 == valid(site)


def test_w09_a_person_may_say_so(site: Site, tmp_path: Path) -> None:
    """w09: a scan that was asked for takes another folder for the library."""
    site.run()
    site.library.rename(tmp_path / "disk")
    site.library.mkdir()
    spoilt(site.library / "other")
    asked = site.run(forced_walk, audit=False)

    assert (1, ()) == (valid(site), asked.problems)


def test_w09_a_restored_disk_is_taken_as_it_is(site: Site, tmp_path: Path) -> None:
    """w09: all of the library in another folder is the library; then a few may go as ever."""
    site.run()
    site.library.rename(tmp_path / "disk")
    shutil.copytree(tmp_path / "disk", site.library)
    assert () == site.run().problems
    for number in range(FILES):
        shutil.rmtree(site.library / f"{number:03}")
    spoilt(site.library / "last")

    assert () == site.run().problems
    assert 1 == valid(site)


def skeleton(site: Site, tmp_path: Path, keep: int) -> None:
    """Put another folder in the root's place: all folders are there, each with so many files."""
    site.library.rename(tmp_path / "disk")
    for folder in sorted((tmp_path / "disk").iterdir()):
        place = site.library / folder.name
        place.mkdir(parents=True)
        for path in sorted(folder.iterdir())[:keep]:
            shutil.copy2(path, place)


@pytest.fixture
def shelved(tmp_path: Path) -> Site:
    """Four folders of fifteen files each, all of them at rest and held."""
    made = Site.make(tmp_path)
    for folder in "abcd":
        spoilt(made.library / folder)
        for number in range(2, 16):
            (made.library / folder / f"{number:02}.flac").write_bytes(b"no FLAC: %d" % number)
    made.run()
    return made


@pytest.mark.parametrize("event", [False, True], ids=["a walk", "an event after it"])
def test_w09_a_skeleton_of_the_library_is_not_the_library(
    shelved: Site, tmp_path: Path, event: bool
) -> None:
    """w09: folders of the same names, and one stray file: nothing is forgotten, no hold ends."""
    held = len(shelved.holds())
    skeleton(shelved, tmp_path, 0)
    (shelved.library / "a" / "stray.flac").write_bytes(b"of another disk")
    places = [Place("music", PurePosixPath(each)) for each in "ab"] if event else []

    def asked(engine: Engine) -> bool:
        while engine.idle and places:
            engine.pipeline.want(places.pop(), Urgency.LIVE)
        return engine.idle

    gone = shelved.run(until=asked)

    assert [True] == [" 60 of 60 files are not in it" in each for each in gone.problems]
    assert (0, 61, held + 1) == (gone.counts["removed"], valid(shelved), len(shelved.holds()))
    shutil.rmtree(shelved.library)
    (tmp_path / "disk").rename(shelved.library)
    assert () == shelved.run().problems
    assert (60, held) == (valid(shelved), len(shelved.holds()))


def visited(engine: Engine) -> None:
    """Look at each folder, as events make it."""
    for folder in "abcd":
        engine.pipeline.want(Place("music", PurePosixPath(folder)), Urgency.LIVE)


@pytest.mark.parametrize("seen", [False, True], ids=["new to it", "visited before"])
def test_w09_what_an_accepted_root_lacks_is_gone(shelved: Site, tmp_path: Path, seen: bool) -> None:
    """w09: a disk that was restored but for a file in each folder is the library; those are let go.

    Not before a walk has come to its end, which may be another daemon's than saw them first.
    """
    skeleton(shelved, tmp_path, 14)
    if seen:
        shelved.run(visited, audit=False)

        assert 60 == valid(shelved)
    ran = shelved.run()

    assert ((), 56, 56) == (ran.problems, valid(shelved), len(shelved.holds()))


def test_w09_who_takes_a_skeleton_for_the_library_is_heard(shelved: Site, tmp_path: Path) -> None:
    """w09: a scan that was asked for lets go at once what is not there, also of a part."""
    skeleton(shelved, tmp_path, 1)

    def one(engine: Engine) -> None:
        engine.auditor.walk(Place("music", PurePosixPath("a")), forced=True)

    part = shelved.run(one, audit=False)

    assert ((), 46) == (part.problems, valid(shelved))
    whole = shelved.run(forced_walk, audit=False)

    assert ((), 4) == (whole.problems, valid(shelved))
    assert whole.report
    assert 42 == whole.report.files_removed
