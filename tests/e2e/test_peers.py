"""What users of other tools complain of (facts/users.md), and what happens here: one test each."""

import subprocess
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.oggopus
import pytest
from PIL import Image

from tests import damage
from tests.audio import Art, dress, png, stated_md5
from tests.e2e.albums import make_album
from tests.e2e.order import (
    assert_in_order,
    assert_output_in_order,
    await_outputs,
    masters,
    output_of,
    tree,
)
from tests.e2e.running import Site, until

ALBUM = Path("Artist") / "Album"
SAKAMOTO = "坂本龍一 \N{EN DASH}"


def _one(site: Site, *, cover: bool = False, seconds: float = 1.0) -> Path:
    (master,) = make_album(site.library / ALBUM, tracks=1, cover=cover, seconds=seconds)
    return master


def _tags(site: Site, master: Path) -> Any:
    return mutagen.oggopus.OggOpus(output_of(site, master))


def _pictures(site: Site, master: Path) -> list[mutagen.flac.Picture]:
    blocks = _tags(site, master).get("METADATA_BLOCK_PICTURE", [])
    return [mutagen.flac.Picture(b64decode(block)) for block in blocks]


def _strip(master: Path, *keys: str) -> None:
    audio: Any = mutagen.flac.FLAC(master)
    for key in keys:
        del audio[key]
    audio.save()


def test_peer_01_covers_reach_the_mirror(site: Site) -> None:
    """M6, users.md 1: every picture arrives in the mirror with its type and text, front first."""
    master = _one(site)
    back = Art(png(30, 30, seed=1), type=4, description="Rückseite")
    dress(master, {}, [back, Art(png(40, 40, seed=2), type=3, description="Vorne")])
    site.once()
    front, other = _pictures(site, master)

    assert [(3, "Vorne"), (4, "Rückseite")] == [(each.type, each.desc) for each in (front, other)]
    assert [(40, 40), (30, 30)] == [_size(each) for each in (front, other)]
    assert (0, 0, 0) == (front.width, front.height, front.depth)


def _size(picture: mutagen.flac.Picture) -> tuple[int, int]:
    with Image.open(BytesIO(picture.data)) as image:
        return image.size


def test_peer_02_several_values_stay_several(site: Site) -> None:
    """M6, users.md 2: neither joined nor cut, in their order, in master and mirror."""
    master = _one(site)
    values = {"ARTIST": ["B", "A; still one", "C"], "GENRE": ["Jazz", "Blues", "Jazz"]}
    dress(master, values, [])
    site.once()
    audio: Any = mutagen.flac.FLAC(master)
    opus = _tags(site, master)

    assert values == {key: audio[key] for key in values}
    assert values == {key: opus[key] for key in values}


def test_peer_03_nothing_is_encoded_twice(site: Site) -> None:
    """P4, M5, users.md 3: neither a second run, nor a tag, a new cover, a touch, or a restart."""
    master, _other = make_album(site.library / ALBUM)
    with site.running() as daemon:
        await_outputs(site)

        assert 2 == len(daemon.events("mirror_encode_ok"))
    dress(master, {"TITLE": "Another"}, [Art(png(10, 10))])
    master.touch()
    with site.running() as daemon:
        until(lambda: _tags(site, master)["TITLE"] == ["Another"])
        dress(master, {"TITLE": "Yet another"}, [])
        until(lambda: _tags(site, master)["TITLE"] == ["Yet another"])
        master.touch()
        site.pacctl("scan", "--wait")

        assert [] == daemon.events("mirror_encode_ok", "recompress_ok", "recompress_skip")
    assert_in_order(site)


def test_peer_04_edits_of_tags_arrive(site: Site) -> None:
    """M5, users.md 4: a tag that is new, changed or gone, and another cover, are in the mirror."""
    master = _one(site, cover=True)
    site.once()
    _strip(master, "GENRE")
    dress(master, {"TITLE": "Changed", "MOOD": "New"}, [Art(png(12, 12), type=4)])
    counts = site.once()["counts"]["mirror"]
    opus = _tags(site, master)

    assert (0, 1) == (counts["encoded"], counts["retagged"])
    assert (["Changed"], ["New"]) == (opus["TITLE"], opus["MOOD"])
    assert "GENRE" not in opus
    assert [3, 4] == [picture.type for picture in _pictures(site, master)]


@pytest.mark.parametrize(
    ("gains", "track", "album"),
    [
        ({"REPLAYGAIN_TRACK_GAIN": "-8.58 dB"}, ["-3476"], None),
        (
            {"REPLAYGAIN_TRACK_GAIN": "-7.50 dB", "REPLAYGAIN_ALBUM_GAIN": "-8.00 dB"},
            ["-3200"],
            ["-3328"],
        ),
    ],
    ids=["track only", "track and album"],
)
def test_peer_08_loudness_is_right(
    site: Site, gains: dict[str, str], track: list[str], album: list[str] | None
) -> None:
    """M6, users.md 8: R128 gains 5 dB below ReplayGain's (RFC 7845), the header's gain is 0."""
    master = _one(site)
    dress(master, {**gains, "REPLAYGAIN_TRACK_PEAK": "0.98"}, [])
    site.once()
    opus = _tags(site, master)
    head = output_of(site, master).read_bytes()
    gain_at = head.index(b"OpusHead") + 16

    assert (track, album) == (opus.get("R128_TRACK_GAIN"), opus.get("R128_ALBUM_GAIN"))
    assert [] == [key for key in opus if key.upper().startswith("REPLAYGAIN")]
    assert b"\0\0" == head[gain_at : gain_at + 2]


def test_peer_09_id3_tags_do_no_harm(site: Site) -> None:
    """F5, users.md 9: ID3 before and behind goes, what only it knew stays, as does the audio."""
    master = _one(site)
    _strip(master, "TITLE", "DATE")
    md5 = stated_md5(master)
    title = "A title that is longer than ID3v1 can hold"
    tag = damage.id3v2(damage.id3_text(b"TIT2", title))
    master.write_bytes(tag + master.read_bytes() + damage.id3v1(title[:30].encode()))
    site.once()
    data = master.read_bytes()
    audio: Any = mutagen.flac.FLAC(master)

    assert (b"fLaC", -1) == (data[:4], data.find(b"TAGA title"))
    assert md5 == stated_md5(master)
    assert [title] == audio["TITLE"]
    assert_in_order(site)


def test_peer_10_an_unset_md5_is_found_and_set(site: Site) -> None:
    """F2, users.md 10: the MD5 is computed from the audio and written, and the reason is said."""
    master = _one(site)
    md5 = stated_md5(master)
    master.write_bytes(damage.with_md5(master.read_bytes(), bytes(16)))
    counts = site.once()["counts"]["library"]
    with site.running():
        until(lambda: site.got("wait")["idle"])
        told = [entry["message"] for entry in site.why(master)["history"]]

    assert md5 == stated_md5(master)
    assert (1, 1) == (counts["tested_ok"], counts["recompressed"])
    assert "its header has no audio MD5; it was computed from the audio" in told
    assert_in_order(site)


@pytest.mark.parametrize("kept", [True, False], ids=["keep_mtime", "keep_mtime = false"])
def test_peer_13_modification_times_are_the_owners_choice(site: Site, kept: bool) -> None:
    """F3, users.md 13: kept to the nanosecond, or new: as the settings say."""
    site.change("flac", keep_mtime=kept)
    master = _one(site)
    subprocess.run(["touch", "-d", "2001-02-03T04:05:06.123456789Z", master], check=True)
    before = master.stat()
    site.once()
    after = master.stat()

    assert after.st_ino != before.st_ino
    assert kept == (before.st_mtime_ns == after.st_mtime_ns)
    assert before.st_mtime_ns == 981_173_106_123_456_789


def test_peer_16_unfinished_and_foreign_files_are_no_music(site: Site) -> None:
    """W6, users.md 16: what is unfinished or foreign is left alone, and it is said why."""
    master = _one(site)
    data = master.read_bytes()
    names = ("._01.flac", "02.flac.part", ".03.flac.Xa31x0", "04.flac.!qB", "@eaDir/05.flac")
    others = [master.parent / name for name in (*names, "#recycle/06.flac", "~$07.flac.tmp")]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    before = tree(*others)
    with site.running():
        await_outputs(site, [master])
        states = {site.why(path)["state"] for path in others}
        reasons = [site.why(path)["decision"]["reason"] for path in others]

    assert before == tree(*others)
    assert ({"ignored"}, True) == (states, all(reasons))
    assert [output_of(site, master)] == [path for path in site.mirror.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["C", "ASCII"],
)
def test_peer_24_names_and_tags_survive_any_locale(site: Site, environ: dict[str, str]) -> None:
    """M6, users.md 24: what is no ASCII comes through where the locale knows nothing else."""
    master = _one(site)
    master = master.rename(master.with_name(f"{SAKAMOTO} Träck.flac"))
    values = {"TITLE": f"{SAKAMOTO} “Thousand Knives”", "ALBUM": "Äöü", "ALBUMARTIST": "Ñandú"}
    dress(master, values, [Art(png(8, 8))])
    with site.running(**environ):
        await_outputs(site)
        shown = site.pacctl("why", str(master)).stdout

    assert f"{SAKAMOTO} Träck.flac" in shown
    assert values == {key: _tags(site, master)[key][0] for key in values}
    assert (site.art / "Ñandú" / "Äöü" / "front.png").is_file()
    assert [master] == masters(site)
    assert_output_in_order(site, master)
