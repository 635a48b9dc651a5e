"""What a walk counts as watched; a table stands for the kernel's answers."""

from pathlib import Path, PurePosixPath

from pacd.intake.arrivals import Arrivals
from pacd.intake.audit import FolderView, walk
from pacd.intake.gauge import KEPT, Gauge
from pacd.intake.ignore import Ignore


def views(root: Path, folders: int) -> list[FolderView]:
    for number in range(folders):
        (root / f"{number:04}").mkdir()
    return list(walk(root, Ignore()))


def test_w02_folders_that_were_on_their_way_are_not_missing(tmp_path: Path) -> None:
    """w02: while all is watched anew a walk met more than are kept by name; then all is watched."""
    watched = False
    gauge = Gauge(tmp_path, lambda _folder: watched)
    for view in views(tmp_path, KEPT + 50):
        gauge.meet(view)

    assert KEPT + 51 == gauge.folders == gauge.unwatched
    gauge.look_again()
    assert KEPT + 51 == gauge.unwatched
    watched = True
    gauge.look_again()
    assert (0, None) == (gauge.unwatched, gauge.example)


def test_w02_folders_that_are_gone_are_not_missing(tmp_path: Path) -> None:
    """w02: what is left is told by name."""
    gauge = Gauge(tmp_path, lambda folder: folder == tmp_path)
    for view in views(tmp_path, 3):
        gauge.meet(view)
    (tmp_path / "0000").rmdir()
    gauge.look_again()

    assert (2, PurePosixPath("0001")) == (gauge.unwatched, gauge.example)


def test_w02_a_folder_that_went_says_nothing_of_those_not_kept(tmp_path: Path) -> None:
    """w02: of more than are kept by name the others are still missing when one is deleted."""
    gauge = Gauge(tmp_path, lambda folder: folder == tmp_path)
    for view in views(tmp_path, KEPT + 50):
        gauge.meet(view)
    (tmp_path / "0000").rmdir()
    gauge.look_again()

    assert KEPT + 49 == gauge.unwatched


def test_w02_a_link_that_came_is_no_folder_that_nobody_watches(tmp_path: Path) -> None:
    """w02: watchdog tells of it as of a folder, in a tree that was moved in."""
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far")
    arrivals = Arrivals(lambda _folder: False)
    told = []
    for name in ("link", "far"):
        arrivals.note(tmp_path / name)
        told += [arrivals.unfollowed(), arrivals.unfollowed()]

    assert [None, None, None, tmp_path / "far"] == told
