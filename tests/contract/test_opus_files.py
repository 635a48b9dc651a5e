"""Reading and patching Opus files, judged by opusdec and opusinfo."""

import struct
import subprocess
from pathlib import Path

import pytest

from pacd.errors import VerifyError
from pacd.files.opus import (
    audio_digest,
    read_comments,
    read_opus,
    set_output_gain,
    write_comments,
)
from tests.audio import write_flac


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Half a second of audio as opusenc leaves it."""
    made = tmp_path / "out.opus"
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    subprocess.run(["opusenc", "--quiet", source, made], check=True)
    return made


def decoded_samples(opus: Path) -> int:
    """Length at 48 kHz as opusdec plays it."""
    played = opus.with_suffix(".raw")
    subprocess.run(["opusdec", "--quiet", "--rate", "48000", opus, played], check=True)
    return played.stat().st_size // (2 * read_opus(opus).channels)


@pytest.mark.parametrize("kept", [0, 20, 40, 60, 1_000, -1, -100])
def test_a_file_that_breaks_off_is_not_complete(target: Path, kept: int) -> None:
    """M12: an output cut anywhere is seen to be cut, or to be no Opus file."""
    target.write_bytes(target.read_bytes()[:kept])
    try:
        made = read_opus(target)
    except VerifyError:
        return

    assert (False, 0) == (made.complete, made.samples)


def test_bytes_behind_the_end_are_seen(target: Path) -> None:
    """M7: the last page has to end the file; page marks inside audio deceive nobody."""
    with target.open("ab") as file:
        file.write(b"OggS" * 10_000)

    assert not read_opus(target).complete


def test_tags_of_any_size_leave_the_audio_alone(target: Path) -> None:
    """M6: 10 MB of text in and out again; audio packets, length and playability stay."""
    audio = audio_digest(target)
    pairs = (("PAC_SRC_MD5", "x"), ("LYRICS", "ü" * 5_000_000), ("ARTIST", "B"), ("ARTIST", "A"))
    write_comments(target, pairs)

    assert pairs == read_comments(target).pairs
    assert (("PAC_SRC_MD5", "x"),) == read_comments(target, only=frozenset({"PAC_SRC_MD5"})).pairs
    assert (audio, 24_000) == (audio_digest(target), decoded_samples(target))
    write_comments(target, ())
    assert (audio, ()) == (audio_digest(target), read_comments(target).pairs)


def test_changed_audio_has_another_digest(target: Path) -> None:
    """M5: a retag that lost or changed a packet would be seen."""
    audio = audio_digest(target)
    data = bytearray(target.read_bytes())
    data[-10] ^= 1
    target.write_bytes(data)
    flipped = audio_digest(target)
    target.write_bytes(data[:-10])

    assert flipped != audio
    with pytest.raises(VerifyError, match="no whole Ogg page"):
        audio_digest(target)


@pytest.mark.parametrize("gain", [-3328, 0, 32767, -32768])
def test_the_output_gain_is_what_players_read(target: Path, gain: int) -> None:
    """M6, users 8: the patched header is valid to opusinfo, checksum and all."""
    set_output_gain(target, gain)
    said = subprocess.run(["opusinfo", target], capture_output=True, check=True, text=True)

    assert gain == read_opus(target).output_gain
    assert f"Playback gain: {gain / 256:g} dB" in said.stdout
    assert "WARNING" not in said.stdout + said.stderr
    assert 24_000 == decoded_samples(target)


def test_hostile_comments_end_as_a_sentence(target: Path) -> None:
    """X2: lengths that lead beyond the packet are broken comments, not memory or a hang."""
    whole = target.read_bytes()
    at = whole.index(b"OpusTags") + 8
    for offset in (0, 4 + struct.unpack_from("<I", whole, at)[0]):
        for lie in (0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF):
            data = bytearray(whole)
            struct.pack_into("<I", data, at + offset, lie)
            target.write_bytes(data)
            with pytest.raises(VerifyError, match="broken comments"):
                read_comments(target)
