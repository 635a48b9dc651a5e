"""What every encoder does, of Opus and of AAC alike, on the real programs and real audio."""

from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.media import AudioFormat, Tags
from pacd.domain.policy import OpusGain
from pacd.errors import ToolError, ToolTimeoutError
from pacd.files.containers import Dress
from pacd.files.flac_fields import EmbeddedPicture
from pacd.files.probe import read_track
from pacd.files.tags import PacTags
from tests.audio import Art, dress, encode_pcm, png, write_flac
from tests.contract.encoders import Maker
from tests.contract.encoding import DECODER, pcm_of
from tests.contract.sounds import tones
from tests.machine import full_disk

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "ietf"
PAC = PacTags(
    "0123456789abcdef" * 2, "an encoder", "a quality", PurePosixPath("a/b.flac"), "t", "v"
)


def assert_whole(maker: Maker, source: Path, made: Path) -> None:
    """All that tells a length tells that of the master, and so does what another decodes."""
    audio: AudioFormat = read_track(source).audio
    stream = maker.container.read_stream(made)
    rate_hz, channels, samples = maker.becomes(audio)
    slack = maker.slack if rate_hz != audio.sample_rate_hz else 0

    assert (rate_hz, channels, True) == (stream.rate_hz, stream.channels, stream.complete)
    assert abs(samples - stream.samples) <= slack
    assert stream.samples == maker.heard(made)
    assert maker.container.length_matches(audio, stream)


@pytest.mark.parametrize(
    ("rate", "bits", "channels", "frames"),
    [
        (8_000, 16, 1, 8_001),
        (32_000, 16, 2, 16_001),
        (39_000, 16, 2, 39_001),
        (44_100, 8, 1, 22_051),
        (44_100, 16, 2, 44_101),
        (44_100, 24, 2, 44_103),
        (44_100, 32, 2, 5_001),
        (48_000, 24, 2, 24_001),
        (96_000, 24, 2, 48_001),
        (176_400, 24, 2, 17_641),
        (192_000, 32, 2, 19_201),
        (44_100, 16, 5, 11_025),
        (44_100, 16, 6, 11_026),
        (48_000, 24, 6, 12_011),
        (96_000, 24, 6, 24_001),
        (44_100, 16, 8, 11_027),
        (44_100, 16, 2, 312),
        (48_000, 16, 2, 1),
        (48_000, 24, 1, 2),
    ],
)
def test_outputs_are_as_long_as_their_masters(
    maker: Maker, made: Path, tmp_path: Path, rate: int, bits: int, channels: int, frames: int
) -> None:
    """M7: any rate, depth, channel count and length is told and decoded, to the sample."""
    source = tones(tmp_path / "in.flac", frames, rate, bits, channels)
    maker.encode(source, made)

    assert_whole(maker, source, made)


def test_silence_is_as_long_as_it_was(maker: Maker, made: Path, tmp_path: Path) -> None:
    """M7: digital silence keeps its length."""
    source = encode_pcm(tmp_path / "in.flac", bytes(4 * 44_100))
    maker.encode(source, made)

    assert_whole(maker, source, made)


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
def test_odd_depths_and_layouts_of_others(maker: Maker, made: Path, name: str) -> None:
    """M7: odd bit depths and surround files that others made are encoded in full."""
    maker.encode(CORPUS / name, made)

    assert_whole(maker, CORPUS / name, made)


def test_nothing_of_the_masters_tags_comes_along(maker: Maker, made: Path, tmp_path: Path) -> None:
    """M6: the output bears nothing of the master's: PAC writes all tags itself."""
    plain, dressed = tmp_path / "plain.flac", tmp_path / "dressed.flac"
    for source in (plain, dressed):
        write_flac(source, seconds=0.2)
    dress(dressed, {"TITLE": "a telling title", "REPLAYGAIN_TRACK_GAIN": "-8.58 dB"}, [Art(png())])
    maker.encode(dressed, made)
    bare = made.with_stem("bare")
    bare.touch()
    maker.encode(plain, bare)

    assert b"a telling title" not in made.read_bytes()
    assert png() not in made.read_bytes()
    assert pcm_of(bare) == pcm_of(made)  # an M4A file tells the second that it was made in


def test_tags_survive_and_leave_audio_and_length(maker: Maker, made: Path, tmp_path: Path) -> None:
    """M3, M6, M7: what PAC writes is read again; the audio stays as the encoder made it."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    maker.encode(source, made)
    container, digest = maker.container, maker.container.audio_digest(made)
    tags = Tags((("TITLE", "x"), ("ARTIST", "B"), ("ARTIST", "A"), ("LYRICS", "la\n" * 4000)))
    cover = EmbeddedPicture(type=3, mime="image/png", description="", data=png())
    for pac in (PAC, PacTags(*reversed_pac())):
        lost = container.dress(made, Dress(pac, tags, [cover], OpusGain.R128))

        assert (pac, ()) == (container.read_pac_tags(made), lost)
        assert digest == container.audio_digest(made)
        assert_whole(maker, source, made)


def reversed_pac() -> tuple[str, str, str, PurePosixPath, str, str]:
    """Other values of other lengths: what stands behind the tags has to move."""
    return ("f" * 32, "e", "q" * 400, PurePosixPath("c/" * 300, "d.flac"), "t" * 32, "w" * 90)


@pytest.mark.parametrize("rate", [44_100, 192_000])
@pytest.mark.parametrize("damage", ["cut", "hole", "garbage"])
def test_damage_never_succeeds(
    maker: Maker, made: Path, tmp_path: Path, damage: str, rate: int
) -> None:
    """M12: what flac finds damaged is an error, though the encoder itself ends well."""
    source = tones(tmp_path / "in.flac", rate, rate, 16, 2)
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
        maker.encode(source, made, decoder=DECODER)


def test_a_full_disk_is_told_as_such(maker: Maker, tmp_path: Path) -> None:
    """w18: a disk that takes no more is ENOSPC, whatever the exit code."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)

    with full_disk(tmp_path / "disk") as target, pytest.raises(OSError, match="No space left"):
        maker.encode(source, target)


def test_an_encode_that_takes_too_long_is_ended(maker: Maker, made: Path, tmp_path: Path) -> None:
    """w26: a decoder that hangs does not keep the encoder, which would not stop when asked to."""
    source = write_flac(tmp_path / "in.flac", seconds=0.1)

    with pytest.raises(ToolTimeoutError):
        maker.encode(source, made, timeout_s=0.5, decoder=("sleep", "600"))
