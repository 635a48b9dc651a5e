"""M10: the names that PAC gives, on the real file systems that they are meant for."""

import os
from pathlib import Path

import pytest

from pacd.planning.names import plain_name, renamed_folders, renamed_masters
from tests.mounts import mounted

MASTERS = [
    f"{stem}.flac"
    for stem in (
        "plain",
        "Plain",
        "PLAIN",
        'Who? "Me": <you>|*\\',
        "new\nline",
        "\x1b[31m\x7f\x9b",
        "caf\udce9",
        "caf\u00e9",
        "cafe\u0301",
        "CAF\u00c9",
        "stra\u00dfe",
        "STRASSE",
        "\u03c2",
        "\u03a3",
        "\u0131",
        "I",
        "\u017f",
        "s",
        "\u212a",
        "k",
        "con",
        "Aux.1",
        "nul  .x",
        "LPT\u00b3",
        "ends in a dot.",
        " begins with a space",
        "\U0001d11e",
        "\uffff",
        "音" * 83 + "ab",
        "x" * 250,
        "~1",
    )
]
FOLDERS = [
    "plain.opus",
    "CON",
    "com1.d",
    "Vol. 1.",
    "Vol. 1",
    "Vol. 1 ",
    "...And Justice",
    "...",
    "A long name",
    "ALONGN~1",
    "AC\\DC: Live?",
    "音" * 85,
    "y" * 255,
    ".pacd-1-00000000.d",
]


def outputs(*, fat_safe: bool = True) -> dict[str, str]:
    """What masters and folders of one folder are named in a mirror."""
    files = renamed_masters(MASTERS, ".opus", fat_safe=fat_safe)
    folders = renamed_folders(FOLDERS, MASTERS, ".opus", fat_safe=fat_safe)
    renamed = {name: each.name for name, each in (*files.items(), *folders.items())}
    plain = {name: plain_name(name, ".opus") for name in MASTERS} | {n: n for n in FOLDERS}
    return plain | renamed


def fill(folder: Path, named: dict[str, str]) -> None:
    """Make each as a file or a folder that holds its own name."""
    for original, name in named.items():
        place = folder / name
        if original in FOLDERS:
            place.mkdir()
            place = place / "name"
        with place.open("xb") as file:
            file.write(os.fsencode(original))


def read_back(folder: Path) -> dict[str, str]:
    """What is listed, by what it holds."""
    files = {path: path / "name" if path.is_dir() else path for path in folder.iterdir()}
    return {os.fsdecode(file.read_bytes()): path.name for path, file in files.items()}


@pytest.mark.parametrize("kind", ["vfat", "exfat", "ntfs"])
def test_hostile_names_come_back(kind: str, tmp_path: Path) -> None:
    """M10: each is taken, listed as it was named, and none is taken for another."""
    named = outputs()
    with mounted(kind, tmp_path) as root:
        fill(root, named)
        found = read_back(root)

        assert named == {name: found.get(name) for name in named}


def test_hostile_names_need_replacing(tmp_path: Path) -> None:
    """M10: by their plain names, Windows' file system refuses some of them."""
    with mounted("ntfs", tmp_path) as root, pytest.raises(OSError, match="Invalid argument"):
        fill(root, outputs(fat_safe=False))


@pytest.mark.parametrize("fat_safe", [True, False])
def test_linux_takes_all_names(tmp_path: Path, *, fat_safe: bool) -> None:
    """M10: 255 bytes are enough, and names that are not UTF-8 stay where they may."""
    named = outputs(fat_safe=fat_safe)
    fill(tmp_path, named)

    assert named == read_back(tmp_path)
    assert ("caf\udce9.opus" == named["caf\udce9.flac"]) is not fat_safe
