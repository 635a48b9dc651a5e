"""Masters that move: their outputs follow, and nothing is encoded again."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.media import Codec
from pacd.domain.policy import MirrorPolicy
from pacd.files.opus import read_comments
from tests.audio import Art, dress, png, stated_md5
from tests.integration.engine.site import Site, contents, master


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library of two albums at rest, with an Opus and an AAC mirror."""
    made = Site.make(tmp_path, mirror=True)
    car = MirrorPolicy("car", tmp_path / "car", Codec.AAC)
    made.wish(mirrors=(*made.policy.libraries[0].mirrors, car))
    for number, album in enumerate(("A/one", "B/two")):
        for path in made.album(album, 3, seed=10 * number).iterdir():
            dress(path, {"TITLE": path.stem}, [Art(png())])
    made.run()
    return made


def exact(site: Site) -> bool:
    """Whether each master has its own output, in the Opus mirror, and there is nothing else."""
    wanted = {
        str(path.relative_to(site.library).with_suffix(".opus")): stated_md5(path)
        for path in site.library.rglob("*.flac")
    }
    found = {}
    for path in (site.base / "phone").rglob("*.opus"):
        tags = read_comments(path)
        name = str(path.relative_to(site.base / "phone"))
        found[name] = tags.first("PAC_SRC_MD5")
        source = site.library / tags.first("PAC_SOURCE_REL")
        assert name == str(source.relative_to(site.library).with_suffix(".opus"))
    return wanted == found


def test_a_moved_album_takes_its_outputs_along(site: Site) -> None:
    """M5, L6: a folder that is renamed is neither tested nor encoded again, in any mirror."""
    (site.library / "A/one").rename(site.library / "A/First")
    ran = site.run()

    assert Counter({"mirror-rename": 6}) == ran.actions
    assert exact(site)
    assert not (site.base / "phone/A/one").exists()
    assert Counter() == site.run().actions


def test_two_that_change_places_are_exchanged(site: Site) -> None:
    """M5: A becomes B and B becomes A, within a folder and across folders."""
    for one, other in (("A/one/01.flac", "A/one/02.flac"), ("A/one/03.flac", "B/two/03.flac")):
        first, second = site.library / one, site.library / other
        first.rename(site.base / "aside")
        second.rename(first)
        (site.base / "aside").rename(second)
    ran = site.run()

    assert 0 == ran.actions["mirror-encode"]
    assert exact(site)
    assert Counter() == site.run().actions


@pytest.mark.parametrize("lost", [False, True])
def test_a_cycle_is_untangled(site: Site, lost: bool) -> None:
    """M4, M5: three that follow each other, also when the database is gone."""
    places = [site.library / "A/one" / f"0{number}.flac" for number in (1, 2, 3)]
    places[0].rename(site.base / "aside")
    places[1].rename(places[0])
    places[2].rename(places[1])
    (site.base / "aside").rename(places[2])
    if lost:
        shutil.rmtree(site.base / "state")
    ran = site.run()

    assert 0 == ran.actions["mirror-encode"]
    assert exact(site)


def test_the_lost_database_costs_no_encode(site: Site) -> None:
    """M4: moved while the daemon was down, and the state deleted: all is told by the files."""
    (site.library / "A").rename(site.library / "Z")
    (site.library / "B/two/01.flac").rename(site.library / "Z/from two.flac")
    shutil.rmtree(site.base / "state")
    ran = site.run()

    assert 0 == ran.actions["mirror-encode"]
    assert 8 == ran.actions["mirror-rename"]
    assert exact(site)
    assert Counter() == site.run().actions


def test_new_audio_is_encoded_once(site: Site) -> None:
    """M5: replaced audio is new; the output that held the old audio makes way for it."""
    master(site.library / "A/one/01.flac", 77)
    ran = site.run()

    assert {"test": 1, "recompress": 1, "mirror-encode": 2} == ran.actions
    assert exact(site)


def test_a_copy_is_encoded_and_the_first_keeps_its_own(site: Site) -> None:
    """M5: the same audio twice needs two outputs."""
    shutil.copyfile(site.library / "A/one/01.flac", site.library / "A/one/09.flac")
    ran = site.run()

    assert 2 == ran.actions["mirror-encode"]
    assert exact(site)


def test_what_no_master_wants_is_counted_and_stays(site: Site) -> None:
    """M9: an orphan is told of, not removed; and it serves when its audio comes back."""
    gone = site.base / "gone.flac"
    (site.library / "A/one/01.flac").rename(gone)
    site.run()
    with site.store() as store:
        orphans = [store.outputs.count_orphans(1, mirror) for mirror in ("phone", "car")]
    gone.rename(site.library / "B/two/again.flac")
    ran = site.run()

    assert [1, 1] == orphans
    assert 0 == ran.actions["mirror-encode"]
    assert exact(site)


def test_another_program_makes_outputs_anew_and_another_version_does_not(site: Site) -> None:
    """M5: what encodes is part of what an output is."""
    (phone, car) = site.policy.libraries[0].mirrors
    site.wish(mirrors=(replace(phone, encoder="opusenc"), replace(car, encoder="fdkaac")))
    same = site.run()
    site.wish(mirrors=(replace(phone, encoder="libopus"), car))
    other = site.run(until=lambda engine: engine.recorder.counts["music", "phone", "encoded"] >= 1)

    assert Counter() == same.actions
    assert other.actions["mirror-encode"] >= 1


def test_foreign_files_in_a_mirror_are_read_once_and_stay(site: Site) -> None:
    """M9: somebody else's files are no orphans, and audits do not read them again."""
    theirs = site.base / "phone" / "Theirs" / "song.opus"
    theirs.parent.mkdir()
    theirs.write_bytes(b"OggS is not all it takes")
    site.run()
    before = contents(site.base / "phone")
    with site.store() as store:
        row = store.outputs.in_folder(1, "phone", PurePosixPath("Theirs"))
    again = site.run()

    assert ["foreign"] == [each.output.state.value for each in row.values()]
    assert (Counter(), before) == (again.actions, contents(site.base / "phone"))
