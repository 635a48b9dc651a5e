"""What only opusenc does: it reads FLAC itself, and what it does not read of it."""

import subprocess
from pathlib import Path

import pytest

from pacd.errors import ToolError
from pacd.files.opus import length_matches, read_opus
from pacd.files.probe import read_track
from pacd.tools.opusenc import Opusenc
from tests.audio import write_flac
from tests.contract.encoders import encode_opus
from tests.contract.encoding import DECODER
from tests.contract.sounds import decoded_samples, tones
from tests.machine import full_disk

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "ietf"


@pytest.fixture
def opusenc() -> Opusenc:
    found = Opusenc.find()
    assert found is not None, "opusenc is not installed"
    return found


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
        (44_100, 16, 2, 44_101),
        (192_000, 24, 1, 96_001),
        (655_350, 16, 1, 65_535),
        (44_100, 32, 1, 22_051),
        (44_100, 16, 6, 11_026),
        (44_100, 16, 2, 1),
        (44_100, 16, 1, 2),
    ],
)
def test_flac_is_read_as_it_is(
    opusenc: Opusenc, ogg: Path, tmp_path: Path, rate: int, bits: int, channels: int, frames: int
) -> None:
    """M7: without a decoder, too, any rate, depth and length decodes to the same by opusdec."""
    source = tones(tmp_path / "in.flac", frames, rate, bits, channels)
    encode_opus(opusenc, source, ogg, decoder=())
    made = read_opus(ogg)

    assert (channels, True) == (made.channels, made.complete)
    assert -(-frames * 48_000 // rate) == made.samples == decoded_samples(ogg)
    assert length_matches(read_track(source).audio, made)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository")
def test_a_wrong_block_size_needs_the_decoder(opusenc: Opusenc, ogg: Path) -> None:
    """M7: opusenc 0.2 reads nothing of such a file and exits with 0; through flac it is whole."""
    source = CORPUS / "faulty" / "01 - wrong max blocksize.flac"
    audio = read_track(source).audio
    encode_opus(opusenc, source, ogg, decoder=())
    short = read_opus(ogg)
    encode_opus(opusenc, source, ogg)

    assert (0, False) == (short.samples, length_matches(audio, short))
    assert length_matches(audio, read_opus(ogg))


def test_an_id3_tag_before_the_stream_needs_the_decoder(
    opusenc: Opusenc, ogg: Path, tmp_path: Path
) -> None:
    """F5, users 9: opusenc 0.2 refuses ID3v2 before FLAC; through flac it is whole."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    source.write_bytes(b"ID3\4\0\0\0\0\0\x0a0123456789" + source.read_bytes())
    with source.open("rb") as file, pytest.raises(ToolError, match="opusenc failed") as caught:
        opusenc.encode(file, ogg, bitrate_kbps=64, channels=2, timeout_s=60.0)
    with source.open("rb") as file:
        opusenc.encode(file, ogg, bitrate_kbps=64, channels=2, timeout_s=60.0, decoder=DECODER)

    assert "unsupported input file" in caught.value.words
    assert 24_000 == read_opus(ogg).samples


def test_a_full_disk_is_told_as_such(opusenc: Opusenc, tmp_path: Path) -> None:
    """w18: alone opusenc only says "write failed"; what the caller gets is ENOSPC."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)

    with full_disk(tmp_path / "disk") as target, pytest.raises(OSError, match="No space left"):
        encode_opus(opusenc, source, target, decoder=())
