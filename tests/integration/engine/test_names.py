"""Where outputs come to lie when names are hostile, and when they change."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.change import Observation
from pacd.domain.plan import Action
from pacd.engine.engine import Engine
from pacd.engine.looking import Standing, look_at
from pacd.engine.naming import Naming
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.planning.outputs import Named
from tests.integration.engine.site import Site, contents, master
from tests.integration.rights import common_folder, give_away, nobody
from tests.mounts import mounted


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path, mirror=True)


@pytest.fixture
def caseless(site: Site, tmp_path: Path) -> Iterator[Site]:
    """A site whose mirror lies on a file system that takes `a` and `A` for one name."""
    with mounted("ntfs without case", tmp_path) as root:
        (mirror,) = site.policy.libraries[0].mirrors
        site.wish(mirrors=(replace(mirror, root=root),))
        yield site


def mirrored(site: Site) -> list[str]:
    return sorted(contents(site.policy.libraries[0].mirrors[0].root))


def naming(site: Site) -> Naming:
    return Naming(site.policy.libraries[0], Ignore())


def lies_at(known: Naming, folder: str) -> str:
    places = known.places(PurePosixPath(folder))
    assert places is not None
    return str(places["phone"].path)


def test_hostile_folders_and_masters_are_mirrored(site: Site) -> None:
    """M10, P4: every part of a path is fit for FAT; a second run writes nothing."""
    site.album("AC:DC/Vol. 1.", 1)
    master(site.library / "AC:DC/Vol. 1./aux.flac", 7)
    site.album("Plain", 1)
    first = site.run()
    found = mirrored(site)
    second = site.run()

    assert 3 == first.actions[Action.MIRROR_ENCODE]
    assert [
        "AC_DC~c49e5eac/Vol. 1.~c9237326/01.opus",
        "AC_DC~c49e5eac/Vol. 1.~c9237326/_aux~5b093cdf.opus",
        "Plain/01.opus",
    ] == found
    assert {} == second.actions
    assert [] == site.holds()


def test_a_visit_names_as_an_audit_does(site: Site) -> None:
    """M10, W1: what a watcher tells of alone lies where a walk would put it, and stays there."""
    site.album("pink floyd/Animals", 1)
    site.album("Pink Floyd/Animals", 1, seed=5)

    def touch(engine: Engine) -> None:
        engine.inbox.touch(Place("music", PurePosixPath("pink floyd/Animals")), False)

    site.run(touch, audit=False)
    (alone,) = mirrored(site)
    both = site.run()

    assert "pink floyd~" == alone[:11]
    assert [alone.replace(alone.partition("/")[0], "Pink Floyd"), alone] == mirrored(site)
    assert 1 == both.actions[Action.MIRROR_ENCODE]
    assert {} == site.run().actions


def test_a_sibling_that_comes_later_is_told_apart(site: Site) -> None:
    """M10: who is first keeps the plain name; the other's outputs are made under its own."""
    site.album("b", 1)
    site.run()
    site.album("B", 1, seed=3)
    ran = site.run()

    assert 2 == ran.actions[Action.MIRROR_ENCODE]
    assert ["B/01.opus", "b/01.opus"] == [each for each in mirrored(site) if "~" not in each]
    assert 1 == len([each for each in mirrored(site) if each.startswith("b~")])
    assert {} == site.run().actions


def test_masters_of_one_name_have_an_output_each(site: Site) -> None:
    """M10, H1: 01.flac and 01.FLAC; nobody is asked about it."""
    album = site.album("A", 1)
    master(album / "01.FLAC", 9)
    site.run()

    assert 2 == len(mirrored(site))
    assert [] == site.holds()
    assert {} == site.run().actions


def test_a_mirror_for_linux_alone(site: Site) -> None:
    """M10: with `fat_safe = false` names are as in the library; changing it is noticed."""
    site.album("a:b", 1)
    site.run()
    (mirror,) = site.policy.libraries[0].mirrors
    site.wish(mirrors=(replace(mirror, fat_safe=False),))
    site.run()

    assert "a:b/01.opus" in mirrored(site)


def test_another_case_on_a_file_system_that_has_none(caseless: Site) -> None:
    """M10, P4: an output that is listed otherwise than it is named is found, and not made again."""
    album = caseless.album("Album", 1)
    caseless.run()
    (album / "01.flac").rename(album / "Song.flac")
    renamed = caseless.run()
    (album / "Song.flac").rename(album / "SONG.flac")
    again = caseless.run()

    assert 1 == renamed.actions[Action.MIRROR_ENCODE]
    assert {} == again.actions
    assert {} == caseless.run().actions
    assert [] == caseless.holds()


def test_what_is_listed_in_another_form_is_found() -> None:
    """M10: an exact name comes first."""
    first, second = (1, 1, 10, 5, 5, 1), (1, 2, 10, 5, 5, 1)
    rows = (("A.opus", *first), ("cafe\u0301.opus", *second), ("a.opus", *second))
    standing = Standing(FolderView(PurePosixPath("x"), rows))

    assert Observation(*first) == standing.at(PurePosixPath("x/A.opus"))
    assert Observation(*second) == standing.at(PurePosixPath("x/a.opus"))
    assert Observation(*second) == standing.at(PurePosixPath("x/CAF\u00c9.opus"))
    assert standing.at(PurePosixPath("x/b.opus")) is None


def test_siblings_are_looked_at_anew(site: Site) -> None:
    """M10: what came or went beside a folder since the last look counts."""
    known = naming(site)
    site.album("b/c", 1)

    assert "b/c" == lies_at(known, "b/c")
    (site.library / "B").mkdir()
    assert "b~" == lies_at(known, "b/c")[:2]
    (site.library / "B").rmdir()
    assert "b/c" == lies_at(known, "b/c")


def test_a_folder_that_is_not_there_is_named_alone(site: Site) -> None:
    """M10, L5: it may have gone a moment ago."""
    assert "x_y~" == lies_at(naming(site), "x:y")[:4]


def test_nothing_is_written_where_a_name_cannot_be_known() -> None:
    """M10, L3: a folder that cannot be listed hides what lies beside its folders."""
    with common_folder() as base:
        site = Site.make(base, mirror=True)
        site.album("locked/album", 1)
        (base / "phone").mkdir()
        give_away(base)
        (site.library / "locked").chmod(0o100)
        with site.store() as store, nobody():
            looked = look_at(store, 1, naming(site), PurePosixPath("locked/album"))

        assert {"phone": None} == looked.mirrors
        assert not looked.complete
        with site.store() as store, nobody():
            looked = look_at(store, 1, naming(site), PurePosixPath("locked"))
        assert {"phone": Named(PurePosixPath("locked"))} == looked.places
