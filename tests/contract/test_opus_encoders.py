"""What every encoder of Opus does alike, on the real programs and real audio."""

from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from pacd.errors import ToolError
from pacd.files.opus import length_matches, read_comments, read_opus
from pacd.files.probe import read_track
from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.flac import Flac
from pacd.tools.libopus import Libopus
from pacd.tools.opusenc import Opusenc
from pacd.tools.toolbox import OpusEncoder
from tests.audio import Art, dress, png, write_flac
from tests.contract.sounds import decoded_channels, decoded_samples, steady, tones

TIMEOUT_S = 120.0


def find_libopus() -> Libopus | None:
    return Libopus.of(Ffmpeg.find())


FINDERS: Final = MappingProxyType(
    {"opusenc": Opusenc.find, "ffmpeg with libopus": find_libopus},
)


@pytest.fixture(params=list(FINDERS))
def encoder(request: pytest.FixtureRequest) -> OpusEncoder:
    found: OpusEncoder | None = FINDERS[request.param]()
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    return found


@pytest.fixture
def libopus() -> Libopus:
    found = find_libopus()
    if found is None:
        pytest.skip("ffmpeg with libopus is not installed")
    return found


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "out.opus"
    made.touch()
    return made


def encode(encoder: OpusEncoder, source: Path, target: Path, *, bitrate_kbps: int = 128) -> None:
    """Encode what flac decodes."""
    with source.open("rb") as file:
        file.read(100)
        encoder.encode(
            file,
            target,
            bitrate_kbps=bitrate_kbps,
            channels=read_track(source).audio.channels,
            timeout_s=TIMEOUT_S,
            decoder=(Flac.find().executable, "--decode", "--stdout", "--silent", "-"),
        )


@pytest.mark.parametrize(
    ("rate", "bits", "channels", "frames"),
    [
        (8_000, 16, 1, 8_001),
        (22_050, 16, 2, 22_051),
        (44_100, 16, 1, 22_051),
        (44_100, 16, 2, 44_101),
        (44_100, 24, 2, 44_103),
        (48_000, 16, 1, 48_007),
        (48_000, 24, 2, 24_001),
        (96_000, 16, 2, 48_003),
        (96_000, 24, 1, 48_001),
        (44_100, 16, 6, 11_026),
        (48_000, 24, 6, 12_011),
        (96_000, 24, 6, 24_001),
        (44_100, 16, 3, 11_025),
        (44_100, 16, 4, 11_025),
        (44_100, 16, 5, 11_025),
        (44_100, 16, 7, 11_025),
        (44_100, 16, 8, 11_027),
        (44_100, 16, 2, 312),
        (48_000, 16, 2, 1),
    ],
)
def test_outputs_are_as_long_as_their_masters(
    encoder: OpusEncoder,
    target: Path,
    tmp_path: Path,
    rate: int,
    bits: int,
    channels: int,
    frames: int,
) -> None:
    """M7: any rate, depth, channel count and length decodes to the same length by opusdec."""
    source = tones(tmp_path / "in.flac", frames, rate, bits, channels)
    encode(encoder, source, target)
    made = read_opus(target)

    assert (channels, True) == (made.channels, made.complete)
    assert -(-frames * 48_000 // rate) == made.samples == decoded_samples(target)
    assert length_matches(read_track(source).audio, made)


@pytest.mark.parametrize("mask", ["", "0x003F", "0x060F"])
def test_surround_stays_in_its_place(
    encoder: OpusEncoder, target: Path, tmp_path: Path, mask: str
) -> None:
    """M7: each of six channels plays where it was, unmixed, whatever layout the tags state."""
    left, right, center, bass, back_left, back_right = 300, 500, 700, 60, 1_100, 1_300
    frequencies = (left, right, center, bass, back_left, back_right)
    source = steady(tmp_path / "in.flac", frequencies)
    if mask:
        dress(source, {"WAVEFORMATEXTENSIBLE_CHANNEL_MASK": mask}, ())
    encode(encoder, source, target, bitrate_kbps=512)

    # RFC 7845, section 5.1.1.2: Opus has them in the order of Vorbis.
    assert (left, center, right, back_left, back_right, bass) == decoded_channels(
        target, frequencies
    )


@pytest.mark.parametrize("damage", ["cut", "hole", "garbage"])
def test_damage_never_succeeds(
    encoder: OpusEncoder, target: Path, tmp_path: Path, damage: str
) -> None:
    """M12: what flac finds damaged is an error, though the encoder itself ends well."""
    source = write_flac(tmp_path / "in.flac", seconds=1.0)
    whole = source.read_bytes()
    middle = len(whole) // 2
    source.write_bytes(
        {
            "cut": whole[:-2000],
            "hole": whole[:middle] + bytes(64) + whole[middle + 64 :],
            "garbage": whole[: middle - 9000] + whole[middle:],
        }[damage]
    )

    with pytest.raises(ToolError, match="flac failed"):
        encode(encoder, source, target)


def test_tags_pictures_and_gain_stay_out(
    encoder: OpusEncoder, target: Path, tmp_path: Path
) -> None:
    """M6, users 8: the header gain stays 0 whatever ReplayGain says; PAC writes all tags itself."""
    source = write_flac(tmp_path / "in.flac", seconds=0.2)
    gains = {"REPLAYGAIN_ALBUM_GAIN": "-7.00 dB", "REPLAYGAIN_TRACK_GAIN": "-8.58 dB"}
    dress(source, {"TITLE": "x", **gains}, [Art(png())])
    encode(encoder, source, target)
    keys = {key.upper() for key, _value in read_comments(target).pairs}

    assert 0 == read_opus(target).output_gain
    assert set() == keys - {"ENCODER", "ENCODER_OPTIONS"}


@pytest.mark.parametrize(
    ("bitrate_kbps", "channels"), [(6, 1), (6, 6), (64, 8), (96, 3), (3000, 1), (3000, 2)]
)
def test_any_bitrate_keeps_all_channels(
    encoder: OpusEncoder, target: Path, tmp_path: Path, bitrate_kbps: int, channels: int
) -> None:
    """M7: a bitrate that an encoder refuses or mixes channels down for becomes the nearest one."""
    source = tones(tmp_path / "in.flac", 13_230, 44_100, 16, channels)
    encode(encoder, source, target, bitrate_kbps=bitrate_kbps)

    assert channels == read_opus(target).channels


def test_a_full_disk_is_told_as_such(encoder: OpusEncoder, tmp_path: Path) -> None:
    """w18: a disk that takes no more is ENOSPC, whatever the exit code."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)

    with pytest.raises(OSError, match="No space left"):
        encode(encoder, source, Path("/dev/full"))


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


def test_too_little_to_resample_is_seen(libopus: Libopus, target: Path, tmp_path: Path) -> None:
    """M7: of under a millisecond ffmpeg may make nothing and end well; the length check sees it."""
    encode(libopus, tones(tmp_path / "in.flac", 2, 44_100, 16, 2), target)
    made = read_opus(target)

    assert (0, False) == (made.samples, made.complete)


def test_ffmpeg_reads_nothing_unchecked(libopus: Libopus, target: Path, tmp_path: Path) -> None:
    """M12: ffmpeg does not look at FLAC's MD5, so it is never given FLAC itself."""
    source = write_flac(tmp_path / "in.flac", seconds=0.1)

    with source.open("rb") as file, pytest.raises(ToolError, match="needs a decoder"):
        libopus.encode(file, target, bitrate_kbps=64, channels=2, timeout_s=TIMEOUT_S, decoder=())
    assert 0 == target.stat().st_size
