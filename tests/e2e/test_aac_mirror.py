"""A library with an AAC mirror: what any mirror promises, of M4A files."""

import json
import shutil
from pathlib import Path
from typing import Any

import mutagen.mp4
import pytest

from tests.audio import dress, stated_md5
from tests.e2e.albums import make_album
from tests.e2e.running import Site

pytestmark = pytest.mark.skipif(shutil.which("fdkaac") is None, reason="fdkaac is not installed")


@pytest.fixture
def masters(site: Site) -> list[Path]:
    """Two masters, and a mirror that wants AAC."""
    site.change("mirror", codec="aac", quality=3)
    return make_album(site.library / "Artist" / "Album")


def output_of(site: Site, master: Path) -> Path:
    return (site.mirror / master.relative_to(site.library)).with_suffix(".m4a")


def text_of(output: Path, atom: str) -> str:
    opened: Any = mutagen.mp4.MP4(output)
    value = opened[atom][0]
    return value if isinstance(value, str) else bytes(value).decode()


def mirrored(site: Site) -> dict[str, int]:
    """What one run did to outputs."""
    counts: dict[str, int] = site.once()["counts"]["mirror"]
    return {name: number for name, number in counts.items() if number}


def test_an_aac_mirror_follows_its_library(site: Site, masters: list[Path]) -> None:
    """M1, M4, M5, P4: made once, left alone, retagged for tags, encoded for quality, in M4A too."""
    first, second = masters
    assert {"encoded": 2} == mirrored(site)
    assert {output_of(site, each) for each in masters} == {*site.mirror.rglob("*.*")}
    assert stated_md5(first) == text_of(output_of(site, first), "----:org.pac:src_md5")
    assert {"unchanged": 2} == mirrored(site)
    shutil.rmtree(site.state)
    assert {"unchanged": 2} == mirrored(site)
    dress(first, {"TITLE": "new"}, ())
    assert {"retagged": 1, "unchanged": 1} == mirrored(site)
    assert "new" == text_of(output_of(site, first), "\xa9nam")
    output_of(site, second).write_bytes(output_of(site, second).read_bytes()[:-100])
    assert {"encoded": 1, "unchanged": 1} == mirrored(site)
    site.change("mirror", quality=2)
    assert {"encoded": 2} == mirrored(site)
    assert "aac vbr 2" == text_of(output_of(site, first), "----:org.pac:quality")


def test_what_cannot_be_carried_is_logged_of_its_file(site: Site, masters: list[Path]) -> None:
    """M6: the line of the log that tells of an output says what it lacks, and no other does."""
    dress(masters[0], {"TRACKNUMBER": "A1", "SYNCEDLYRICS": "[00:01]x"}, ())
    lines = [json.loads(line) for line in site.pacd("--once").stderr.splitlines()]
    told = {line["path"]: sorted(line["lost"]) for line in lines if "lost" in line}

    assert {
        str(masters[0].relative_to(site.library)): [
            "SYNCEDLYRICS: M4A has no place for lyrics with times",
            "TRACKNUMBER: 'A1' is no whole number from 0 to 32767",
        ]
    } == told
