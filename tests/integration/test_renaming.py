"""Renaming and removing files of a mirror, on real file systems."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.errors import CollisionError
from pacd.files.folders import MissingRootError, StrayPathError
from pacd.files.renaming import exchange, move, remove
from tests.mounts import KINDS, mounted


@pytest.fixture(params=["here", *KINDS])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder on each file system in turn: some rename in one step, others cannot exchange."""
    if request.param == "here":
        made = tmp_path / "mirror"
        made.mkdir()
        yield made
    else:
        with mounted(request.param, tmp_path) as folder:
            made = folder / "mirror"
            made.mkdir()
            yield made


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    made = tmp_path / "mirror"
    made.mkdir()
    return made


def put(root: Path, *names: str) -> list[Path]:
    """Files that hold their own names."""
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(path.relative_to(root)))
    return paths


def seen(root: Path) -> dict[str, str]:
    """Everything below: what files hold, and "" for folders."""
    return {
        str(path.relative_to(root)): path.read_text() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
    }


def test_a_move_makes_and_removes_folders(root: Path) -> None:
    """M5: what is empty without the file goes, what is not stays, and so does the root."""
    one, _other, single = put(root, "a/b/1", "a/2", "c/3")
    move(one, root / "d/e/4", root=root)
    move(single, root / "5", root=root)

    assert {"a": "", "a/2": "a/2", "d": "", "d/e": "", "d/e/4": "a/b/1", "5": "c/3"} == seen(root)
    move(root / "5", root / "6", root=root)
    assert "c/3" == (root / "6").read_text()


def test_a_move_never_goes_over_another_file(root: Path) -> None:
    """M9: also where the file system has no flag for that; no folder is left behind."""
    one, other = put(root, "a/1", "b/2")
    before = seen(root)
    with pytest.raises(CollisionError, match="2 is there already"):
        move(one, other, root=root)
    with pytest.raises(FileNotFoundError):
        move(root / "a/none", root / "c/d/1", root=root)

    assert before == seen(root)


def test_a_move_to_another_case(root: Path) -> None:
    """M5, M10: both are names of one file to some file systems: it gets the other one."""
    (one,) = put(root, "a/song")
    move(one, root / "a/SONG", root=root)

    assert ["a", "a/SONG"] == list(seen(root)) or ["a", "a/song"] == list(seen(root))
    assert "a/song" == (root / "a/SONG").read_text()


def test_two_change_places(root: Path) -> None:
    """M5: in one folder and in two, on file systems that can exchange and that cannot."""
    one, other, far = put(root, "a/1", "a/2", "b/3")
    exchange(one, other, root=root)
    exchange(other, far, root=root)

    assert {"a": "", "a/1": "a/2", "a/2": "b/3", "b": "", "b/3": "a/1"} == seen(root)


def test_one_alone_keeps_its_place(root: Path) -> None:
    """M12: whichever is missing, the other one has its name after that."""
    put(root, "a/1", "b/2")
    before = seen(root)
    with pytest.raises(FileNotFoundError):
        exchange(root / "a/none", root / "b/2", root=root)
    with pytest.raises(FileNotFoundError):
        exchange(root / "a/1", root / "b/none", root=root)

    assert before == seen(root)


def test_a_removal_takes_empty_folders_along(root: Path) -> None:
    """M9: and nothing else."""
    one, other, _last = put(root, "a/b/1", "a/2", "c/3")
    remove(one, root=root)
    assert {"a": "", "a/2": "a/2", "c": "", "c/3": "c/3"} == seen(root)
    remove(other, root=root)
    assert {"c": "", "c/3": "c/3"} == seen(root)
    with pytest.raises(FileNotFoundError):
        remove(root / "c/none", root=root)
    remove(root / "c/3", root=root)
    assert {} == seen(root)
    assert root.is_dir()


def test_no_link_leads_elsewhere(plain: Path, tmp_path: Path) -> None:
    """X2: neither a file nor a place is reached through a symbolic link, or by going up."""
    elsewhere = tmp_path / "elsewhere"
    one, two = put(plain, "a/1", "a/2")
    put(elsewhere, "1", "2")
    (plain / "b").symlink_to(elsewhere)
    before = (seen(plain / "a"), seen(elsewhere))

    for source, target in (
        (one, plain / "b/3"),
        (plain / "b/1", plain / "a/3"),
        (one, plain / "a/../../elsewhere/3"),
    ):
        with pytest.raises(StrayPathError):
            move(source, target, root=plain)
    with pytest.raises(StrayPathError):
        exchange(two, plain / "b/2", root=plain)
    with pytest.raises(StrayPathError):
        remove(plain / "b/1", root=plain)
    assert before == (seen(plain / "a"), seen(elsewhere))


def test_a_link_is_renamed_and_removed_itself(plain: Path, tmp_path: Path) -> None:
    """X2: what it points at stays as it is."""
    (kept,) = put(tmp_path, "kept")
    (plain / "link").symlink_to(kept)
    move(plain / "link", plain / "other", root=plain)
    assert kept == (plain / "other").readlink()
    remove(plain / "other", root=plain)

    assert "kept" == kept.read_text()
    assert {} == seen(plain)


def test_only_below_the_root_that_was_looked_at(plain: Path) -> None:
    """M9: a disk that came or went meanwhile makes it another folder; a missing one is not made."""
    one, other = put(plain, "1", "2")
    status = plain.stat()
    strange = (status.st_dev, status.st_ino + 1)
    before = seen(plain)

    with pytest.raises(MissingRootError):
        move(one, plain / "a/3", root=plain, root_id=strange)
    with pytest.raises(MissingRootError):
        exchange(one, other, root=plain, root_id=strange)
    with pytest.raises(MissingRootError):
        remove(one, root=plain, root_id=strange)
    with pytest.raises(MissingRootError):
        remove(plain / "gone/1", root=plain / "gone")
    assert before == seen(plain)
    move(one, plain / "a/3", root=plain, root_id=(status.st_dev, status.st_ino))
    assert {"2": "2", "a": "", "a/3": "1"} == seen(plain)


def test_hard_links_are_two_files(plain: Path) -> None:
    """M9: rename(2) would do nothing, and say that it went well."""
    (one,) = put(plain, "1")
    os.link(one, plain / "2")
    with pytest.raises(CollisionError):
        move(one, plain / "2", root=plain)

    assert {"1": "1", "2": "1"} == seen(plain)
