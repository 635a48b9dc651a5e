"""Making Opus outputs, on real files with the real programs."""

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pacd import VERSION
from pacd.domain.output import OutputState
from pacd.domain.policy import OpusGain
from pacd.errors import (
    CollisionError,
    PacError,
    SourceChangedError,
    ToolError,
)
from pacd.files.atomic import observe
from pacd.files.opus import length_matches, read_comments, read_opus
from pacd.steps.mirror import mirror_encode, mirror_retag
from pacd.tools.libopus import Libopus
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, png, stated_md5, write_flac
from tests.integration.steps.jobs import mirror_job
from tests.integration.steps.outputs import jpeg, leftovers, output, pictures, tags

SHAPE = ("width", "height", "depth", "colors")


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def master(tmp_path: Path) -> Path:
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    return write_flac(source, seconds=0.5)


def test_an_output_tells_its_origin(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M1, M3, M7: same folder and base name, PAC_* tags, exact length, as reported."""
    job = mirror_job(tmp_path)
    mirrored = mirror_encode(job, tools)
    track = job.facts.track
    assert track is not None
    assert tools.opusenc is not None
    pac = dict(read_comments(output(tmp_path)).pairs)

    assert {
        "PAC_SRC_MD5": stated_md5(master),
        "PAC_ENCODER": tools.opusenc.name,
        "PAC_QUALITY": "opus 64 kbit/s",
        "PAC_VERSION": VERSION,
        "PAC_SOURCE_REL": "a/b.flac",
        "PAC_SRC_TAGS": job.mirror.tags_hash(track.tags_md5),
    } == pac
    assert length_matches(track.audio, read_opus(output(tmp_path)))
    assert (True, ()) == (mirrored.encoded, mirrored.lost)
    made = mirrored.output
    assert ("a/b.opus", OutputState.OURS) == (str(made.path), made.state)
    assert (pac["PAC_SRC_MD5"], pac["PAC_QUALITY"]) == (made.src_md5, made.quality)
    assert (pac["PAC_SRC_TAGS"], pac["PAC_ENCODER"]) == (made.src_tags, made.encoder)
    assert observe(output(tmp_path)) == made.observation
    assert ["b.opus"] == leftovers(tmp_path)


def test_users_1_the_cover_arrives(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """Users 1, M6: covers reach Opus, the front first, each a baseline JPEG within the limits."""
    back = Art(jpeg(200, 200, progressive=True), type=4, mime="image/jpeg", description="hinten ü")
    front = Art(png(600, 400), description="vorn")
    icon = Art(png(32, 32), type=1)
    dress(master, {}, [back, front, icon, icon])
    mirrored = mirror_encode(mirror_job(tmp_path, art_max_px=150, art_max_kib=30), tools)
    found = pictures(tmp_path)

    assert [(3, "vorn"), (4, "hinten ü"), (1, "")] == [(each.type, each.desc) for each in found]
    assert ["image/jpeg", "image/jpeg", "image/png"] == [each.mime for each in found]
    assert icon.data == found[2].data
    assert (0, 0, 0, 0) == tuple(found[0].__dict__[key] for key in SHAPE)
    for each in found[:2]:
        image = Image.open(BytesIO(each.data))
        assert max(image.size) <= 150
        assert len(each.data) <= 30 * 1024
        assert "progressive" not in image.info
    assert ("another picture of type 1: there may be one only",) == mirrored.lost


def test_a_fitting_cover_keeps_its_bytes(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M6: a baseline JPEG within the limits arrives byte for byte."""
    cover = jpeg()
    dress(master, {}, [Art(cover, mime="image/jpeg")])
    mirror_encode(mirror_job(tmp_path), tools)

    assert [cover] == [each.data for each in pictures(tmp_path)]


def test_users_2_multi_values_arrive(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """Users 2, M6: several artists and genres stay several, in order."""
    dress(master, {"ARTIST": ["B", "A", "B"], "GENRE": ["Rock", "Jazz"], "TRACKNUMBER": "3/12"}, ())
    mirror_encode(mirror_job(tmp_path), tools)
    found = tags(tmp_path)

    assert ["B", "A", "B"] == [value for key, value in found if key == "ARTIST"]
    assert ["Rock", "Jazz"] == [value for key, value in found if key == "GENRE"]
    assert ("TRACKTOTAL", "12") in found
    assert not [key for key, _value in found if key.startswith("ENCODER")]


@pytest.mark.parametrize(
    ("gain", "header", "expected"),
    [
        (OpusGain.R128, 0, {"R128_TRACK_GAIN": "-3476", "R128_ALBUM_GAIN": "-3072"}),
        (OpusGain.HEADER_ALBUM, -3072, {"R128_TRACK_GAIN": "-404", "R128_ALBUM_GAIN": "0"}),
        (
            OpusGain.REPLAYGAIN,
            0,
            {"REPLAYGAIN_TRACK_GAIN": "-8.58 dB", "REPLAYGAIN_ALBUM_GAIN": "-7.00 dB"},
        ),
    ],
)
def test_users_8_loudness_is_right(
    master: Path,
    tmp_path: Path,
    tools: Toolbox,
    gain: OpusGain,
    header: int,
    expected: dict[str, str],
) -> None:
    """Users 8, M6: R128 is 5 dB below ReplayGain, and the header gain moves only when asked to."""
    stated = {"REPLAYGAIN_TRACK_GAIN": "-8.58 dB", "REPLAYGAIN_ALBUM_GAIN": "-7.00 dB"}
    dress(master, stated, ())
    mirror_encode(mirror_job(tmp_path, opus_gain=gain), tools)

    assert header == read_opus(output(tmp_path)).output_gain
    assert expected == {key: value for key, value in tags(tmp_path) if "GAIN" in key}


def test_a_master_that_changed_is_left_for_the_next_round(
    master: Path, tmp_path: Path, tools: Toolbox
) -> None:
    """M12: what was tested is what is encoded, or nothing is."""
    job = mirror_job(tmp_path)
    dress(master, {"TITLE": "new"}, ())
    with pytest.raises(SourceChangedError):
        mirror_encode(job, tools)

    assert [] == leftovers(tmp_path)


def test_a_master_that_changes_meanwhile_is_seen(
    master: Path, tmp_path: Path, tools: Toolbox
) -> None:
    """M12: a master replaced while its output is being made gets none."""
    job = mirror_job(tmp_path)
    assert tools.opusenc is not None
    slow = tmp_path / "opusenc"
    slow.write_text(f'#!/bin/sh\n{tools.opusenc.executable} "$@" && touch "{master}"\n')
    slow.chmod(0o755)
    with pytest.raises(SourceChangedError):
        mirror_encode(job, replace(tools, opusenc=replace(tools.opusenc, executable=slow)))

    assert [] == leftovers(tmp_path)


def test_a_tool_that_fails_leaves_nothing(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M12: an encoder that writes half and fails leaves no file behind."""
    assert tools.opusenc is not None
    broken = tmp_path / "opusenc"
    broken.write_text('#!/bin/sh\nfor last; do :; done\necho half > "$last"\nexit 1\n')
    broken.chmod(0o755)
    with pytest.raises(ToolError):
        mirror_encode(
            mirror_job(tmp_path), replace(tools, opusenc=replace(tools.opusenc, executable=broken))
        )

    assert [] == leftovers(tmp_path)


def test_without_opusenc(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M2, M6, M7: ffmpeg takes its place, says so, and tags and cover arrive as ever."""
    libopus = Libopus.of(tools.ffmpeg)
    if libopus is None:
        pytest.skip("ffmpeg with libopus is not installed")
    cover = jpeg()
    dress(master, {"ARTIST": ["B", "A"]}, [Art(cover, mime="image/jpeg", description="vorn")])
    job = mirror_job(tmp_path)
    mirrored = mirror_encode(job, replace(tools, opusenc=None))
    found = read_comments(output(tmp_path))
    assert job.facts.track is not None

    assert (libopus.name,) == found.all("PAC_ENCODER") == (mirrored.output.encoder,)
    assert ["B", "A"] == [value for key, value in tags(tmp_path) if key == "ARTIST"]
    assert [(cover, "vorn")] == [(each.data, each.desc) for each in pictures(tmp_path)]
    assert not [key for key, _value in found.pairs if key.upper().startswith("ENCODER")]
    assert length_matches(job.facts.track.audio, read_opus(output(tmp_path)))
    assert ["b.opus"] == leftovers(tmp_path)


def test_opusenc_comes_first(tools: Toolbox) -> None:
    """M2: where both are there, opusenc makes the outputs."""
    assert tools.opusenc == tools.opus
    assert Libopus.of(tools.ffmpeg) == replace(tools, opusenc=None).opus


def test_ffmpeg_never_names_damage(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M12: ffmpeg would fill the gap with silence; flac, which reads for it, does not."""
    if Libopus.of(tools.ffmpeg) is None:
        pytest.skip("ffmpeg with libopus is not installed")
    whole = bytearray(master.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 16] = bytes(16)
    master.write_bytes(whole)
    with pytest.raises(ToolError, match="flac failed"):
        mirror_encode(mirror_job(tmp_path), replace(tools, opusenc=None))

    assert [] == leftovers(tmp_path)


def test_without_any_encoder(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M2: a missing encoder is a sentence that says how to get one."""
    with pytest.raises(ToolError, match=r"apt install opus-tools \(or ffmpeg"):
        mirror_encode(mirror_job(tmp_path), replace(tools, opusenc=None, ffmpeg=None))


def test_an_output_of_ours_is_replaced(master: Path, tmp_path: Path, tools: Toolbox) -> None:
    """M5: changed audio replaces the output."""
    mirror_encode(mirror_job(tmp_path), tools)
    write_flac(master, seconds=0.7, seed=1)
    made = mirror_encode(mirror_job(tmp_path), tools).output

    assert (
        stated_md5(master) == made.src_md5 == read_comments(output(tmp_path)).first("PAC_SRC_MD5")
    )
    assert ["b.opus"] == leftovers(tmp_path)


@pytest.mark.parametrize("content", [b"", b"somebody's", b"OggS" + bytes(60)])
@pytest.mark.parametrize("step", [mirror_encode, mirror_retag])
def test_a_foreign_file_is_never_touched(
    master: Path, tmp_path: Path, tools: Toolbox, content: bytes, step: object
) -> None:
    """M9: a file without PAC tags stays as it is, and the step says so."""
    assert callable(step)
    job = mirror_job(tmp_path)
    output(tmp_path).parent.mkdir()
    output(tmp_path).write_bytes(content)
    before = observe(output(tmp_path))
    with pytest.raises(CollisionError, match="was not made by PAC"):
        step(job, tools)

    assert (before, content) == (observe(output(tmp_path)), output(tmp_path).read_bytes())


def test_an_opus_file_of_somebody_else_is_never_touched(
    master: Path, tmp_path: Path, tools: Toolbox
) -> None:
    """M9: nor is a sound Opus file that lacks PAC tags."""
    job = mirror_job(tmp_path)
    output(tmp_path).parent.mkdir()
    subprocess.run(["opusenc", "--quiet", master, output(tmp_path)], check=True)
    before = observe(output(tmp_path))
    with pytest.raises(CollisionError):
        mirror_encode(job, tools)

    assert before == observe(output(tmp_path))


@pytest.mark.parametrize("place", ["file", "folder"])
def test_nothing_is_written_through_a_link(
    master: Path, tmp_path: Path, tools: Toolbox, place: str
) -> None:
    """X2, w52: a link in the output's place, or on the way to it, is refused."""
    job = mirror_job(tmp_path)
    outside = tmp_path / "outside"
    if place == "folder":
        outside.mkdir()
        output(tmp_path).parent.symlink_to(outside)
    else:
        outside.write_bytes(b"mine")
        output(tmp_path).parent.mkdir()
        output(tmp_path).symlink_to(outside)
    with pytest.raises(PacError, match="link"):
        mirror_encode(job, tools)

    assert [] == list(outside.iterdir()) if place == "folder" else b"mine" == outside.read_bytes()
