"""Bringing masters to CD form, with the real flac and ffmpeg on a real disk."""

import os
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pacd.domain.media import AudioFormat
from pacd.domain.outcome import Failed
from pacd.domain.policy import HardLinks
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.files import recycle
from pacd.files.atomic import observe
from pacd.files.flac_blocks import read_layout
from pacd.files.flac_seek import seek_points_hold
from pacd.files.probe import read_track
from pacd.steps.registry import perform
from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.toolbox import Toolbox
from tests.audio import Art, png, stated_md5, write_flac
from tests.damage import (
    blocks_of,
    comments,
    id3_text,
    id3v1,
    id3v2,
    with_blocks,
    with_comments,
    with_md5,
    with_total,
)
from tests.integration.steps.masters import (
    LATER,
    examined,
    job_to_resample,
    resampled,
    scratch_files,
    snapshot,
    tools,
)
from tests.machine import small_disk

APPLICATION, CUESHEET, PICTURE, FUTURE = 2, 5, 6, 101
RATE = 96_000
CUE = """\
FILE "x.flac" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:00:17
    INDEX 01 00:00:40
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "library"
    made.mkdir()
    return made


@pytest.fixture
def master(folder: Path) -> Path:
    return hi_res(folder / "x.flac")


def hi_res(path: Path, **arguments: Any) -> Path:
    """A second at 96 kHz and 24 bits, or as is asked for."""
    shape = {"seconds": 1.0, "rate": RATE, "bits": 24, "tags": {"TITLE": "T"}}
    return write_flac(path, **{**shape, **arguments})


def refused(master: Path, toolbox: Toolbox | None = None, **policy: Any) -> Failed:
    """Try to resample a master; all must be as it was, the bin included."""
    job = job_to_resample(master, **policy)
    before = snapshot(master.parent)
    outcome = perform(job, toolbox or tools())
    assert isinstance(outcome, Failed), outcome
    assert before == snapshot(master.parent)
    bin_ = master.parent / recycle.BIN
    assert not bin_.exists() or [] == list(bin_.iterdir())
    return outcome


def test_what_it_becomes(master: Path) -> None:
    """F6: 16 bits, 44.1 kHz, one encode at the target level; what is told is what is there."""
    before = master.read_bytes()
    md5 = stated_md5(master)

    result = resampled(master)

    assert AudioFormat(44_100, 16, 2, 44_100) == result.track.audio == read_track(master).audio
    assert stated_md5(master) == result.track.audio_md5 == result.check.audio_md5 != md5
    assert observe(master) == result.observation
    assert (len(before), master.stat().st_size) == (result.before_bytes, result.after_bytes)
    assert [] == scratch_files(master)
    assert "level=8" in result.track.compression
    again = examined(master)
    assert Integrity.INTACT == again.check.integrity
    assert replace(again.check, tested_at=LATER, words="") == result.check
    lies = recycle.place_of(master.parent, result.recycled)
    assert before == lies.read_bytes()
    assert (md5, result.track.audio_md5) == (result.recycled.audio_md5, result.recycled.made_md5)
    assert [(result.recycled, True)] == list(recycle.contents(master.parent))
    assert "resampled, it was 96 kHz, 24 bit" == result.recycled.reason


def test_the_same_master_gives_the_same_audio(folder: Path) -> None:
    """P4: a second try after a crash makes nothing new."""
    made = {resampled(hi_res(folder / f"{n}.flac")).track.audio_md5 for n in range(2)}

    assert 1 == len(made)


def test_all_metadata_is_kept(master: Path) -> None:
    """F6, F3: pictures, application blocks and unknown ones byte for byte; all text tags."""
    art = [Art(png(), 3), Art(png(seed=1), 4, description="bäck")]
    write_flac(master, seconds=1, rate=RATE, bits=24, pictures=art)
    data = with_comments(
        master.read_bytes(),
        b"TITLE=T",
        b"artist=A",
        b"ARTIST=B",
        b"noequals",
        b"LYRICS=a\nb",
        b"X=\xff",
    )
    master.write_bytes(with_blocks(data, (APPLICATION, b"riffRIFF\0"), (FUTURE, b"unknown")))
    before = master.read_bytes()

    result = resampled(master)

    after = master.read_bytes()
    for kind in (PICTURE, APPLICATION, FUTURE):
        assert blocks_of(before, kind)
        assert blocks_of(before, kind) == blocks_of(after, kind)
    assert comments(before) == [each for each in comments(after) if b"COMPRESSION" not in each]
    assert "dropped" not in result.details


@pytest.mark.parametrize(
    ("shape", "gone", "stays"),
    [
        pytest.param({}, True, False, id="another rate"),
        pytest.param({"rate": 44_100}, False, True, id="only the depth"),
        pytest.param({"rate": 44_100, "bits": 16, "channels": 6}, True, False, id="mixed down"),
    ],
)
def test_loudness_tags_go_where_they_hold_no_longer(
    folder: Path, shape: dict[str, Any], gone: bool, stays: bool
) -> None:
    """F6: ReplayGain, R128 and peaks were measured of other samples; rounding alone keeps them."""
    loud = {
        "REPLAYGAIN_TRACK_GAIN": "-7.03 dB",
        "replaygain_album_peak": "0.98",
        "R128_TRACK_GAIN": "256",
    }
    master = hi_res(folder / "x.flac", tags={"TITLE": "T", **loud}, **shape)

    result = resampled(master)

    left = [each for each in comments(master.read_bytes()) if b"AIN" in each.upper()]
    assert (gone, stays) == (not left, len(left) == len(loud))
    assert gone == any("REPLAYGAIN_TRACK_GAIN=-7.03 dB" in each for each in _dropped(result))


def _dropped(result: Any) -> list[str]:
    return list(result.details.get("dropped", []))


def test_loudness_tags_go_where_the_level_was_lowered(folder: Path) -> None:
    """F6: a gain, however small, makes them wrong."""
    loud = struct.pack("<i", (1 << 23) - 1)[:3] + struct.pack("<i", -(1 << 22))[:3]
    from tests.audio import dress, encode_pcm  # for this test alone

    master = encode_pcm(folder / "x.flac", loud * 5_000, bits=24, channels=1)
    dress(master, {"REPLAYGAIN_TRACK_GAIN": "-7.03 dB"}, [])

    result = resampled(master)

    assert -0.01 == result.gain_db
    assert ["REPLAYGAIN_TRACK_GAIN=-7.03 dB"] == _dropped(result)


def test_the_channel_mask_goes_with_the_channels(folder: Path) -> None:
    """F6: a mask of six speakers is no stereo file's; of a stereo file it stays."""
    mask = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"
    six = hi_res(folder / "6.flac", channels=6, tags={mask: "0x060F"})
    two = hi_res(folder / "2.flac", tags={mask: "0x0003"})

    resampled(six)
    resampled(two)

    assert not any(mask.encode() in each for each in comments(six.read_bytes()))
    assert f"{mask}=0x0003".encode() in comments(two.read_bytes())


def _moments(block: bytes) -> list[int]:
    """All offsets of a cuesheet from the start (RFC 9639, section 8.7), read independently."""
    position, found = 396, []
    for _ in range(block[395]):
        (start,) = struct.unpack_from(">Q", block, position)
        points = block[position + 35]
        found.append(start)
        found += [
            start + struct.unpack_from(">Q", block, position + 36 + 12 * point)[0]
            for point in range(points)
        ]
        position += 36 + 12 * points
    assert position == len(block)
    return found


def test_a_cuesheet_means_the_same_moments(master: Path) -> None:
    """F6: its offsets count samples: they are scaled, and flac takes the file for sound."""
    cue = master.with_name("cue")
    cue.write_text(CUE)
    subprocess.run(["metaflac", f"--import-cuesheet-from={cue}", master], check=True)
    cue.unlink()
    before = _moments(blocks_of(master.read_bytes(), CUESHEET)[0])

    resampled(master)

    after = _moments(blocks_of(master.read_bytes(), CUESHEET)[0])
    assert [round(each * 44_100 / RATE) for each in before] == after
    told = subprocess.run(
        ["metaflac", "--export-cuesheet-to=-", master], capture_output=True, check=True
    ).stdout
    assert f"INDEX 00 {17 * 588}\n    INDEX 01 {40 * 588}".encode() in told
    assert b"lead-out 255 44100" in told


def test_a_damaged_cuesheet_is_left_out_and_named(master: Path) -> None:
    """F6: what cannot be scaled would lie."""
    master.write_bytes(with_blocks(master.read_bytes(), (CUESHEET, b"x" * 500)))

    result = resampled(master)

    assert [] == blocks_of(master.read_bytes(), CUESHEET)
    assert ["a damaged cuesheet, which cannot be brought to the new rate"] == _dropped(result)


def test_the_seek_table_is_made_anew(folder: Path) -> None:
    """F3, F6: where there was one; each point leads to the frame that has its sample."""
    master, plain = hi_res(folder / "x.flac", seconds=3), hi_res(folder / "y.flac")
    subprocess.run(["metaflac", "--remove", "--block-type=SEEKTABLE", plain], check=True)
    subprocess.run(["metaflac", "--add-seekpoint=9x", master], check=True)

    resampled(master)
    resampled(plain)

    with master.open("rb") as file:
        layout = read_layout(file)
        assert blocks_of(master.read_bytes(), 3)
        assert seek_points_hold(file, layout)
    assert [] == blocks_of(plain.read_bytes(), 3)


def test_nothing_of_the_file_is_lost(master: Path) -> None:
    """F3: mode, attributes and modification time of the new one; the old one as it was."""
    master.chmod(0o640)
    os.setxattr(master, "user.origin", b"a shop")
    os.utime(master, ns=(1, 1_500_000_000_123_456_789))
    before = observe(master)

    result = resampled(master)

    after = master.stat()
    assert (0o100640, 1_500_000_000_123_456_789) == (after.st_mode, after.st_mtime_ns)
    assert b"a shop" == os.getxattr(master, "user.origin")
    assert before.content == observe(recycle.place_of(master.parent, result.recycled)).content


def test_other_names_of_a_master(master: Path) -> None:
    """F3: left alone, or separated where wished: then the others and the bin stay one file."""
    os.link(master, master.with_name("other"))
    before = master.read_bytes()

    assert FailureKind.SOURCE_CHANGED == refused(master).kind
    result = resampled(master, hardlinks=HardLinks.BREAK)

    assert before == master.with_name("other").read_bytes()
    assert recycle.place_of(master.parent, result.recycled).samefile(master.with_name("other"))
    assert 1 == master.stat().st_nlink


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: with_md5(data, bytes(16)), id="no-md5"),
        pytest.param(lambda data: with_total(data, 0), id="unknown-length"),
        pytest.param(lambda data: with_total(data, 40_000), id="wrong-length"),
        pytest.param(lambda data: id3v2(id3_text(b"TPE2", "B")) + data + id3v1(b"T"), id="id3"),
        pytest.param(lambda data: data + b"junk" * 9, id="trailing-bytes"),
    ],
)
def test_odd_masters_come_out_clean(master: Path, spoil: Callable[[bytes], bytes]) -> None:
    """F5, F6: whole, however odd their headers were."""
    good = resampled(hi_res(master.with_name("good.flac"))).track.audio_md5
    master.write_bytes(spoil(master.read_bytes()))

    result = resampled(master)

    assert frozenset() == result.track.quirks
    assert 44_100 == result.track.audio.total_samples
    assert good == result.track.audio_md5  # by the MD5 of the audio alone


@pytest.mark.parametrize("bits", [20, 12, 8])
def test_odd_depths(folder: Path, bits: int) -> None:
    """F5, F6: flac gives them as WAV; what is below 16 bits gets 16 by being resampled."""
    master = hi_res(folder / "x.flac", bits=bits)

    assert 16 == resampled(master).track.audio.bits_per_sample


def test_32_bits_at_1_mhz(folder: Path) -> None:
    """F6: whatever FLAC can hold."""
    master = hi_res(folder / "x.flac", rate=655_350, bits=32, seconds=0.2)

    assert AudioFormat(44_100, 16, 2, 8_820) == resampled(master).track.audio


def test_depth_and_channels_take_no_ffmpeg(folder: Path) -> None:
    """F6: only another rate does; without it the failure is told, and nothing is lost."""
    without = Toolbox(tools().flac)
    deep = hi_res(folder / "deep.flac", rate=44_100, channels=6)

    outcome = perform(job_to_resample(deep), without)

    assert not isinstance(outcome, Failed), outcome
    other = folder.parent / "other"
    other.mkdir()
    assert "apt install ffmpeg" in refused(hi_res(other / "fast.flac"), without).message


def with_ffmpeg(folder: Path, script: str) -> Toolbox:
    """The real programs, but a shell script in ffmpeg's place, which may call it as "$FFMPEG"."""
    real = tools().ffmpeg
    assert real
    program = folder.parent / "ffmpeg-with-accidents"
    program.write_text(f'#!/bin/sh\nFFMPEG="{real.executable}"\n{script}\n')
    program.chmod(0o755)
    return replace(tools(), ffmpeg=Ffmpeg(program, real.version, real.encoders, soxr=True))


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param("exit 1", FailureKind.TOOL_FAILED, id="fails at once"),
        pytest.param('"$FFMPEG" "$@"; exit 1', FailureKind.TOOL_FAILED, id="fails at the end"),
        pytest.param("kill -SEGV $$", FailureKind.TOOL_CRASHED, id="crashes"),
        pytest.param(
            '"$FFMPEG" "$@" | head -c 300000', FailureKind.TOOL_FAILED, id="gives too little"
        ),
        pytest.param("cat > /dev/null", FailureKind.VERIFY_FAILED, id="gives nothing"),
    ],
)
def test_a_resampler_that_errs(master: Path, script: str, kind: FailureKind) -> None:
    """F6, D3: whatever it does, the master stays, and nothing lies in the bin."""
    found = refused(master, with_ffmpeg(master.parent, script)).kind

    assert found in {kind, FailureKind.VERIFY_FAILED}  # by which is seen first


def test_a_second_pass_that_differs(master: Path) -> None:
    """F6: what was measured is what must be written."""
    marker = master.parent.parent / "second"
    again = '{ "$FFMPEG" "$@" | head -c 300000; exit 0; }'
    script = f'[ -e {marker} ] && {again}; touch {marker}; "$FFMPEG" "$@"'

    assert refused(master, with_ffmpeg(master.parent, script)).kind in {
        FailureKind.VERIFY_FAILED,
        FailureKind.TOOL_FAILED,
    }


def test_an_encoder_that_fails(master: Path) -> None:
    """F6, D3: a flac that leaves early ends the rest; nothing hangs."""
    program = master.parent.parent / "flac-with-accidents"
    real = tools().flac
    accident = 'case "$*" in *--verify*) head -c 1000 > /dev/null; exit 1;; esac'
    program.write_text(f'#!/bin/sh\n{accident}\nexec {real.executable} "$@"\n')
    program.chmod(0o755)
    toolbox = replace(tools(), flac=replace(real, executable=program))

    assert FailureKind.TOOL_FAILED == refused(master, toolbox).kind


def test_a_master_that_is_damaged_by_now(master: Path) -> None:
    """P3: flac finds it while decoding; it is not laundered."""
    job = job_to_resample(master)
    data = with_md5(master.read_bytes(), b"x" * 16)
    master.write_bytes(data)
    seen = replace(job.facts, observation=observe(master))

    outcome = perform(replace(job, facts=seen), tools())

    assert isinstance(outcome, Failed)
    assert FailureKind.TOOL_FAILED == outcome.kind
    assert data == master.read_bytes()


def test_a_master_that_changed_is_left_alone(master: Path) -> None:
    """F3: the decision was made for other bytes."""
    job = job_to_resample(master)
    os.utime(master)
    before = master.read_bytes()

    outcome = perform(job, tools())

    assert isinstance(outcome, Failed)
    assert FailureKind.SOURCE_CHANGED == outcome.kind
    assert before == master.read_bytes()


def test_a_full_disk(tmp_path: Path) -> None:
    """w18: no room for the new one: the old one stays, and the bin is empty."""
    with small_disk(tmp_path / "small") as disk:
        library = disk / "library"
        library.mkdir()
        master = hi_res(library / "x.flac", seconds=1.1, flags=["--no-padding"])
        filler = disk / "filler"
        free = os.statvfs(disk)
        filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - 60_000)))

        assert FailureKind.NO_SPACE == refused(master).kind
