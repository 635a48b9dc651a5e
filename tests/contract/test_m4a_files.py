"""Reading and tagging M4A files, judged by ffmpeg and mutagen."""

import shutil
import struct
import subprocess
from array import array
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import mutagen.mp4
import pytest

from pacd.domain.media import AudioFormat
from pacd.errors import VerifyError
from pacd.files.m4a import (
    m4a_audio_digest,
    m4a_length_matches,
    read_freeform,
    read_m4a,
    write_atoms,
)
from pacd.files.m4a_tags import SMPB
from pacd.files.m4a_values import AtomValues
from pacd.files.stream import Stream
from tests.audio import decoded, write_flac
from tests.contract.encoding import pcm_of
from tests.contract.sounds import tones

pytestmark = pytest.mark.skipif(shutil.which("fdkaac") is None, reason="fdkaac is not installed")

MD5 = "----:org.pac:src_md5"
ONLY = frozenset({MD5})
READERS: tuple[Callable[[Path], object], ...] = (
    read_m4a,
    m4a_audio_digest,
    lambda path: read_freeform(path, ONLY),
)


def encoded(source: Path, target: Path, *options: str) -> Path:
    """What fdkaac makes of a FLAC file."""
    wav = subprocess.run(["flac", "-dcs", source], capture_output=True, check=True).stdout
    command: list[str | Path] = ["fdkaac", "-S", "-m", "4", "-I", *options, "-o", target, "-"]
    subprocess.run(command, input=wav, check=True)
    return target


@pytest.fixture(params=["moov first", "moov last"])
def target(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Half a second of audio as fdkaac leaves it."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    first = ["--moov-before-mdat"] if request.param == "moov first" else []
    return encoded(source, tmp_path / "out.m4a", "-G", "2", *first)


def freeform_of(path: Path) -> dict[str, list[bytes]]:
    """Freeform atoms as mutagen reads them."""
    opened: Any = mutagen.mp4.MP4(path)
    return {key: [*map(bytes, opened.tags[key])] for key in opened.tags if key.startswith("----")}


@pytest.mark.parametrize(
    ("frames", "rate", "bits", "channels"),
    [
        (1, 44_100, 16, 2),
        (1_023, 44_100, 16, 1),
        (1_024, 48_000, 16, 2),
        (1_025, 8_000, 16, 2),
        (44_101, 44_100, 16, 2),
        (9_600, 96_000, 24, 2),
        (11_025, 44_100, 16, 6),
    ],
)
def test_the_length_is_the_masters(
    tmp_path: Path, frames: int, rate: int, bits: int, channels: int
) -> None:
    """M7: to the sample, as headers say and as ffmpeg plays from the first sample on."""
    source = tones(tmp_path / "in.flac", frames, rate, bits, channels)
    made = encoded(source, tmp_path / "out.m4a", "-G", "2")
    played = len(pcm_of(made)) // (2 * channels)

    assert Stream(rate, channels, frames, complete=True) == read_m4a(made)
    assert m4a_length_matches(AudioFormat(rate, bits, channels, frames), read_m4a(made))
    assert frames == int(freeform_of(made)[SMPB][0].split()[3], 16)
    # ffmpeg 5.1 plays the last frame whole: 1024 samples of AAC LC.
    assert frames <= played < frames + 1_024


def test_what_is_played_is_the_master(tmp_path: Path) -> None:
    """M7: nothing is put before the first sample; a shift by one would be heard."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5, channels=1)
    made = encoded(source, tmp_path / "out.m4a", "-G", "2")
    wanted, heard = array("h", decoded(source)), array("h", pcm_of(made))

    def off(shift: int) -> float:
        pairs = zip(wanted[1_024:20_000], heard[1_024 + shift :], strict=False)
        return sum((one - other) ** 2 for one, other in pairs)

    assert 0 == min(range(-8, 9), key=off)


@pytest.mark.parametrize(
    ("source", "made", "matches"),
    [
        ((44_100, 44_100), (44_100, 44_100), True),
        ((44_100, 44_100), (44_100, 44_101), False),
        ((192_000, 192_001), (96_000, 96_001), True),
        ((192_000, 192_000), (96_000, 96_097), False),
        ((44_100, 0), (44_100, 5), True),
    ],
)
def test_lengths_that_match(source: tuple[int, int], made: tuple[int, int], matches: bool) -> None:
    """M7: exact, or within a millisecond where resampled; an unknown length contradicts none."""
    audio = AudioFormat(source[0], 24, 2, source[1])

    assert matches == m4a_length_matches(audio, Stream(made[0], 2, made[1], complete=True))


@pytest.mark.parametrize("kept", [0, 7, 20, 40, 60, 700, 1_100, 1_300, 5_000, -1, -100])
def test_a_file_that_breaks_off_is_not_complete(target: Path, kept: int) -> None:
    """M12: an output cut anywhere is seen to be cut, or to be no M4A file."""
    target.write_bytes(target.read_bytes()[:kept])
    try:
        made = read_m4a(target)
    except VerifyError:
        return

    assert (False, 0) == (made.complete, made.samples)
    with pytest.raises(VerifyError):
        m4a_audio_digest(target)


def test_a_cut_output_still_says_whose_it_is(tmp_path: Path) -> None:
    """M4, M12: what is left of an output is known for PAC's: tags stand before the audio."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    made = encoded(source, tmp_path / "out.m4a", "-G", "2", "--moov-before-mdat")
    write_atoms(made, {MD5: ("x",)})
    made.write_bytes(made.read_bytes()[:-1_000])

    assert {MD5: "x"} == read_freeform(made, ONLY)
    assert not read_m4a(made).complete


def test_bytes_behind_the_end_are_seen(target: Path) -> None:
    """M7: what no box accounts for makes a file incomplete, or none at all."""
    with target.open("ab") as file:
        file.write(struct.pack(">I4s", 1_000, b"free"))

    assert not read_m4a(target).complete


def test_tags_of_any_size_leave_the_audio_alone(target: Path) -> None:
    """M6, M7: 10 MB of text in and out again; frames, gapless note and playback stay."""
    audio, heard, note = m4a_audio_digest(target), pcm_of(target), freeform_of(target)[SMPB]
    text = "ü" * 5_000_000
    atoms: dict[str, AtomValues] = {
        MD5: ("x",),
        "\xa9lyr": (text,),
        "trkn": ((3, 12),),
        "cpil": True,
        "\xa9mvi": (2,),
    }
    write_atoms(target, atoms)
    opened: Any = mutagen.mp4.MP4(target)

    assert {MD5: "x"} == read_freeform(target, ONLY)
    assert ([text], [(3, 12)], True) == tuple(opened[key] for key in ("\xa9lyr", "trkn", "cpil"))
    assert (audio, heard) == (m4a_audio_digest(target), pcm_of(target))
    assert (note, 22_050) == (freeform_of(target)[SMPB], read_m4a(target).samples)
    write_atoms(target, {})
    assert (audio, heard, {SMPB: note}) == (
        m4a_audio_digest(target),
        pcm_of(target),
        freeform_of(target),
    )
    assert opened["\xa9too"] == mutagen.mp4.MP4(target)["\xa9too"]


def test_a_retag_leaves_what_a_fresh_output_has(target: Path) -> None:
    """P4: the bytes of an output do not tell of the tags it had before."""
    other = target.with_name("other.m4a")
    shutil.copy(target, other)
    write_atoms(target, {"\xa9lyr": ("x" * 100_000,), "\xa9nam": ("a",)})
    for each in (target, other):
        write_atoms(each, {"\xa9nam": ("b",), MD5: ("y",)})

    assert other.read_bytes() == target.read_bytes()


def test_the_gapless_note_is_written_where_there_is_an_edit_list_alone(tmp_path: Path) -> None:
    """M7: what ffmpeg leaves out is what fdkaac would have written."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    both = encoded(source, tmp_path / "both.m4a", "-G", "2")
    edits = encoded(source, tmp_path / "edits.m4a", "-G", "1")
    assert SMPB not in freeform_of(edits)
    audio = m4a_audio_digest(edits)
    write_atoms(edits, {"\xa9nam": ("x",)})

    assert freeform_of(both)[SMPB] == freeform_of(edits)[SMPB]
    assert (audio, read_m4a(both)) == (m4a_audio_digest(edits), read_m4a(edits))


def test_a_file_with_the_gapless_note_alone_has_its_length(tmp_path: Path) -> None:
    """M7: iTunSMPB counts where there is no edit list."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)

    assert 22_050 == read_m4a(encoded(source, tmp_path / "out.m4a", "-G", "0")).samples


def test_a_file_of_another_program(tmp_path: Path) -> None:
    """M7, M6: ffmpeg writes no gapless note and no place for tags; both are made."""
    source = write_flac(tmp_path / "in.flac", seconds=0.5)
    made = tmp_path / "out.m4a"
    form = ["-movie_timescale", "44100", "-fflags", "+bitexact", "-f", "ipod"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *form, made], check=True)
    write_atoms(made, {MD5: ("x",)})

    assert Stream(44_100, 2, 22_050, complete=True) == read_m4a(made)
    assert {MD5: "x"} == read_freeform(made, ONLY)
    assert 22_050 == int(freeform_of(made)[SMPB][0].split()[3], 16)


@pytest.mark.parametrize("where", [b"stts", b"elst", b"stsz", b"mvhd", b"iTunSMPB", b"mdat"])
def test_changed_audio_has_another_digest(target: Path, where: bytes) -> None:
    """M5: a retag that lost or changed a frame, or its time, would be seen."""
    audio = m4a_audio_digest(target)
    data = bytearray(target.read_bytes())
    data[data.index(where) + 60 if where == b"iTunSMPB" else data.index(where) + 19] ^= 1
    target.write_bytes(data)
    try:
        found = m4a_audio_digest(target)
    except VerifyError:
        return

    assert audio != found


def test_a_note_that_contradicts_the_edit_list(target: Path) -> None:
    """M7: players would play different lengths; such an output is made again."""
    data = target.read_bytes()
    stated = f"{22_050:016X}".encode()
    assert 1 == data.count(stated)
    target.write_bytes(data.replace(stated, f"{22_051:016X}".encode()))

    assert Stream(44_100, 2, 0, complete=False) == read_m4a(target)


def test_lies_end_as_a_sentence(target: Path) -> None:
    """X2: whatever number stands in a header, the answer is a value or a sentence, at once."""
    write_atoms(target, {MD5: ("x",), "\xa9nam": ("t",)})
    whole = target.read_bytes()
    start = whole.index(b"moov") - 4
    end = start + int.from_bytes(whole[start : start + 4])
    for at in range(start, min(end, start + 1_600), 2):
        for lie in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
            data = bytearray(whole)
            struct.pack_into(">I", data, at, lie)
            target.write_bytes(data)
            for read in READERS:
                with suppress(VerifyError):
                    read(target)


def test_hostile_files_are_not_given_to_mutagen(target: Path) -> None:
    """X2: boxes without end within boxes, and lengths that lead out, end as a sentence."""
    whole = target.read_bytes()
    for nested in (2_000, 100_000):
        bomb = b"".join(struct.pack(">I4s", 8 * (nested - at), b"udta") for at in range(nested))
        target.write_bytes(whole + struct.pack(">I4s", 8 + len(bomb), b"moof") + bomb)
        with pytest.raises(VerifyError):
            write_atoms(target, {})
    target.write_bytes(whole + struct.pack(">I4s", 8, b"free") * 70_000)
    for read in READERS:
        with pytest.raises(VerifyError, match="boxes in a row"):
            read(target)
    with pytest.raises(VerifyError, match="boxes in a row"):
        write_atoms(target, {})


def test_tables_that_mutagen_trips_over(target: Path) -> None:
    """X2: offsets that only mutagen looks at, too short to be any, end as a sentence."""
    stray = struct.pack(">I4s", 16, b"moof") + struct.pack(">I4s", 8, b"tfhd")
    target.write_bytes(target.read_bytes() + stray)
    with pytest.raises(VerifyError, match="broken tables"):
        write_atoms(target, {"\xa9nam": ("t" * 5_000,)})


def test_broken_tags_are_no_obstacle(target: Path) -> None:
    """M5, X2: what nobody can parse is replaced like any other tag; audio and length stay."""
    write_atoms(target, {MD5: ("x",), "trkn": ((3, 12),), "\xa9nam": ("t",)})
    audio, note = m4a_audio_digest(target), freeform_of(target)[SMPB]
    data = bytearray(target.read_bytes())
    for atom in (b"trkn", b"\xa9nam"):
        at = data.index(atom) + 4
        data[at : at + 8] = b"\xff" * 8
    target.write_bytes(data)
    write_atoms(target, {MD5: ("y",)})
    opened: Any = mutagen.mp4.MP4(target)

    assert {MD5: "y"} == read_freeform(target, ONLY)
    assert {MD5, SMPB, "\xa9too"} == {*opened.tags}
    assert (audio, note) == (m4a_audio_digest(target), freeform_of(target)[SMPB])


@pytest.mark.parametrize("data", [b"", b"not audio", b"\0" * 4096, b"OggS" + bytes(60)])
def test_what_is_no_m4a_file(tmp_path: Path, data: bytes) -> None:
    """M9: whatever bears the name, it is an answer."""
    path = tmp_path / "x.m4a"
    path.write_bytes(data)
    for read in READERS:
        with pytest.raises(VerifyError):
            read(path)
