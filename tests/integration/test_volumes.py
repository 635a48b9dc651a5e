"""What tells two disks apart that are mounted at one place, and what is remembered of them."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from pacd.intake.audit import root_id
from pacd.intake.volumes import inside, lasting, same_place, spot, uuid
from tests.machine import small_disk
from tests.mounts import ext4

ONE = "2f6c1d0e-8a55-4c8e-9d0b-6a3f5d7b1c11"
OTHER = "9b1f4a77-31c2-4f0e-8a64-0d5e2c9b7f22"


def bases(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    return tmp_path / "a", tmp_path / "b"


def test_w08_two_disks_at_one_place(tmp_path: Path) -> None:
    """w08, w09: both roots are inode 2; what tells them apart is as it was when one is back."""
    (a, b), place = bases(tmp_path), tmp_path / "disk"
    with ext4(a, place, "-U", ONE) as one:
        before, inode = (spot(place), lasting(place)), root_id(place)
        one.unmount()
        with ext4(b, place, "-U", OTHER) as other:
            strange = (spot(place), lasting(place))
            other.unmount()
        one.mount()

        assert before == (spot(place), lasting(place))
    assert inode
    assert f":{inode[1]}" == before[1][-2:] == strange[1][-2:]
    assert before[0] != strange[0]
    assert not same_place(before[1], strange[1])
    assert same_place(inode[1], strange[1])  # all that an earlier version knew


def test_w08_the_uuid_tells_where_nothing_else_does(tmp_path: Path) -> None:
    """w08: so it does for xfs, whose f_fsid is the number of its device; by the kernel's word."""
    with ext4(tmp_path, None, "-U", ONE) as disk:
        descriptor = os.open(disk.place, os.O_RDONLY)
        try:
            told = uuid(descriptor)
        finally:
            os.close(descriptor)
    if not told:
        pytest.skip("Linux before 6.9 does not tell")

    assert UUID(ONE) == UUID(told)


def test_w09_a_disk_in_memory_is_told_by_its_inode(tmp_path: Path) -> None:
    """w09: its number is another at each mount, so it says nothing after the next boot."""
    known = []
    for _mount in range(2):
        place = tmp_path / "disk"
        with small_disk(place):
            known.append((spot(place), lasting(place)))
        place.rmdir()

    assert known[0][0] != known[1][0]
    assert [":1", ":1"] == [each for _, each in known]


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (None, "1adb0bb007415c3a:2", True),
        (2, "1adb0bb007415c3a:2", True),
        (2, ":2", True),
        (3, ":2", False),
        ("801:2", "2f6c1d0e8a554c8e9d0b6a3f5d7b1c11:2", True),
        ("801:2", ":2", True),
        (":2", "1adb0bb007415c3a:2", True),
        ("1adb0bb007415c3a:2", "1adb0bb007415c3a:2", True),
        ("1adb0bb007415c3a:2", "1adb0bb007415c3a:3", False),
        ("1adb0bb007415c3a:2", "7e5a0415af28ae10:2", False),
        ("1adb0bb007415c3a:2", ":2", False),
        ("1adb0bb007415c3a:2", "", False),
    ],
)
def test_w09_what_was_remembered(known: str | int | None, now: str, *, expected: bool) -> None:
    """w09: an inode, or a device's number that may be another's by now, tells what it can."""
    assert expected == same_place(known, now)


def test_w08_disks_inside(tmp_path: Path) -> None:
    """w08: by their path from the root, whatever bytes it has, and through a link."""
    root, name = tmp_path / "root", os.fsdecode(b"hi \xff\nres")
    (root / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    with small_disk(root / "a" / name):
        assert {f"a/{name}": ":1"} == inside(tmp_path / "link")
    assert {} == inside(root)
