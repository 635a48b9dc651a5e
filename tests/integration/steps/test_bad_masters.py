"""Bad and odd files as masters: each has one stated outcome."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pacd.domain.media import Quirk
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.steps.registry import perform
from tests.audio import Art, dress, encode_pcm, pcm, png, stated_md5, wav, write_flac
from tests.damage import (
    apev2,
    blocks_of,
    comment_block,
    comments,
    flipped,
    id3_text,
    id3v1,
    id3v2,
    joined,
    split,
    with_blocks,
    with_comments,
    with_md5,
    with_total,
)
from tests.integration.steps.masters import (
    examined,
    job_to_recompress,
    job_to_test,
    recompressed,
    refused,
    tools,
)
from tests.machine import as_nobody, shared_folder

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "ietf"
PICTURE = 6

Change = Callable[[bytes], bytes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "library"
    made.mkdir()
    return made


@pytest.fixture
def master(folder: Path) -> Path:
    return write_flac(folder / "x.flac", seconds=0.5, level=2, tags={"TITLE": "T"})


def hole(data: bytes) -> bytes:
    return data[:20_000] + bytes(10_000) + data[30_000:]


MP3 = id3v2(id3_text(b"TIT2", "T")) + b"\xff\xfb\x90\x64" + bytes(1_000)


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        pytest.param(lambda _: b"", "not-flac", "it is empty", id="zero-bytes"),
        pytest.param(lambda d: bytes(len(d)), "not-flac", "zero bytes", id="all-zero"),
        pytest.param(lambda _: wav(pcm(0.5)), "not-flac", "a WAV file", id="wav"),
        pytest.param(lambda _: MP3, "not-flac", "an MP3 file", id="mp3"),
        pytest.param(lambda d: d[86:], "not-flac", "does not start", id="head-is-gone"),
        pytest.param(
            lambda d: b"fLaC" + bytes(len(d)), "corrupt", "within its header", id="zeroed"
        ),
        pytest.param(lambda d: flipped(d, len(d) // 2), "corrupt", "damaged", id="bit-flip"),
        pytest.param(hole, "corrupt", "damaged", id="hole"),
        pytest.param(lambda d: with_md5(d, b"x" * 16), "corrupt", "MD5", id="wrong-md5"),
        pytest.param(lambda d: with_total(d, 50_000), "corrupt", "less audio", id="too-long"),
        pytest.param(lambda d: d + b"?" * 9_000, "corrupt", "damaged or cut", id="much-junk"),
        pytest.param(lambda d: d[:-1] + id3v1(), "corrupt", "last frame", id="cut-and-tagged"),
    ],
)
def test_held(master: Path, change: Change, verdict: str, words: str) -> None:
    """F1, H1: what is no FLAC or damaged is told in a clause that helps, and left alone."""
    master.write_bytes(change(master.read_bytes()))
    before = master.read_bytes()

    found = examined(master)

    assert verdict == found.check.integrity
    assert words in found.check.message
    assert "" == found.check.audio_md5
    assert before == master.read_bytes()


@pytest.mark.parametrize("kept", [1, 3, 4, 7, 8, 20, 41, 42, 43, 60, 86, 100, 5_000, 40_000, -1])
def test_truncated(master: Path, kept: int) -> None:
    """F1: a copy that broke off is never taken for whole, wherever it broke off."""
    master.write_bytes(master.read_bytes()[:kept])

    found = examined(master)

    assert not found.check.integrity.sound
    assert found.check.message


def tagged(data: bytes) -> bytes:
    return id3v2(id3_text(b"TALB", "Album"), (b"APIC", b"\0image/png\0\3\0" + png())) + data


def streaminfo_last(data: bytes) -> bytes:
    blocks, frames = split(data)
    return joined(blocks[::-1], frames)


def two_comment_blocks(data: bytes) -> bytes:
    return with_blocks(data, (4, comment_block(b"TITLE=T", b"ARTIST=A", b"title=U")))


UNKNOWN = Quirk.UNKNOWN_LENGTH


@pytest.mark.parametrize(
    ("change", "quirks", "entries"),
    [
        pytest.param(tagged, {Quirk.ID3V2}, [b"ALBUM=Album"], id="id3v2"),
        pytest.param(lambda d: d + id3v1(b"T"), {Quirk.ID3V1}, [], id="id3v1"),
        pytest.param(
            lambda d: tagged(d) + id3v1(), {Quirk.ID3V2, Quirk.ID3V1}, [b"ALBUM=Album"], id="both"
        ),
        pytest.param(
            lambda d: d + apev2((b"Year", b"1999")),
            {Quirk.TRAILING_BYTES},
            [b"DATE=1999"],
            id="ape",
        ),
        pytest.param(lambda d: d + bytes(5_000), {Quirk.TRAILING_BYTES}, [], id="zeros-behind"),
        pytest.param(streaminfo_last, {Quirk.STREAMINFO_NOT_FIRST}, [], id="streaminfo-last"),
        pytest.param(
            two_comment_blocks,
            {Quirk.TWO_COMMENT_BLOCKS},
            [b"ARTIST=A", b"title=U"],
            id="two-comment-blocks",
        ),
        pytest.param(lambda d: with_total(d, 0), {UNKNOWN}, [], id="unknown-length"),
        pytest.param(lambda d: with_total(d, 9), {Quirk.WRONG_LENGTH}, [], id="wrong-length"),
        pytest.param(lambda d: with_md5(d, bytes(16)), set(), [], id="unset-md5"),
        pytest.param(lambda d: with_md5(with_total(d, 0), bytes(16)), {UNKNOWN}, [], id="neither"),
        pytest.param(
            lambda d: tagged(streaminfo_last(two_comment_blocks(with_total(d, 0)))) + id3v1(),
            set(Quirk) - {Quirk.WRONG_LENGTH, Quirk.TRAILING_BYTES},
            [b"ARTIST=A", b"title=U", b"ALBUM=Album"],
            id="all-at-once",
        ),
    ],
)
@pytest.mark.parametrize("level", [2, 8])
def test_cleaned(
    folder: Path, change: Change, quirks: set[Quirk], entries: list[bytes], level: int
) -> None:
    """F5: what is odd about a sound master is put right; audio and tags are all there."""
    master = write_flac(folder / "x.flac", seconds=0.5, level=level, tags={"TITLE": "T"})
    md5 = stated_md5(master)
    master.write_bytes(change(master.read_bytes()))
    found = examined(master)
    assert found.check.integrity.sound
    assert found.track is not None
    assert quirks == found.track.quirks

    result = recompressed(master)

    assert md5 == stated_md5(master)
    assert sorted(quirk.words for quirk in quirks) == sorted(result.details.get("cleaned", []))
    assert [b"TITLE=T", *entries] == comments(master.read_bytes())[:-1]
    pictures = blocks_of(master.read_bytes(), PICTURE)
    assert (Quirk.ID3V2 in quirks) == (len(pictures) == 1)


SHAPES = [
    (8, 2, 8_000),
    (12, 2, 44_100),
    (15, 1, 32_000),
    (16, 1, 44_100),
    (16, 2, 35_467),
    (16, 8, 22_050),
    (20, 2, 48_000),
    (24, 2, 96_000),
    (24, 6, 48_000),
    (32, 1, 192_000),
]


@pytest.mark.parametrize(("bits", "channels", "rate"), SHAPES)
@pytest.mark.parametrize("stated", [True, False])
def test_any_shape(folder: Path, bits: int, channels: int, rate: int, *, stated: bool) -> None:
    """F3: every depth, rate and number of channels comes out as it went in, stated or not."""
    master = folder / "x.flac"
    encode_pcm(
        master,
        pcm(0.1, rate=rate, bits=bits, channels=channels),
        rate=rate,
        bits=bits,
        channels=channels,
        level=0,
    )
    md5 = stated_md5(master)
    if not stated:
        master.write_bytes(with_md5(with_total(master.read_bytes(), 0), bytes(16)))

    result = recompressed(master)

    audio = result.track.audio
    assert (rate, bits, channels) == (
        audio.sample_rate_hz,
        audio.bits_per_sample,
        audio.channels,
    )
    assert round(0.1 * rate) == audio.total_samples
    assert md5 == stated_md5(master)


@pytest.mark.parametrize("samples", [1, 15, 16, 17])
def test_hardly_any_audio(folder: Path, samples: int) -> None:
    """F3: a master of one sample is a master."""
    master = encode_pcm(folder / "x.flac", pcm(1)[: 4 * samples], level=0)

    assert samples == recompressed(master).track.audio.total_samples


def test_no_audio_at_all(folder: Path) -> None:
    """F1: a FLAC file without a single frame is a failed rip, and held."""
    master = encode_pcm(folder / "x.flac", b"")

    found = examined(master)

    assert Integrity.CORRUPT == found.check.integrity
    assert "holds no audio" in found.check.message


def test_block_sizes_of_others(folder: Path) -> None:
    """F5: streams outside the subset are encoded as any other."""
    master = write_flac(folder / "x.flac", flags=["--blocksize=65535"])

    recompressed(master)


NAMES = [
    "a\nb\x1b[31m.flac",
    "\u66f2" * 83 + ".flac",
    " .flac",
    "-.flac",
    "--help.flac",
    "a'\".flac",
    "MD5 signature mismatch.flac",
    os.fsdecode(b"\xff\xfe\xf6.flac"),
]


@pytest.mark.parametrize("name", NAMES)
def test_odd_names(folder: Path, name: str) -> None:
    """X2: no name, not even one that is no text, keeps a master from being maintained."""
    master = write_flac(folder / "x.flac", seconds=0.2, level=0).rename(folder / name)

    recompressed(master)

    assert [name] == [each.name for each in folder.iterdir()]
    master.write_bytes(flipped(master.read_bytes(), 8_500))
    assert Integrity.CORRUPT == examined(master).check.integrity


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling", "link", "device", "socket"])
def test_no_file_at_all(folder: Path, master: Path, kind: str) -> None:
    """X2: only regular files are opened: nothing hangs on a pipe or leaves through a link."""
    work = job_to_test(master)
    moved = master.rename(folder / "moved")
    if kind == "fifo":
        os.mkfifo(master)
    elif kind == "folder":
        master.mkdir()
    elif kind == "device":
        if os.geteuid() != 0:
            pytest.skip("only root may make devices")
        os.mknod(master, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    elif kind == "socket":
        os.mknod(master, stat.S_IFSOCK | 0o666)
    else:
        master.symlink_to(moved if kind == "link" else "nowhere")

    assert FailureKind.NOT_REGULAR == refused(work).kind


def test_unreadable() -> None:
    """H1: a master that this user may not read is told as a matter of permission."""
    with shared_folder() as folder:
        master = write_flac(folder / "x.flac", seconds=0.1)
        master.chmod(0o600)
        work = job_to_test(master)
        tools()

        kind = as_nobody(lambda: getattr(perform(work, tools()), "kind", None))

    assert FailureKind.PERMISSION == kind


def test_unwritable_folder() -> None:
    """H1: so is one whose folder may not be written to, and it stays as it is."""
    with shared_folder() as folder:
        master = write_flac(folder / "x.flac", seconds=0.1, level=0)
        master.chmod(0o644)
        folder.chmod(0o755)
        before = master.read_bytes()
        work = job_to_recompress(master)

        kind = as_nobody(lambda: getattr(perform(work, tools()), "kind", None))

        assert before == master.read_bytes()
    assert FailureKind.PERMISSION == kind


def test_hostile_tags(master: Path) -> None:
    """X2: tags with paths, NUL, escapes or megabytes of text are carried and do nothing."""
    odd = [b"ALBUM=../../etc", b"ARTIST=a\0b", b"TITLE=\x1b[2J", b"DATE=" + b"9" * 1_000_000]
    master.write_bytes(with_comments(master.read_bytes(), *odd))

    result = recompressed(master)

    assert odd == comments(master.read_bytes())[:-1]
    assert 1_000 == len(result.track.tags.first("DATE"))


def test_pictures_of_all_kinds(master: Path) -> None:
    """F3: a picture block that holds no picture is carried like one that does."""
    dress(master, {}, [Art(png())])
    master.write_bytes(with_blocks(master.read_bytes(), (PICTURE, b"nonsense"), (PICTURE, b"")))
    before = blocks_of(master.read_bytes(), PICTURE)

    result = recompressed(master)

    assert before == blocks_of(master.read_bytes(), PICTURE)
    assert 1 == len(result.track.pictures)


# What facts/tools.md measured of the files others made; everything else is maintained.
HELD = {
    "faulty/03": ("corrupt", "rate, depth or channels"),
    "faulty/04": ("corrupt", "rate, depth or channels"),
    "faulty/06": ("corrupt", "no STREAMINFO"),
    "faulty/11": ("corrupt", "cut off within its header"),
    "uncommon/01": ("corrupt", "changes midway"),
    "uncommon/02": ("corrupt", "changes midway"),
    "uncommon/03": ("corrupt", "changes midway"),
    "uncommon/04": ("corrupt", "changes midway"),
    "uncommon/10": ("not-flac", "lost its header"),
    "uncommon/11": ("not-flac", "lost its header"),
}


def others() -> list[Path]:
    return sorted(CORPUS.glob("*/*.flac"))


def number(path: Path) -> str:
    return f"{path.parent.name}/{path.name[:2]}"


@pytest.mark.skipif(not others(), reason="the IETF test files are not beside the repository")
@pytest.mark.parametrize("source", others(), ids=number)
def test_files_of_others(folder: Path, source: Path) -> None:
    """F5: every IETF test file is maintained with its audio proven equal, or held with a reason."""
    master = folder / source.name
    master.write_bytes(source.read_bytes())
    verdict, words = HELD.get(number(source), ("intact", ""))

    found = examined(master)

    assert (verdict, True) == (found.check.integrity, words in found.check.message)
    if found.check.integrity.sound:
        md5 = stated_md5(master)
        result = recompressed(master)
        assert md5 == stated_md5(master)
        assert result.after_bytes <= result.before_bytes
    else:
        assert source.read_bytes() == master.read_bytes()
