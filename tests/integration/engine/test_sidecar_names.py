"""Copies of sidecars where names change: in case alone, with their folders, and on other disks."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.engine.bystanders import SIDECARS
from tests.integration.engine.site import Site, contents, master
from tests.mounts import mounted

CASELESS = ["exfat", "ntfs without case"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library with one master."""
    site = Site.make(tmp_path, mirror=True)
    site.album("a", tracks=1)
    return site


@pytest.fixture(params=CASELESS)
def phone(site: Site, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The mirror, on a file system that takes two spellings for one name; all is pruned there."""
    with mounted(request.param, site.base) as root:
        (mirror,) = site.policy.libraries[0].mirrors
        site.wish(mirrors=(replace(mirror, root=root, sidecars=SIDECARS, prune=True),))
        yield root


def copies(root: Path) -> dict[str, bytes]:
    """What stands in the mirror beside outputs."""
    found = contents(root)
    return {path: data for path, (_, _, data) in found.items() if not path.endswith(".opus")}


def kept(site: Site) -> tuple[int, int, int, int]:
    """How many outputs and copies are on record, and how many orphans of each."""
    number = site.library_id
    with site.store() as store:
        return (
            store.outputs.count(number, "phone"),
            store.sidecars.count(number, "phone"),
            store.outputs.count_orphans(number, "phone"),
            store.sidecars.count_orphans(number, "phone"),
        )


def other_file(path: Path, name: str, data: bytes) -> None:
    """As editors and downloaders do: a new file, and the old one is gone."""
    path.unlink()
    path.with_name(name).write_bytes(data)


@pytest.mark.parametrize("new", [None, b"words", b"other"])
def test_another_case_where_there_is_none(site: Site, phone: Path, new: bytes | None) -> None:
    """M11, M10: the copy stays one file and stays PAC's, whatever the file of the new name is."""
    old = site.library / "a" / "Song.lrc"
    old.write_bytes(b"words")
    site.run()
    if new is None:
        old.rename(old.with_name("SONG.lrc"))
    else:
        other_file(old, "SONG.lrc", new)
    site.run()
    again = site.run()

    assert [new or b"words"] == list(copies(phone).values())
    assert ([], 0) == (site.holds(), again.actions.total())
    assert (1, 1, 0, 0) == kept(site)


def test_another_case_of_a_folder_where_there_is_none(site: Site, phone: Path) -> None:
    """M11, M10, P4: all stays where it is, and is on record once."""
    (site.library / "a" / "cover.jpg").write_bytes(b"picture")
    site.run()
    (site.library / "a").rename(site.library / "A")
    site.run()
    again = site.run()

    assert [b"picture"] == list(copies(phone).values())
    assert ([], 0) == (site.holds(), again.actions.total())
    assert (1, 1, 0, 0) == kept(site)


def test_an_album_removed_on_both_sides_leaves_no_record(site: Site) -> None:
    """M9: what is gone from the library and from the mirror is counted by nobody."""
    (mirror,) = site.policy.libraries[0].mirrors
    site.wish(mirrors=(replace(mirror, sidecars=SIDECARS),))
    site.album("b/c", tracks=1, seed=7)
    (site.library / "b" / "c" / "cover.jpg").write_bytes(b"picture")
    site.run()
    for root in (site.library, mirror.root):
        shutil.rmtree(root / "b")
    site.run()

    assert (1, 0, 0, 0) == kept(site)


def test_names_that_differ_by_case_alone_are_two(site: Site) -> None:
    """M1, M11: without `fat_safe` what is alike is another output, and another copy."""
    (mirror,) = site.policy.libraries[0].mirrors
    site.wish(mirrors=(replace(mirror, sidecars=SIDECARS, fat_safe=False),))
    (site.library / "a" / "song.lrc").write_bytes(b"words")
    master(site.library / "a" / "song.flac", 20)
    site.run()
    (site.library / "a" / "SONG.lrc").write_bytes(b"other words")
    master(site.library / "a" / "SONG.flac", 21)
    ran = site.run()

    assert {"a/song.lrc": b"words", "a/SONG.lrc": b"other words"} == copies(mirror.root)
    assert ["01.opus", "SONG.opus", "song.opus"] == sorted(
        path.name for path in (mirror.root / "a").glob("*.opus")
    )
    assert (1, 1) == (ran.actions["mirror-encode"], ran.actions["mirror-copy"])
    assert ([], 0) == (site.holds(), site.run().actions.total())
