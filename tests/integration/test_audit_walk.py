"""Walking and looking at real trees: nothing is opened, followed, or taken for gone."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.change import Observation
from pacd.intake.audit import FolderView, ignored_folder, left_alone, look, walk
from pacd.intake.ignore import Ignore
from pacd.intake.overlooked import Search
from pacd.planning.sidecars import kinds_of
from tests.integration.rights import common_folder, nobody

BUILT_IN = Ignore()
HERE = PurePosixPath()


@pytest.fixture
def common() -> Iterator[Path]:
    with common_folder() as folder:
        yield folder


def grow(root: Path, *paths: str) -> Path:
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"x")
    return root


def names(view: FolderView) -> list[str]:
    return [entry.name for entry in view.entries]


def walked(root: Path, ignore: Ignore = BUILT_IN, below: str = ".") -> dict[str, list[str]]:
    views = walk(root, ignore, below=PurePosixPath(below))
    return {str(view.path): names(view) for view in views}


def test_a_walk_sees_each_folder_once_parents_first(tmp_path: Path) -> None:
    """L2: folder by folder, in a stable order, empty ones and album art folders too."""
    grow(tmp_path, "b/2.flac", "b/1.flac", "a/x/3.flac", "top.flac", "c/cover.jpg")

    assert [
        (".", ["top.flac"]),
        ("a", []),
        ("a/x", ["3.flac"]),
        ("b", ["1.flac", "2.flac"]),
        ("c", []),
    ] == list(walked(tmp_path).items())
    assert ["a/x"] == list(walked(tmp_path, below="a/x"))


def test_what_is_asked_for_is_listed_apart(tmp_path: Path) -> None:
    """M11: sidecars, by name alone and without regard to case; not the unfinished or hidden."""
    files = ("1.flac", "1.LRC", "Cover.jpg", "cover.jpg.part", ".x.lrc", "back.jpg", "a.lrc/1.flac")
    grow(tmp_path, *files)
    (tmp_path / "link.lrc").symlink_to("1.LRC")
    os.mkfifo(tmp_path / "pipe.lrc")
    view = look(tmp_path, HERE, BUILT_IN, beside=kinds_of((".lrc", "cover.jpg")))

    assert (["1.flac"], ["1.LRC", "Cover.jpg"]) == (names(view), [row[0] for row in view.beside])
    assert (("a.lrc",), ()) == (view.folders, look(tmp_path, HERE, BUILT_IN).beside)


def test_only_regular_files_are_listed(tmp_path: Path) -> None:
    """w52, X2: links, pipes, sockets and devices named .flac are not even opened."""
    grow(tmp_path, "real.flac", "SHOUTED.FLAC", "outside/real.flac", "song.mp3", "flac")
    library = tmp_path
    (library / "link.flac").symlink_to("real.flac")
    (library / "dangling.flac").symlink_to("nowhere")
    (library / "loop.flac").symlink_to("loop.flac")
    os.mkfifo(library / "pipe.flac")
    with socket.socket(socket.AF_UNIX) as listener:
        place = os.open(library, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{place}/socket.flac")
        os.close(place)
        view = look(library, HERE, BUILT_IN)

    assert ["SHOUTED.FLAC", "real.flac"] == names(view)
    assert () == view.warnings


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    """w52: it is walked into; what looks like a file in its name is not."""
    grow(tmp_path, "album.flac/01.flac")

    assert {".": [], "album.flac": ["01.flac"]} == walked(tmp_path)


def test_linked_folders_are_not_followed(tmp_path: Path) -> None:
    """w52, X2: neither a cycle nor a way out of the library."""
    library = grow(tmp_path, "library/a/1.flac", "outside/b/2.flac") / "library"
    (library / "out").symlink_to(tmp_path / "outside")
    (library / "a" / "cycle").symlink_to(library)

    assert {".": [], "a": ["1.flac"]} == walked(library)


@pytest.mark.parametrize("folder", ["out", "out/b", "a/up/a"])
def test_no_look_goes_through_a_link(tmp_path: Path, folder: str) -> None:
    """w52, X2: also where a folder that was real has become a link since."""
    library = grow(tmp_path, "library/a/1.flac", "outside/b/2.flac", "outside/2.flac") / "library"
    (library / "out").symlink_to(tmp_path / "outside")
    (library / "a" / "up").symlink_to(library)

    assert FolderView(PurePosixPath(folder)) == look(library, PurePosixPath(folder), BUILT_IN)
    assert {folder: []} == walked(library, below=folder)


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    """X2: where the library lies is the owner's to say."""
    grow(tmp_path, "disk/a/1.flac")
    (tmp_path / "library").symlink_to("disk")

    assert {".": [], "a": ["1.flac"]} == walked(tmp_path / "library")


def test_what_is_seen_of_a_file(tmp_path: Path) -> None:
    """W1: device, inode, size, mtime and ctime in nanoseconds, and how many names it has."""
    grow(tmp_path, "a.flac")
    os.link(tmp_path / "a.flac", tmp_path / "b.flac")
    status = (tmp_path / "a.flac").stat()
    expected = Observation(
        status.st_dev, status.st_ino, 1, status.st_mtime_ns, status.st_ctime_ns, 2
    )
    seen = look(tmp_path, HERE, BUILT_IN).entries[0].observation

    assert expected == seen
    assert 2 == seen.links


@pytest.mark.parametrize("gone", ["nothing", "a.flac"])
def test_a_missing_folder_is_empty(tmp_path: Path, gone: str) -> None:
    """L5: what was in it is gone, also where a file bears its name now."""
    grow(tmp_path, "a.flac")

    assert FolderView(PurePosixPath(gone)) == look(tmp_path, PurePosixPath(gone), BUILT_IN)


def test_an_unreadable_folder_is_a_warning(common: Path) -> None:
    """L3, L5: what it holds is not gone, and the walk goes on."""
    grow(common, "a/1.flac", "locked/b/2.flac", "z/3.flac")
    (common / "locked").chmod(0)
    with nobody():
        views = list(walk(common, BUILT_IN))

    assert [".", "a", "locked", "z"] == [str(view.path) for view in views]
    assert ("locked could not be read: Permission denied",) == views[2].warnings
    assert not views[2].readable


def test_a_folder_that_may_be_listed_but_not_entered_is_a_warning(common: Path) -> None:
    """L3: each file of it that cannot be looked at is named."""
    grow(common, "a/1.flac", "a/2.flac")
    (common / "a").chmod(0o444)
    with nobody():
        view = look(common, PurePosixPath("a"), BUILT_IN)

    assert () == view.rows
    assert [
        "a/1.flac could not be looked at: Permission denied",
        "a/2.flac could not be looked at: Permission denied",
    ] == sorted(view.warnings)


def test_w53_any_name_is_walked(tmp_path: Path) -> None:
    """w53: newlines, quotes, bytes that are no UTF-8, and names as long as they may be."""
    odd = [b"new\nline", b"\xff\xfe", b"'\"$(x)", b" ", b"-rf", "坂本龍一".encode(), b"n" * 250]
    for name in odd:
        (tmp_path / os.fsdecode(name)).mkdir()
        (tmp_path / os.fsdecode(name) / os.fsdecode(name[:200] + b".flac")).write_bytes(b"")
    expected = {os.fsdecode(name): [os.fsdecode(name[:200] + b".flac")] for name in odd}

    assert {".": [], **expected} == walked(tmp_path)


def test_a_deep_tree_is_walked_as_far_as_names_reach(tmp_path: Path) -> None:
    """L2, L3: no recursion; beyond the system's longest path there is a warning, no end."""
    name, depth = "d" * 100, 60
    place = os.open(tmp_path, os.O_RDONLY)
    for _level in range(depth):
        os.mkdir(name, dir_fd=place)
        deeper = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = deeper
    os.close(place)
    views = list(walk(tmp_path, BUILT_IN))
    shutil.rmtree(tmp_path / name)

    assert 30 < len(views) < depth
    assert [()] * (len(views) - 1) == [view.warnings for view in views[:-1]]
    assert views[-1].warnings[0].endswith("could not be read: File name too long")


def test_w13_hidden_and_nas_folders_are_passed_by(tmp_path: Path) -> None:
    """w13, W6: with all that is below them; so are folders that the owner names."""
    grow(tmp_path, "a/1.flac", ".Trash-1000/files/2.flac", "a/@eaDir/3.flac", "#recycle/4.flac")
    grow(tmp_path, "Incoming/5.flac", "a/.hidden.flac", "a/1.flac.part", ".pacd-recycle/6.flac")

    assert {".": [], "a": ["1.flac"]} == walked(tmp_path, Ignore(["Incoming"]))


def test_w13_titles_that_begin_with_dots_are_walked(tmp_path: Path) -> None:
    """w13, W6: no program hides a file behind two dots, but albums and songs begin with them."""
    grow(tmp_path, "Metallica/...And Justice for All/1.flac", "..Baby One More Time.flac")

    assert {
        ".": ["..Baby One More Time.flac"],
        "Metallica": [],
        "Metallica/...And Justice for All": ["1.flac"],
    } == walked(tmp_path)


def passed_by(root: Path, ignore: Ignore = BUILT_IN) -> dict[str, str]:
    search = Search(root, ignore, [root])
    found = (each for view in walk(root, ignore) for each in search.among(view))
    return {str(each.path): each.why for each in found}


def test_w13_music_that_is_passed_by_is_found(tmp_path: Path) -> None:
    """W6, w13: hidden by one dot, or behind a link that leads out; nothing that software made."""
    library = tmp_path / "library"
    grow(library, ".38 Special/Tour de Force/1.flac", "a/.1999.flac", "a/1.flac", ".empty/x.txt")
    grow(library, ".Trash-1000/files/2.flac", "a/@eaDir/3.flac", "a/._1.flac", ".stversions/4.flac")
    grow(library, ".Demos/5.flac", ".hidden.txt", ".thumbs/._6.flac", ".pacd-17-0123abcd.flac")
    grow(tmp_path, "outside/Album/1.flac", "outside/lone.flac", "photos/1.jpg")
    (library / "Linked").symlink_to("../outside")
    (library / "lone.flac").symlink_to("../outside/lone.flac")
    (library / "Named").symlink_to("../outside")
    (library / "again").symlink_to("a")
    (library / "photos").symlink_to("../photos")
    (library / "nothing").symlink_to("nothing")
    hidden = "for its name begins with a dot"
    linked = "is a symbolic link to music outside the libraries, and PAC follows none"

    assert {
        ".38 Special": f"has music in it and is hidden, {hidden}",
        "a/.1999.flac": f"is hidden, {hidden}",
        "Linked": linked,
        "lone.flac": linked,
    } == passed_by(library, Ignore([".Demos", "Named"]))


@pytest.mark.parametrize(("depth", "found"), [(3, True), (40, False)])
def test_w13_behind_a_hidden_name_little_is_listed(
    tmp_path: Path, depth: int, *, found: bool
) -> None:
    """W6, B2: an artist's albums, but never all of a huge tree: each walk would pay for that."""
    grow(tmp_path, f"{'/'.join(['.cache', *map(str, range(depth))])}/1.flac")

    assert found == bool(passed_by(tmp_path))


def test_scratch_files_are_named_apart(tmp_path: Path) -> None:
    """W6, w17: what a killed worker left is seen, to be removed, and is no master."""
    grow(tmp_path, ".pacd-17-0123abcd.flac", ".pacd-recycle/x.flac", "a.flac")
    view = look(tmp_path, HERE, BUILT_IN)

    assert ((".pacd-17-0123abcd.flac",), ["a.flac"]) == (view.scratch, names(view))


def test_a_walk_leaves_no_trace(tmp_path: Path) -> None:
    """w24, L2: not even the time of last access changes."""
    grow(tmp_path, "a/1.flac")
    long_ago = 10**18
    for path in (tmp_path / "a" / "1.flac", tmp_path / "a", tmp_path):
        os.utime(path, ns=(long_ago, long_ago))
    list(walk(tmp_path, BUILT_IN))

    assert [long_ago] * 3 == [
        path.stat().st_atime_ns for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "1.flac")
    ]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a.flac", None),
        ("A.FLAC", None),
        ("sub/a.flac", None),
        ("missing.flac", "it cannot be looked at: No such file or directory"),
        ("sub", "it is a folder; PAC looks at the files in it"),
        ("@eaDir", "a folder of the NAS (@eaDir)"),
        ("sub/folder.flac", "it is a folder; PAC looks at the files in it"),
        (
            "link.flac",
            "it is a symbolic link; PAC works on the file itself where that is in a library",
        ),
        ("pipe.flac", "it is a pipe, not a file"),
        ("song.mp3", "PAC maintains only files whose name ends in .flac"),
        (".hidden.flac", "a hidden file (.[!.]*)"),
        ("@eaDir/a.flac", "its folder @eaDir is a folder of the NAS (@eaDir)"),
        (".git/sub/a.flac", "its folder .git is a repository of git (.git)"),
        (
            "Incoming/a.flac",
            "its folder Incoming is named by the setting [watch] ignore (Incoming)",
        ),
        ("linked/a.flac", "its folder linked is a symbolic link"),
        ("linked/sub/a.flac", "its folder linked is a symbolic link"),
    ],
)
def test_why_a_path_is_left_alone(tmp_path: Path, path: str, reason: str | None) -> None:
    """w58: a clause for each kind of thing that PAC does not maintain."""
    library = tmp_path / "library"
    grow(library, "a.flac", "A.FLAC", "sub/a.flac", "sub/folder.flac/x", "song.mp3", ".hidden.flac")
    grow(library, "@eaDir/a.flac", ".git/sub/a.flac", "Incoming/a.flac")
    grow(tmp_path, "outside/a.flac", "outside/sub/a.flac")
    (library / "link.flac").symlink_to("a.flac")
    (library / "linked").symlink_to(tmp_path / "outside")
    os.mkfifo(library / "pipe.flac")

    assert reason == left_alone(library, PurePosixPath(path), Ignore(["Incoming"]))


def test_a_folder_is_ignored_with_all_its_parents() -> None:
    """W6: events from below a hidden folder lead to nothing."""
    assert ignored_folder(PurePosixPath("a/b"), BUILT_IN) is None
    assert ignored_folder(PurePosixPath(), BUILT_IN) is None
    assert "its folder .git is a repository of git (.git)" == ignored_folder(
        PurePosixPath("a/.git/objects"), BUILT_IN
    )
