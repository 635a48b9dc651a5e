"""The mounts of this machine, and how they change."""

import os
import subprocess
from pathlib import Path

import pytest

from pacd.intake.mounts import MountEvents, MountTable, filesystem
from tests.machine import small_disk


def test_w10_the_file_system_of_a_path(tmp_path: Path) -> None:
    """w10: by its longest mount, through links, and for what is not there yet."""
    with small_disk(tmp_path / "a disk\n") as disk:
        (tmp_path / "link").symlink_to(disk, target_is_directory=True)
        (tmp_path / "round").symlink_to("../" + tmp_path.name + "/link/x/../y")

        assert "tmpfs" == filesystem(disk)
        assert "tmpfs" == filesystem(tmp_path / "link" / "no" / "such")
        assert "tmpfs" == filesystem(tmp_path / "round")
        assert filesystem(tmp_path) == filesystem(tmp_path / "link" / "..")
    assert filesystem(tmp_path) == filesystem(tmp_path / "a disk\n")


def test_links_that_lead_nowhere_come_to_an_end(tmp_path: Path) -> None:
    """w10: a ring of links is a path like any other."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert filesystem(tmp_path) == filesystem(tmp_path / "a" / "x")


def test_a_path_is_followed_as_the_kernel_does(tmp_path: Path) -> None:
    """w10: the same as realpath(3), where no network is in the way."""
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "l").symlink_to(tmp_path / "d" / "e")
    (tmp_path / "m").symlink_to("l/..")
    for path in ("l", "l/x", "m", "m/e", "m/../l", "none/../d"):
        expected = os.fsencode(os.path.realpath(tmp_path / path))
        assert expected == MountTable.read().real(tmp_path / path)


def test_mounting_is_noticed_even_when_it_is_over(tmp_path: Path) -> None:
    """W3: what came and went between two looks is an event all the same."""
    events = MountEvents()
    events.any()
    try:
        with small_disk(tmp_path / "disk"):
            assert events.any()
        assert events.any()
        with small_disk(tmp_path / "other"):
            pass
        assert events.any()
    finally:
        events.close()
        events.close()


def test_w10_an_overlay_is_local_where_its_layers_are(tmp_path: Path) -> None:
    """w10: a container's own file system hears of every change made through it."""
    for name in ("lower", "upper", "work", "merged"):
        (tmp_path / name).mkdir()
    layers = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    command = ["mount", "-t", "overlay", "overlay", "-o", layers, str(tmp_path / "merged")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no overlay may be mounted here")
    try:
        table = MountTable.read()
        mount = table.holding(table.real(tmp_path / "merged" / "x"))
        assert mount
        assert ("overlay", False) == (mount.kind, table.is_network(mount))
    finally:
        subprocess.run(["umount", tmp_path / "merged"], check=True)
