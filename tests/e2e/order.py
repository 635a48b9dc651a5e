"""What "in order" means for a library, its mirror and its covers, by other programs than PAC's."""

import hashlib
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.oggopus

from pacd.files.recycle import BIN
from tests.audio import stated_md5
from tests.e2e.running import Site, until

COMPRESSION = re.compile(r"flac \d+\.\d+\.\d+; level=8; verify=1; date=\d{4}-\d\d-\d\d")
_NOT_CARRIED = ("REPLAYGAIN_", "COMPRESSION", "ENCODER", "WAVEFORMATEXTENSIBLE", "CUESHEET")


@dataclass(frozen=True)
class Seen:
    """One file or folder at one moment; digest is "" for a folder."""

    inode: int
    mtime_ns: int
    ctime_ns: int
    size_bytes: int
    digest: str


def tree(*roots: Path) -> dict[Path, Seen]:
    """Everything below some folders, and the folders themselves; missing ones are left out."""
    found: dict[Path, Seen] = {}
    for root in roots:
        for path in (root, *root.rglob("*")):
            if os.path.lexists(path):
                found[path] = _seen(path)
    return found


def _seen(path: Path) -> Seen:
    status = path.lstat()
    regular = path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)
    digest = hashlib.md5(path.read_bytes()).hexdigest() if regular else ""  # noqa: S324  # no secret
    return Seen(status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size, digest)


def masters(site: Site) -> list[Path]:
    """Every file of the library with the name of a master; nothing of PAC's own is one."""
    return files_below(site.library, "[!.]*.flac")


def files_below(root: Path, pattern: str) -> list[Path]:
    """Every file below a root with such a name; what goes meanwhile is passed over."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != BIN]
        found += [Path(folder, name) for name in files if fnmatchcase(name, pattern)]
    return sorted(path for path in found if path.is_file())


def output_of(site: Site, master: Path) -> Path:
    """Where a master's output belongs."""
    return (site.mirror / master.relative_to(site.library)).with_suffix(".opus")


def await_outputs(site: Site, wanted: Iterable[Path] | None = None) -> None:
    """Wait until every master has an output, and then until nothing is left to do."""
    found = list(wanted) if wanted is not None else masters(site)
    until(
        lambda: all(output_of(site, master).exists() for master in found),
        what=f"for the outputs of {len(found)} masters",
    )
    site.pacctl("wait")


def assert_in_order(site: Site, *, but: Iterable[Path] = ()) -> None:
    """
    Hold every master, its cover and its output against what the owner was promised.

    Args:
        but: Masters that are held.
    """
    excepted = set(but)
    for master in masters(site):
        if master not in excepted:
            assert_master_in_order(site, master)
    assert_no_leftovers(site)


def assert_master_in_order(site: Site, master: Path) -> None:
    """Tested, at level 8 with its tag, cover exported, mirrored whole with all its tags."""
    assert_tested(site, master)
    audio: Any = mutagen.flac.FLAC(master)

    assert COMPRESSION.fullmatch("|".join(audio.get("COMPRESSION", []))), master
    for picture in audio.pictures[:1]:
        folder = site.art / audio["ALBUMARTIST"][0] / audio["ALBUM"][0]

        assert [picture.data] == [cover.read_bytes() for cover in folder.glob("front.*")], master
    assert_output_in_order(site, master)


def assert_tested(site: Site, master: Path) -> None:
    """Intact by flac itself, and recorded so for the very bytes that are there."""
    subprocess.run(["flac", "--test", "--silent", "--warnings-as-errors", master], check=True)
    seen = master.stat()
    with sqlite3.connect(f"file:{site.database}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT file_size, mtime_ns, test_ok, md5 FROM flac_checks WHERE inode = ?",
            (seen.st_ino,),
        ).fetchall()
    database.close()

    assert [(seen.st_size, seen.st_mtime_ns, 1, stated_md5(master))] == rows, master


def assert_output_in_order(site: Site, master: Path) -> None:
    """An output that says whose it is, carries every tag, and plays exactly as long."""
    output = output_of(site, master)
    audio: Any = mutagen.flac.FLAC(master)
    opus: Any = mutagen.oggopus.OggOpus(output)
    wanted = [
        (key.upper(), value)
        for key, value in audio.tags or ()
        if not key.upper().startswith(_NOT_CARRIED)
    ]
    carried = [(key.upper(), value) for key, value in opus.tags if not _of_pac(key)]
    path = master.relative_to(site.library)

    assert [stated_md5(master)] == opus["PAC_SRC_MD5"], master
    assert [os.fsencode(path).decode("utf-8", "replace")] == opus["PAC_SOURCE_REL"], master
    assert sorted(wanted) == sorted(carried), master
    assert len(audio.pictures) == len(opus.get("METADATA_BLOCK_PICTURE", [])), master
    assert abs(played_samples(output) - expected_samples(audio.info)) <= 1, master


def _of_pac(key: str) -> bool:
    return key.upper().startswith(("PAC_", "METADATA_BLOCK_PICTURE", "R128_", "ENCODER"))


def expected_samples(info: Any) -> int:
    """How long a master plays, in samples at 48 kHz."""
    samples: int = round(info.total_samples * 48_000 / info.sample_rate)
    return samples


def played_samples(output: Path) -> int:
    """How long an output plays in opusdec, in samples at 48 kHz."""
    opus: Any = mutagen.oggopus.OggOpus(output)
    command: list[str | Path] = ["opusdec", "--quiet", "--rate", "48000", output, "-"]
    played = subprocess.run(command, capture_output=True, check=True).stdout
    channels: int = opus.info.channels
    return len(played) // (2 * channels)


def assert_no_leftovers(site: Site) -> None:
    """No temporary of PAC's or a tool's lies anywhere."""
    roots = (site.library, site.mirror, site.art)
    left = [path for root in roots for path in root.rglob("*") if _is_temporary(path.name)]

    assert [] == left


def _is_temporary(name: str) -> bool:
    ours = name.startswith(".pacd-") and name != BIN
    return ours or name.endswith(("tmp,fl-ac+en'c", ".metadata_edit"))
