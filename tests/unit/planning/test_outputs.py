"""Where outputs belong."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

from pacd.domain.media import Codec
from pacd.domain.policy import MirrorPolicy
from pacd.planning.outputs import (
    PATH_MAX,
    Named,
    OutputFolders,
    folders_renamed,
    output_paths,
)
from tests.builders import PHONE

LINUX = replace(PHONE, name="linux", fat_safe=False)
MIRRORS = (PHONE, LINUX)


def named(*masters: str, mirror: MirrorPolicy = PHONE) -> dict[str, str]:
    found = output_paths([PurePosixPath(each) for each in masters], mirror)
    return {str(master): str(place.path) for master, place in found.items()}


def learnt(*folders: PurePosixPath, mirrors: tuple[MirrorPolicy, ...] = MIRRORS) -> OutputFolders:
    """Folders that are all there is, from the root down."""
    known = OutputFolders(mirrors)
    parents = sorted({folder.parent for folder in folders})
    for parent in parents:
        names = [folder.name for folder in folders if folder.parent == parent]
        known.learn(parent, names, folders_renamed(names, [], mirrors))
    return known


def test_same_folder_same_base_name_another_extension() -> None:
    """M1: dots in names stay, the extension alone is exchanged."""
    expected = {"A/B/01. a.b.flac": "A/B/01. a.b.opus", "A/B/02 Ärger.flac": "A/B/02 Ärger.opus"}

    assert expected == named("A/B/02 Ärger.flac", "A/B/01. a.b.flac")


def test_the_codec_decides_on_the_extension() -> None:
    """M1: `.opus` or `.m4a`."""
    car = MirrorPolicy("car", Path("/car"), Codec.AAC)

    assert {"a.flac": "a.m4a"} == named("a.flac", mirror=car)


def test_of_two_masters_that_want_one_name_the_first_has_it() -> None:
    """M10: a.FLAC and a.flac: the same on every run; the other's name has a hash."""
    expected = {"a.FLAC": "a.opus", "a.flac": "a~101273b6.opus"}

    assert expected == named("a.flac", "a.FLAC")
    assert expected == named("a.FLAC", "a.flac")
    assert expected == named("a.FLAC", "a.flac", mirror=LINUX)


def test_folders_are_the_same_in_the_mirror() -> None:
    """M1: the root itself too."""
    paths = [PurePosixPath(), PurePosixPath("A"), PurePosixPath("A/B")]
    known = learnt(*paths[1:])

    for folder in paths:
        assert {"phone": Named(folder), "linux": Named(folder)} == known.of(folder)


def test_a_folder_lies_below_its_replaced_parents() -> None:
    """M10: every part of a path is named among its siblings, and the reasons add up."""
    top, album = PurePosixPath("AC:DC"), PurePosixPath("AC:DC/Live.")
    phone = learnt(top, album, PurePosixPath("Plain")).of(album)["phone"]
    (output,) = output_paths([album / "CON.flac"], PHONE, phone).values()

    assert "AC_DC~c49e5eac/Live.~69e52196/_CON~81772d84.opus" == str(output.path)
    assert [
        "AC:DC is named AC_DC~c49e5eac in mirror phone: FAT and Windows do not take its characters",
        "Live. is named Live.~69e52196 in mirror phone: Windows drops dots and spaces at the end",
        "CON.flac is named _CON~81772d84.opus in mirror phone: Windows takes it for a device",
    ] == output.reason.split("; ")


def test_each_mirror_has_its_own_names() -> None:
    """M10: `fat_safe` is a setting of each mirror."""
    folder = PurePosixPath("a:b")

    assert Named(folder) == learnt(folder).of(folder)["linux"]
    assert Named(folder) != learnt(folder).of(folder)["phone"]


def test_all_below_a_replaced_folder_moves_with_it() -> None:
    """M10: however deep."""
    deep = PurePosixPath("a:b/c/d")
    known = learnt(*reversed(deep.parents[:-1]), deep)

    assert known.of(PurePosixPath("a:b"))["phone"].path / "c/d" == known.of(deep)["phone"].path


def test_a_path_that_is_too_long_begins_anew_at_the_root() -> None:
    """M10: whatever the mirror has no room for lies under a hash of the path; below it, as ever."""
    deep = PurePosixPath(*["x" * 250] * 14, "y" * 250)
    far = deep / "z"
    near = replace(PHONE, root=Path("/m"))
    below = replace(PHONE, root=Path("/" + "m" * 200))
    place = learnt(*reversed(far.parents[:-1]), far, mirrors=(below,)).of(far)["phone"]
    (output,) = output_paths([far / ("a" * 250 + ".flac")], below, place).values()

    assert (
        deep == learnt(*reversed(deep.parents[:-1]), deep, mirrors=(near,)).of(deep)["phone"].path
    )
    assert 33 == len(place.path.parts[0])
    assert "z" == place.path.name
    assert "its path would be too long" in place.reason
    assert len(bytes(below.root / output.path)) < PATH_MAX
