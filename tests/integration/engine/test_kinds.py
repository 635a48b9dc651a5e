"""All kinds of albums and of audio, in an Opus and in an AAC mirror of one library."""

from pathlib import Path
from typing import Any

import mutagen
import pytest

from pacd.domain.media import Codec
from pacd.domain.plan import Action
from pacd.domain.policy import MirrorPolicy
from pacd.files.containers import CONTAINERS
from pacd.files.probe import read_track
from tests.audio import dress, encode_pcm
from tests.contract.sounds import tones
from tests.integration.engine.collector import TAGS, outputs_of, two_mirrors, wanted_of
from tests.integration.engine.site import Site

SHAPES = [
    (8_000, 8, 1, 801),
    (22_050, 16, 2, 2_205),
    (44_100, 8, 2, 4_411),
    (44_100, 16, 1, 4_411),
    (44_100, 16, 2, 1),
    (44_100, 32, 2, 4_411),
    (48_000, 24, 2, 4_801),
    (48_000, 24, 6, 4_801),
    (44_100, 16, 6, 4_411),
    (96_000, 24, 2, 9_601),
    (192_000, 24, 2, 19_201),
    (192_000, 32, 1, 19_201),
]
"""Rate, bits, channels and samples."""

ALBUMS: dict[str, dict[str, str]] = {
    "Set/CD1/01.flac": {"ALBUM": "Set", "DISCNUMBER": "1", "DISCTOTAL": "2", "TITLE": "one"},
    "Set/CD2/01.flac": {"ALBUM": "Set", "DISCNUMBER": "2", "DISCTOTAL": "2", "TITLE": "two"},
    "Flat Set/1-01.flac": {"ALBUM": "Flat", "DISCNUMBER": "1/2", "TRACKNUMBER": "1/9"},
    "Flat Set/2-01.flac": {"ALBUM": "Flat", "DISCNUMBER": "2/2", "TRACKNUMBER": "1/8"},
    "Various Artists/Hits/01.flac": {
        "ALBUMARTIST": "Various Artists",
        "ARTIST": "One of Them",
        "COMPILATION": "1",
    },
    "Mahler/2/01.flac": {
        "WORK": "Symphony No. 2",
        "MOVEMENTNAME": "Allegro maestoso",
        "MOVEMENT": "1",
        "MOVEMENTTOTAL": "5",
        "SHOWMOVEMENT": "1",
        "COMPOSER": "Mahler",
        "CONDUCTOR": "Abbado",
    },
}

# As facts/tags.md has them, and as mutagen reads them.
OPUS: dict[str, dict[str, list[Any]]] = {
    "Set/CD2/01": {"discnumber": ["2"], "disctotal": ["2"], "title": ["two"]},
    "Flat Set/2-01": {"discnumber": ["2"], "disctotal": ["2"], "tracktotal": ["8"]},
    "Various Artists/Hits/01": {"albumartist": ["Various Artists"], "compilation": ["1"]},
    "Mahler/2/01": {
        "work": ["Symphony No. 2"],
        "movementname": ["Allegro maestoso"],
        "movement": ["1"],
        "movementtotal": ["5"],
    },
}
M4A: dict[str, dict[str, Any]] = {
    "Set/CD2/01": {"disk": [(2, 2)], "\xa9nam": ["two"]},
    "Flat Set/2-01": {"disk": [(2, 2)], "trkn": [(1, 8)]},
    "Various Artists/Hits/01": {"aART": ["Various Artists"], "cpil": True},
    "Mahler/2/01": {
        "\xa9wrk": ["Symphony No. 2"],
        "\xa9mvn": ["Allegro maestoso"],
        "\xa9mvi": [1],
        "\xa9mvc": [5],
    },
}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return two_mirrors(tmp_path, tmp_path / "library")


def assert_in_order(site: Site) -> None:
    """Every master has an output of its audio, as long as it is, and nobody is asked anything."""
    policy = site.policy.libraries[0]
    assert [] == site.holds()
    for mirror in policy.mirrors:
        container, wanted = CONTAINERS[mirror.codec], wanted_of(policy, mirror)
        assert wanted.keys() == outputs_of(mirror).keys()
        for path, pac in wanted.items():
            audio = read_track(policy.root / pac.source_rel).audio
            stream = container.read_stream(mirror.root / path)

            assert stream.complete, path
            assert container.length_matches(audio, stream), path
            assert audio.channels == stream.channels, path


def test_all_shapes_of_audio_are_mirrored(site: Site) -> None:
    """M7, P4: 8 to 32 bits, 8 to 192 kHz, mono to 5.1, one sample, and silence."""
    for number, (rate, bits, channels, frames) in enumerate(SHAPES):
        path = site.library / "Kinds" / f"{number:02} {rate} {bits} {channels}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        dress(tones(path, frames, rate, bits, channels), TAGS, [])
    dress(encode_pcm(site.library / "Kinds" / "silence.flac", bytes(4 * 4_410)), TAGS, [])
    ran = site.run()

    assert 2 * (len(SHAPES) + 1) == ran.actions[Action.MIRROR_ENCODE]
    assert_in_order(site)
    assert 0 == site.run().actions.total()


def test_all_kinds_of_albums_are_mirrored(site: Site) -> None:
    """M6, M1: sets of discs in folders and flat, compilations, movements; they move as a whole."""
    for seed, (name, tags) in enumerate(ALBUMS.items()):
        path = site.library / name
        path.parent.mkdir(parents=True, exist_ok=True)
        dress(tones(path, 2_205 + seed, 44_100, 16, 2), {**TAGS, **tags}, [])
    (site.library / "Set" / "cover.jpg").write_bytes(b"of both discs")
    site.run()

    assert_in_order(site)
    for mirror in site.policy.libraries[0].mirrors:
        assert_tags_arrived(mirror)
        assert b"of both discs" == (mirror.root / "Set" / "cover.jpg").read_bytes()
    (site.library / "Boxes").mkdir()
    (site.library / "Set").rename(site.library / "Boxes" / "Set")
    (site.library / "Flat Set").rename(site.library / "Flat")
    ran = site.run()

    assert {"mirror-rename": 8, "mirror-copy": 2} == ran.actions
    assert_in_order(site)


def assert_tags_arrived(mirror: MirrorPolicy) -> None:
    for name, tags in (OPUS if mirror.codec is Codec.OPUS else M4A).items():
        opened: Any = mutagen.File(mirror.root / f"{name}{mirror.extension}")

        assert tags == {key: opened[key] for key in tags}, name
