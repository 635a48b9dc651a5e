"""Which names are left alone, as a table."""

import pytest

from pacd.intake.ignore import Ignore

BUILT_IN = Ignore()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("._01 Hunter.flac", "a macOS resource file (._*)"),
        (".hidden.flac", "a hidden file (.[!.]*)"),
        (".01.flac.Xy3kQz", "a hidden file (.[!.]*)"),  # rsync
        (".syncthing.01.flac.tmp", "a hidden file (.[!.]*)"),
        (".pacd-4711-0123abcd.flac", "a hidden file (.[!.]*)"),
        ("01.flac.part", "a download that is not finished (*.part)"),
        ("01.flac.partial", "a download that is not finished (*.partial)"),
        ("01.flac.partial~", "a download that is not finished (*.partial~)"),
        ("01.flac.crdownload", "a download that is not finished (*.crdownload)"),
        ("01.flac.!qB", "a download that is not finished (*.!qB)"),
        ("01.flac.aria2", "a download that is not finished (*.aria2)"),
        ("~syncthing~01.flac", "a copy that syncthing has not finished (~syncthing~*)"),
        ("01.flac.metadata_edit", "a temporary file of metaflac (*.metadata_edit)"),
        ("01.flac.tmp,fl-ac+en'c", "a temporary file of flac (*.tmp,fl-ac+en'c)"),
        ("01.flac.tmp", "a temporary file (*.tmp)"),
        ("01.flac~", "a backup file of an editor (*~)"),
    ],
)
def test_w13_unfinished_and_foreign_files(name: str, reason: str) -> None:
    """w13, W6: what copying, downloading and tagging programs leave is not touched."""
    assert reason == BUILT_IN.file(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".Trash-1000", "a recycle bin (.Trash*)"),
        (".pacd-recycle", "PAC's recycle bin (.pacd-recycle)"),
        (".stversions", "what syncthing keeps of earlier files (.stversions)"),
        (".snapshots", "snapshots of the file system (.snapshot*)"),
        (".~tmp~", "copies that rsync has not finished (.~tmp~)"),
        (".rsync-partial", "copies that rsync has not finished (.rsync-partial)"),
        (".38 Special", "a hidden folder (.[!.]*)"),
        ("@eaDir", "a folder of the NAS (@eaDir)"),
        ("#recycle", "the NAS's recycle bin (#recycle)"),
        ("#snapshot", "the NAS's snapshots (#snapshot)"),
        ("@Recycle", "the NAS's recycle bin (@Recycle)"),
        ("@Recently-Snapshot", "the NAS's snapshots (@Recently-Snapshot)"),
        ("@tmp", "a folder of the NAS (@tmp)"),
        ("$RECYCLE.BIN", "the recycle bin of Windows ($RECYCLE.BIN)"),
        ("$Recycle.Bin", "the recycle bin of Windows ($Recycle.Bin)"),
        ("RECYCLER", "the recycle bin of Windows (RECYCLER)"),
        ("Network Trash Folder", "the recycle bin of a Mac (Network Trash Folder)"),
        ("System Volume Information", "a folder of Windows (System Volume Information)"),
        ("lost+found", "a folder of the file system (lost+found)"),
    ],
)
def test_w13_folders_of_systems(name: str, reason: str) -> None:
    """w13, W6: NAS, desktop and file system keep folders that hold no library."""
    assert reason == BUILT_IN.folder(name)


@pytest.mark.parametrize(
    "name",
    [
        "01 Hunter.flac",
        "…And Justice.flac",
        "..Baby One More Time.flac",
        "...And Justice for All.flac",
        "....flac",
        "part.flac",
        "tmp.flac",
        "a~b.flac",
        "~.flac",
        "!qB.flac",
        "01\nHunter.flac",
        "\udcff.flac",
        "@eaDir.flac",
        "flac",
        "",
    ],
)
def test_ordinary_files(name: str) -> None:
    """W6: nothing else is left alone, however odd."""
    assert BUILT_IN.file(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "...And Justice for All",
        "..",
        "Part",
        "recycle",
        "A@eaDir",
        "eaDir",
        "tmp",
        "a.tmp",
        "x~",
        "[1969] A+B",
        "Lost",
    ],
)
def test_ordinary_folders(name: str) -> None:
    """W6: names of files mean nothing for folders."""
    assert BUILT_IN.folder(name) is None


def test_w13_the_owners_patterns_are_added() -> None:
    """w13: shell patterns, for files and folders alike, with case; the built-in list stays."""
    ignore = Ignore(["Incoming", "*.DEMO.flac", "[0-9][0-9]?"])
    own = "named by the setting [watch] ignore"

    assert f"{own} (Incoming)" == ignore.folder("Incoming")
    assert f"{own} (*.DEMO.flac)" == ignore.file("a.DEMO.flac")
    assert f"{own} ([0-9][0-9]?)" == ignore.folder("12x")
    assert ignore.file("a.demo.flac") is None
    assert ignore.folder("incoming") is None
    assert "a hidden file (.[!.]*)" == ignore.file(".a.flac")


@pytest.mark.parametrize("pattern", ["[", "(", "*", "a|b", "\\", "\udcff", "", "[!"])
def test_any_pattern_is_only_a_pattern(pattern: str) -> None:
    """X2: what an owner writes is a shell pattern, never an expression that breaks."""
    ignore = Ignore([pattern])

    assert ignore.file(".hidden") is not None
    assert ("*" == pattern) == (ignore.file("01.flac") is not None)


@pytest.mark.parametrize(
    ("name", "doubtful"),
    [
        (".38 Special", True),
        (".1999.flac", True),
        ("...And Justice for All", False),
        ("._01.flac", False),
        (".Trash-1000", False),
        (".pacd-recycle", False),
        ("@eaDir", False),
        (".Demos", False),
    ],
)
def test_w13_what_may_be_music_all_the_same(name: str, doubtful: bool) -> None:
    """w13, W6: what only a first dot hides, unless the owner means it."""
    assert doubtful == Ignore([".Demos"]).doubtful(name)
