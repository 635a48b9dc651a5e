"""What every encoder of Opus does besides what all encoders do (test_encoders)."""

from pathlib import Path

import pytest

from pacd.errors import ToolError
from pacd.files.opus import read_comments, read_opus
from pacd.tools.libopus import Libopus
from pacd.tools.toolbox import OpusEncoder
from tests.audio import Art, dress, png, write_flac
from tests.contract.encoders import encode_opus, find_libopus
from tests.contract.sounds import decoded_channels, steady, tones


@pytest.fixture
def libopus() -> Libopus:
    found = find_libopus()
    if found is None:
        pytest.skip("ffmpeg with libopus is not installed")
    return found


@pytest.mark.parametrize("mask", ["", "0x003F", "0x060F"])
def test_surround_stays_in_its_place(
    opus: OpusEncoder, ogg: Path, tmp_path: Path, mask: str
) -> None:
    """M7: each of six channels plays where it was, unmixed, whatever layout the tags state."""
    left, right, center, bass, back_left, back_right = 300, 500, 700, 60, 1_100, 1_300
    frequencies = (left, right, center, bass, back_left, back_right)
    source = steady(tmp_path / "in.flac", frequencies)
    if mask:
        dress(source, {"WAVEFORMATEXTENSIBLE_CHANNEL_MASK": mask}, ())
    encode_opus(opus, source, ogg, bitrate_kbps=512)

    # RFC 7845, section 5.1.1.2: Opus has them in the order of Vorbis.
    assert (left, center, right, back_left, back_right, bass) == decoded_channels(ogg, frequencies)


def test_tags_pictures_and_gain_stay_out(opus: OpusEncoder, ogg: Path, tmp_path: Path) -> None:
    """M6, users 8: the header gain stays 0 whatever ReplayGain says; PAC writes all tags itself."""
    source = write_flac(tmp_path / "in.flac", seconds=0.2)
    gains = {"REPLAYGAIN_ALBUM_GAIN": "-7.00 dB", "REPLAYGAIN_TRACK_GAIN": "-8.58 dB"}
    dress(source, {"TITLE": "x", **gains}, [Art(png())])
    encode_opus(opus, source, ogg)
    keys = {key.upper() for key, _value in read_comments(ogg).pairs}

    assert 0 == read_opus(ogg).output_gain
    assert set() == keys - {"ENCODER", "ENCODER_OPTIONS"}


@pytest.mark.parametrize(
    ("bitrate_kbps", "channels"), [(6, 1), (6, 6), (64, 8), (96, 3), (3000, 1), (3000, 2)]
)
def test_any_bitrate_keeps_all_channels(
    opus: OpusEncoder, ogg: Path, tmp_path: Path, bitrate_kbps: int, channels: int
) -> None:
    """M7: a bitrate that an encoder refuses or mixes channels down for becomes the nearest one."""
    source = tones(tmp_path / "in.flac", 13_230, 44_100, 16, channels)
    encode_opus(opus, source, ogg, bitrate_kbps=bitrate_kbps)

    assert channels == read_opus(ogg).channels


def test_the_name_tells_ffmpeg_and_its_version(libopus: Libopus) -> None:
    """M2: outputs say which encoder made them."""
    assert f"libopus in ffmpeg {libopus.ffmpeg.version}" == libopus.name
    assert libopus.ffmpeg.version


@pytest.mark.parametrize(
    ("program", "found"),
    [
        (None, None),
        ("exit 1", None),
        ("echo ffmpeg version 5.1.9-0+deb12u1 Copyright; echo ' A..... aac AAC'", None),
        (
            "echo ffmpeg version 5.1.9-0+deb12u1 Copyright; echo ' A..... libopus libopus Opus'",
            "5.1.9",
        ),
        (
            "echo ffmpeg version N-109 Copyright; echo ' A....D libopus libopus Opus'",
            "N-109",
        ),
    ],
)
def test_it_is_none_without_libopus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, found: str | None
) -> None:
    """M2: an ffmpeg that is missing, broken or without libopus is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if program:
        place = tmp_path / "ffmpeg"
        place.write_text(f"#!/bin/sh\n{program}\n")
        place.chmod(0o755)
    libopus = find_libopus()

    assert found == (libopus.ffmpeg.version if libopus else None)


def test_too_little_to_resample_is_seen(libopus: Libopus, ogg: Path, tmp_path: Path) -> None:
    """M7: of under a millisecond ffmpeg may make nothing and end well; the length check sees it."""
    encode_opus(libopus, tones(tmp_path / "in.flac", 2, 44_100, 16, 2), ogg)
    made = read_opus(ogg)

    assert (0, False) == (made.samples, made.complete)


def test_ffmpeg_reads_nothing_unchecked(libopus: Libopus, ogg: Path, tmp_path: Path) -> None:
    """M12: ffmpeg does not look at FLAC's MD5, so it is never given FLAC itself."""
    source = write_flac(tmp_path / "in.flac", seconds=0.1)

    with source.open("rb") as file, pytest.raises(ToolError, match="needs a decoder"):
        libopus.encode(file, ogg, bitrate_kbps=64, channels=2, timeout_s=60.0, decoder=())
    assert 0 == ogg.stat().st_size
