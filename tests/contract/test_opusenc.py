"""opusenc and the files it makes, on the real program and real audio."""

import subprocess
from pathlib import Path

import pytest

from pacd.domain.media import AudioFormat
from pacd.errors import ToolError
from pacd.files.opus import (
    length_matches,
    read_comments,
    read_opus,
)
from pacd.files.probe import read_track
from pacd.tools.flac import Flac
from pacd.tools.opusenc import Opusenc
from tests.audio import Art, dress, encode_pcm, png, write_flac
from tests.contract.sounds import decoded_samples, tones

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "ietf"
TIMEOUT_S = 120.0


@pytest.fixture
def opusenc() -> Opusenc:
    found = Opusenc.find()
    assert found is not None, "opusenc is not installed"
    return found


@pytest.fixture
def target(tmp_path: Path) -> Path:
    made = tmp_path / "out.opus"
    made.touch()
    return made


def encode(opusenc: Opusenc, source: Path, target: Path, *, bitrate_kbps: int = 64) -> AudioFormat:
    audio = read_track(source).audio
    with source.open("rb") as file:
        file.read(100)
        opusenc.encode(
            file,
            target,
            bitrate_kbps=bitrate_kbps,
            channels=audio.channels,
            timeout_s=TIMEOUT_S,
        )
    return audio


def encode_through_flac(opusenc: Opusenc, source: Path, target: Path, *, channels: int) -> None:
    decoder = (Flac.find().executable, "--decode", "--stdout", "--silent", "-")
    with source.open("rb") as file:
        opusenc.encode(
            file,
            target,
            bitrate_kbps=64,
            channels=channels,
            timeout_s=TIMEOUT_S,
            decoder=decoder,
        )


def test_the_name_tells_program_and_library(opusenc: Opusenc) -> None:
    """M2: outputs say which encoder made them."""
    said = subprocess.run(["opusenc", "--version"], capture_output=True, check=True, text=True)
    program, library = said.stdout.splitlines()[0].removeprefix("opusenc ").split(" (using ")

    assert f"opusenc from {program} ({library}" == opusenc.name


def test_it_is_none_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M2: a machine without opusenc is told so, not surprised."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert None is Opusenc.find()


@pytest.mark.parametrize(
    ("rate", "bits", "channels", "frames"),
    [
        (8_000, 16, 1, 8_001),
        (22_050, 16, 2, 22_051),
        (32_000, 16, 2, 16_001),
        (39_000, 16, 2, 39_001),
        (44_100, 8, 2, 44_101),
        (44_100, 24, 2, 44_103),
        (44_100, 32, 1, 22_051),
        (48_000, 16, 2, 48_007),
        (96_000, 24, 2, 48_001),
        (192_000, 24, 1, 96_001),
        (655_350, 16, 1, 65_535),
        (44_100, 16, 3, 22_051),
        (44_100, 16, 5, 11_025),
        (44_100, 16, 6, 11_026),
        (44_100, 16, 8, 11_027),
        (44_100, 16, 2, 1),
        (44_100, 16, 1, 2),
        (44_100, 16, 2, 312),
        (48_000, 16, 2, 1),
    ],
)
def test_outputs_are_as_long_as_their_masters(
    opusenc: Opusenc, target: Path, tmp_path: Path, rate: int, bits: int, channels: int, frames: int
) -> None:
    """M7: any rate, depth, channel count and length decodes to the same length by opusdec."""
    source = tones(tmp_path / "in.flac", frames, rate, bits, channels)
    audio = encode(opusenc, source, target, bitrate_kbps=128)
    made = read_opus(target)

    assert (frames, channels, True) == (audio.total_samples, made.channels, made.complete)
    assert -(-frames * 48_000 // rate) == made.samples == decoded_samples(target)
    assert length_matches(audio, made)


def test_silence_is_as_long_as_it_was(opusenc: Opusenc, target: Path, tmp_path: Path) -> None:
    """M7: digital silence keeps its length."""
    source = encode_pcm(tmp_path / "in.flac", bytes(4 * 44_100))
    encode(opusenc, source, target)

    assert 48_000 == read_opus(target).samples == decoded_samples(target)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository")
@pytest.mark.parametrize(
    "name",
    [
        "subset/14 - wasted bits.flac",
        "subset/20 - samplerate 39kHz.flac",
        "subset/22 - 12 bit per sample.flac",
        "subset/38 - 3 channels (3.0).flac",
        "subset/41 - 6 channels (5.1).flac",
        "uncommon/07 - 15 bit per sample.flac",
    ],
)
def test_odd_depths_and_layouts_of_others(opusenc: Opusenc, target: Path, name: str) -> None:
    """M7: odd bit depths and surround files that others made are encoded in full."""
    audio = encode(opusenc, CORPUS / name, target, bitrate_kbps=96)
    made = read_opus(target)

    assert (audio.channels, True) == (made.channels, length_matches(audio, made))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository")
def test_a_wrong_block_size_needs_the_decoder(opusenc: Opusenc, target: Path) -> None:
    """M7: opusenc 0.2 reads nothing of such a file and exits with 0; through flac it is whole."""
    source = CORPUS / "faulty" / "01 - wrong max blocksize.flac"
    audio = encode(opusenc, source, target)
    short = read_opus(target)
    encode_through_flac(opusenc, source, target, channels=audio.channels)

    assert (0, False) == (short.samples, length_matches(audio, short))
    assert length_matches(audio, read_opus(target))


def test_an_id3_tag_before_the_stream_needs_the_decoder(
    opusenc: Opusenc, target: Path, tmp_path: Path
) -> None:
    """F5, users 9: opusenc 0.2 refuses ID3v2 before FLAC; through flac it is whole."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    source.write_bytes(b"ID3\4\0\0\0\0\0\x0a0123456789" + source.read_bytes())
    with source.open("rb") as file, pytest.raises(ToolError, match="opusenc failed") as caught:
        opusenc.encode(file, target, bitrate_kbps=64, channels=2, timeout_s=TIMEOUT_S)
    encode_through_flac(opusenc, source, target, channels=2)

    assert "unsupported input file" in caught.value.words
    assert 24_000 == read_opus(target).samples


def test_tags_pictures_and_gain_stay_out(opusenc: Opusenc, target: Path, tmp_path: Path) -> None:
    """M6, users 8: the header gain stays 0 whatever ReplayGain says; PAC writes all tags itself."""
    source = write_flac(tmp_path / "in.flac", seconds=0.2)
    gains = {"REPLAYGAIN_ALBUM_GAIN": "-7.00 dB", "REPLAYGAIN_TRACK_GAIN": "-8.58 dB"}
    dress(source, {"TITLE": "x", **gains}, [Art(png())])
    encode(opusenc, source, target)

    assert 0 == read_opus(target).output_gain
    assert {"ENCODER", "ENCODER_OPTIONS"} == {key for key, _value in read_comments(target).pairs}


@pytest.mark.parametrize(
    ("bitrate_kbps", "channels"), [(6, 1), (6, 6), (64, 8), (96, 3), (3000, 1), (3000, 2)]
)
def test_any_bitrate_keeps_all_channels(
    opusenc: Opusenc, target: Path, tmp_path: Path, bitrate_kbps: int, channels: int
) -> None:
    """M7: a bitrate that opusenc refuses or mixes channels down for becomes the nearest one."""
    source = tones(tmp_path / "in.flac", 13_230, 44_100, 16, channels)
    encode(opusenc, source, target, bitrate_kbps=bitrate_kbps)

    assert channels == read_opus(target).channels


def test_a_full_disk_is_told_as_such(opusenc: Opusenc, tmp_path: Path) -> None:
    """w18: opusenc only says "write failed"; what the caller gets is ENOSPC."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)

    with source.open("rb") as file, pytest.raises(OSError, match="No space left"):
        opusenc.encode(file, Path("/dev/full"), bitrate_kbps=64, channels=2, timeout_s=TIMEOUT_S)
