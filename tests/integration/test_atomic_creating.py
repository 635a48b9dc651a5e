"""Creating files below a root, on a real disk."""

import os
import stat
from pathlib import Path

import pytest

from pacd.domain.change import Observation
from pacd.errors import CollisionError, SourceChangedError
from pacd.files import atomic
from pacd.files.atomic import MissingRootError, StrayPathError


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def create(root: Path, path: str, expected: Observation | None = None) -> Path:
    target = root / path
    with atomic.creating(target, root=root, expected=expected) as scratch:
        scratch.write_bytes(b"made")
    return target


def test_creates_with_folders(tmp_path: Path) -> None:
    """M12: a new file appears whole, its folders are made, its mode is the usual one."""
    target = create(tmp_path, "a/b/x.opus")

    umask = os.umask(0)
    os.umask(umask)
    assert b"made" == target.read_bytes()
    assert 0o644 & ~umask == stat.S_IMODE(target.stat().st_mode)
    assert ["x.opus"] == names(target.parent)


def test_creates_over_what_is_expected(tmp_path: Path) -> None:
    """M5: an output of ours is replaced when it is as it was."""
    target = create(tmp_path, "x.opus")
    before = atomic.observe(target)

    create(tmp_path, "x.opus", before)

    assert before.inode != atomic.observe(target).inode


def test_creates_over_nothing_unexpected(tmp_path: Path) -> None:
    """M9: a file that PAC does not know stays, even a dangling link."""
    target = create(tmp_path, "x.opus")
    before = atomic.observe(target)
    link = tmp_path / "y.opus"
    link.symlink_to("nowhere")

    for path in ("x.opus", "y.opus"):
        with pytest.raises(CollisionError, match=path):
            create(tmp_path, path)

    assert before == atomic.observe(target)
    assert link.is_symlink()
    target.write_bytes(b"changed")
    with pytest.raises(SourceChangedError):
        create(tmp_path, "x.opus", before)
    assert ["x.opus", "y.opus"] == names(tmp_path)


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    """M9: what came to stand there during the work is not overwritten."""
    target = tmp_path / "x.opus"

    def overtaken() -> None:
        with atomic.creating(target, root=tmp_path, expected=None) as scratch:
            scratch.write_bytes(b"made")
            target.write_bytes(b"theirs")

    with pytest.raises(CollisionError):
        overtaken()

    assert b"theirs" == target.read_bytes()
    assert ["x.opus"] == names(tmp_path)


def test_the_root_is_never_made(tmp_path: Path) -> None:
    """M9: a mirror whose disk is not mounted is not made in the empty mount point's place."""
    with pytest.raises(MissingRootError, match="is missing"):
        create(tmp_path / "unmounted", "a/x.opus")

    assert [] == names(tmp_path)


def test_another_root_is_no_root(tmp_path: Path) -> None:
    """M9: an unmount leaves an empty folder of the same name, and nothing is written into it."""
    root = tmp_path / "mirror"
    root.mkdir()
    status = root.stat()
    root.rename(tmp_path / "unmounted")
    root.mkdir()
    same = (status.st_dev, status.st_ino)

    with (
        pytest.raises(MissingRootError, match="mounted or unmounted"),
        atomic.creating(root / "a" / "x.opus", root=root, root_id=same, expected=None),
    ):
        pass
    assert [] == names(root)


@pytest.mark.parametrize("path", ["link/x.opus", "a/link/x.opus", "file/x.opus", "../x.opus"])
def test_no_way_out_of_the_root(tmp_path: Path, path: str) -> None:
    """X2: nothing is written through a symbolic link or above the root."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    outside.mkdir()
    (root / "a").mkdir(parents=True)
    for link in (root / "link", root / "a" / "link"):
        link.symlink_to(outside)
    (root / "file").touch()

    with pytest.raises(StrayPathError):
        create(root, path)

    assert [] == names(outside)
    assert ["outside", "root"] == names(tmp_path)
