"""What flac does with good and bad files, on the real program."""

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pacd.domain.media import AudioFormat
from pacd.errors import PreflightError, ToolError
from pacd.files.probe import read_track
from pacd.tools import process
from pacd.tools.flac import Flac
from pacd.tools.samples import RAW_DEPTHS
from tests.audio import decoded, encode_pcm, pcm, stated_md5, wav, write_flac
from tests.damage import (
    comment_block,
    flipped,
    id3v1,
    id3v2,
    joined,
    split,
    with_blocks,
    with_md5,
    with_total,
)

LONG_S = 60.0
RATE = 44_100
SAMPLES = 22_050


@pytest.fixture(scope="module")
def flac() -> Flac:
    return Flac.find()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a second, 16 bits, stereo, and no padding."""
    path = tmp_path_factory.mktemp("flac") / "good.flac"
    return write_flac(path, seconds=0.5, flags=["--no-padding"]).read_bytes()


@contextmanager
def opened(path: Path, data: bytes | None = None) -> Iterator[int]:
    if data is not None:
        path.write_bytes(data)
    with path.open("rb", buffering=0) as file:
        yield file.fileno()


def test_tells_its_version(flac: Flac) -> None:
    """F1: program and version are recorded with every verdict."""
    said = subprocess.run(["flac", "--version"], capture_output=True, check=True).stdout

    assert said.decode().strip() == flac.name


def test_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: without flac the way to get it is told."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PreflightError, match="apt install flac"):
        Flac.find()


def test_something_else_is_called_flac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: a program that is no flac, or does not work, is not taken for one."""
    program = tmp_path / "flac"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for script in ("echo hello", "echo broken >&2; exit 1"):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

        with pytest.raises(PreflightError, match="flac"):
            Flac.find()


def test_sound_file(flac: Flac, tmp_path: Path, good: bytes) -> None:
    """F1: a good file passes, and flac has nothing to say."""
    with opened(tmp_path / "x", good) as file:
        verdict = flac.test(file, timeout_s=LONG_S)

    assert verdict.sound
    assert "" == verdict.words


def other_shape(data: bytes) -> bytes:
    """State 24 bits instead of 16."""
    packed = int.from_bytes(data[18:26]) & ~(0x1F << 36) | 23 << 36
    return data[:18] + packed.to_bytes(8) + data[26:]


@pytest.mark.parametrize(
    ("damage", "clause"),
    [
        pytest.param(lambda d: d[:20], "header is damaged or cut off", id="cut-in-header"),
        pytest.param(lambda d: with_total(d, SAMPLES + 1), "less audio", id="too-few-samples"),
        pytest.param(lambda d: flipped(d, len(d) // 2), "checksum", id="one-bit"),
        pytest.param(
            lambda d: d[:20_000] + bytes(9_000) + d[29_000:], "damaged or missing", id="hole"
        ),
        pytest.param(lambda d: with_md5(d, b"x" * 16), "MD5 in its header", id="wrong-md5"),
        pytest.param(other_shape, "rate, depth or channels", id="wrong-depth"),
        pytest.param(lambda d: d + id3v1(), "cut off at the end", id="id3v1-not-cut-off"),
    ],
)
def test_damage_is_told_apart(
    flac: Flac, tmp_path: Path, good: bytes, damage: object, clause: str
) -> None:
    """F1: each kind of damage is damage, not a failure of the tool, and told in words."""
    assert callable(damage)
    with opened(tmp_path / "x", damage(good)) as file:
        verdict = flac.test(file, timeout_s=LONG_S)

    assert not verdict.sound
    assert clause in verdict.damage
    assert verdict.words


@pytest.mark.parametrize("size", [*range(4, 100, 7), 3_000, 30_000, 50_000, -40, -2, -1])
def test_any_cut_is_damage(flac: Flac, tmp_path: Path, good: bytes, size: int) -> None:
    """F1: a copy that broke off is a verdict, wherever it broke off."""
    with opened(tmp_path / "x", good[:size]) as file:
        verdict = flac.test(file, timeout_s=LONG_S)

    assert not verdict.sound


def test_a_failure_is_no_verdict(good: bytes, tmp_path: Path) -> None:
    """F1: a tool that fails without a word of the audio is a tool failure."""
    with opened(tmp_path / "x", good) as file, pytest.raises(ToolError, match="false failed"):
        Flac(Path("/bin/false"), "0").test(file, timeout_s=LONG_S)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("bits", [7, 8, 12, 15, 16, 20, 24, 32])
def test_measures_any_shape(flac: Flac, tmp_path: Path, bits: int, channels: int) -> None:
    """F2: the MD5 computed from a decode is the one FLAC defines, for every depth."""
    raw = pcm(0.1, bits=bits, channels=channels)
    encode_pcm(tmp_path / "x.flac", raw, bits=bits, channels=channels)
    audio = AudioFormat(RATE, bits, channels, 4_410)

    with opened(tmp_path / "x.flac") as file:
        measured = flac.measure(file, audio, samples=4_410, timeout_s=LONG_S)

    assert measured.verdict.sound
    assert hashlib.md5(raw, usedforsecurity=False).hexdigest() == measured.audio_md5
    assert 4_410 == measured.samples
    assert stated_md5(tmp_path / "x.flac") == measured.audio_md5


@pytest.mark.parametrize("bits", [7, 16])
def test_measures_without_a_length(flac: Flac, tmp_path: Path, bits: int) -> None:
    """F2: neither MD5 nor length stated: both come from the decode, a pad byte is no sample."""
    raw = pcm(0.1, rate=44_110, bits=bits, channels=1)
    path = encode_pcm(tmp_path / "x.flac", raw, rate=44_110, bits=bits, channels=1)
    data = with_md5(with_total(path.read_bytes(), 0), bytes(16))
    audio = AudioFormat(44_110, bits, 1, 0)

    with opened(path, data) as file:
        measured = flac.measure(file, audio, samples=4_411, timeout_s=LONG_S)

    assert measured.verdict.sound
    assert hashlib.md5(raw, usedforsecurity=False).hexdigest() == measured.audio_md5
    assert 4_411 == measured.samples


def test_measuring_sees_damage(flac: Flac, tmp_path: Path, good: bytes) -> None:
    """F2: a file without MD5 whose frames are damaged is damaged."""
    data = flipped(with_md5(good, bytes(16)), len(good) // 2)
    with opened(tmp_path / "x", data) as file:
        measured = flac.measure(file, AudioFormat(RATE, 16, 2, 0), samples=0, timeout_s=LONG_S)

    assert "checksum" in measured.verdict.damage


def test_raw_depths(tmp_path: Path) -> None:
    """F5: flac decodes to raw samples only what RAW_DEPTHS names (facts: 1.4.2)."""
    works = set()
    for bits in range(4, 33):
        path = encode_pcm(tmp_path / "x.flac", pcm(0.01, bits=bits), bits=bits)
        form = ["--force-raw-format", "--endian=little", "--sign=signed"]
        command = ["flac", "-dcs", *form, str(path)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            works.add(bits)

    assert set(RAW_DEPTHS) == works


def encode(flac: Flac, source: int, target: Path, *, seek_table: bool = False) -> None:
    flac.encode(source, target, level=8, seek_table=seek_table, timeout_s=LONG_S)


def test_encodes(flac: Flac, tmp_path: Path, good: bytes) -> None:
    """F3: an encode holds the same audio, takes less room, and adds no seek table."""
    target = tmp_path / "out"
    target.touch()
    inode = target.stat().st_ino

    with opened(tmp_path / "in", good) as file:
        encode(flac, file, target)

    assert decoded(tmp_path / "in") == decoded(target)
    assert stated_md5(tmp_path / "in") == stated_md5(target)
    blocks, frames = split(target.read_bytes())
    assert len(frames) < len(split(good)[1])
    assert [0, 4, 1] == [kind for kind, _data in blocks]
    assert inode == target.stat().st_ino


def test_encodes_behind_an_id3v2_tag(flac: Flac, tmp_path: Path, good: bytes) -> None:
    """F5: flac refuses FLAC behind an ID3v2 tag, but not when it starts reading behind it."""
    tag = id3v2((b"TIT2", b"\0x"))
    (tmp_path / "in").write_bytes(tag + good)
    with (tmp_path / "in").open("rb", buffering=0) as file:
        with pytest.raises(ToolError) as caught:
            encode(flac, file.fileno(), tmp_path / "out")
        file.seek(len(tag))
        encode(flac, file.fileno(), tmp_path / "out")

    assert "has an ID3v2 tag" in caught.value.words
    assert decoded(tmp_path / "out") == pcm(0.5)


def streaminfo_last(data: bytes) -> bytes:
    blocks, frames = split(data)
    return joined(blocks[::-1], frames)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda d: with_total(d, 0), "unknown total samples", id="unknown-length"),
        pytest.param(streaminfo_last, "", id="streaminfo-not-first"),
        pytest.param(
            lambda d: with_blocks(d, (4, comment_block(b"A=1"))), "", id="two-comment-blocks"
        ),
    ],
)
def test_what_flac_refuses_goes_by_way_of_samples(
    flac: Flac, tmp_path: Path, good: bytes, change: object, words: str
) -> None:
    """F5: files that flac does not re-encode are encoded through a pipe, audio unchanged."""
    assert callable(change)
    with opened(tmp_path / "in", change(good)) as file, pytest.raises(ToolError) as caught:
        encode(flac, file, tmp_path / "out")
    assert words in caught.value.words

    with opened(tmp_path / "in") as file:
        by_samples(flac, file, tmp_path / "out", AudioFormat(RATE, 16, 2, SAMPLES))

    assert decoded(tmp_path / "out") == pcm(0.5)


def by_samples(flac: Flac, source: int, target: Path, audio: AudioFormat) -> None:
    flac.encode_decoded(
        source,
        target,
        audio,
        samples=audio.total_samples,
        level=8,
        seek_table=True,
        timeout_s=LONG_S,
    )


def test_flac_cuts_short_what_is_longer_than_stated(
    flac: Flac, tmp_path: Path, good: bytes
) -> None:
    """F5: flac loses audio behind a wrong length without a word; the pipe does not."""
    with opened(tmp_path / "in", with_total(good, 10_000)) as file:
        assert flac.test(file, timeout_s=LONG_S).sound
    with opened(tmp_path / "in") as file:
        encode(flac, file, tmp_path / "short")
    with opened(tmp_path / "in") as file:
        audio = AudioFormat(RATE, 16, 2, 10_000)
        flac.encode_decoded(
            file,
            tmp_path / "whole",
            audio,
            samples=SAMPLES,
            level=8,
            seek_table=True,
            timeout_s=LONG_S,
        )

    assert 40_000 == len(decoded(tmp_path / "short"))
    assert decoded(tmp_path / "whole") == pcm(0.5)


@pytest.mark.parametrize("bits", [8, 12, 15, 16, 20, 24, 32])
@pytest.mark.parametrize("stated", [True, False])
def test_any_depth_goes_through_the_pipe(
    flac: Flac, tmp_path: Path, bits: int, stated: bool
) -> None:
    """F5: depths that raw samples cannot have are piped as RF64, length stated or not."""
    path = encode_pcm(tmp_path / "in", pcm(0.1, bits=bits), bits=bits)
    md5 = stated_md5(path)
    data = path.read_bytes() if stated else with_total(path.read_bytes(), 0)

    with opened(path, data) as file:
        by_samples(flac, file, tmp_path / "out", AudioFormat(RATE, bits, 2, 4_410 * stated))

    assert md5 == stated_md5(tmp_path / "out")


def test_seek_table_on_request(flac: Flac, tmp_path: Path) -> None:
    """F3: a seek table is made where there was one, by either way."""
    source = write_flac(tmp_path / "in", seconds=1, flags=["--seekpoint=10x"])
    with opened(source) as file:
        encode(flac, file, tmp_path / "direct", seek_table=True)
    with opened(source) as file:
        by_samples(flac, file, tmp_path / "piped", AudioFormat(RATE, 16, 2, RATE))

    for target in ("direct", "piped"):
        kinds = [kind for kind, _data in split((tmp_path / target).read_bytes())[0]]
        assert 3 in kinds


def test_a_wav_is_never_taken(flac: Flac, tmp_path: Path) -> None:
    """F1: flac would encode a WAV named .flac; testing it is damage to flac."""
    with opened(tmp_path / "x.flac", wav(pcm(0.1))) as file:
        assert not flac.test(file, timeout_s=LONG_S).sound


@pytest.mark.parametrize(
    ("seconds", "magic"), [(6_086, b"RIFF"), (6_088, b"RF64"), (36_000, b"RF64")]
)
def test_long_audio_is_decoded_beyond_what_wav_can_hold(
    tmp_path: Path, seconds: int, magic: bytes
) -> None:
    """M7: 24 bits of 117.6 kHz stereo pass 4 GiB after 101 minutes; ten hours are decoded too."""
    source = write_flac(tmp_path / "in.flac", seconds=0.1, rate=117_600, bits=24)
    audio = replace(read_track(source).audio, total_samples=seconds * 117_600)
    with source.open("rb") as file:
        done = process.run(Flac.find().decoder(audio), timeout_s=60.0, stdin=file.fileno())

    assert (0, magic) == (done.exit_code, done.stdout[:4])
