"""A decode that somebody listens to says of damage what a test of the file says."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pacd.errors import PacError
from pacd.files.flac_blocks import Layout, read_layout
from pacd.files.flac_write import stream_of
from pacd.files.regular import open_regular
from pacd.tools.flac import Flac, Verdict
from pacd.tools.process import Stdin
from pacd.tools.samples import RAW_DEPTHS
from tests.audio import decoded, write_flac
from tests.damage import flipped, with_md5, with_total

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "ietf"
PATIENCE_S = 60.0


def verdicts(path: Path) -> list[object]:
    """What a test and a heard decode make of one file; nothing where neither may be tried."""
    flac, found = Flac.find(), list[object]()
    for how in (_tested, _heard):
        with open_regular(path) as file:
            try:
                layout = read_layout(file)
            except PacError:
                return []
            if not layout.info.audio_md5 or layout.info.audio.bits_per_sample not in RAW_DEPTHS:
                return []
            try:
                found.append(how(flac, layout, stream_of(file, layout)))
            except PacError as error:
                found.append((type(error), error.words))
    return found


def _tested(flac: Flac, _layout: Layout, stdin: Stdin) -> Verdict:
    return flac.test(stdin, timeout_s=PATIENCE_S)


def _heard(flac: Flac, layout: Layout, stdin: Stdin) -> Verdict:
    audio = layout.info.audio
    return flac.hear(stdin, audio, lambda _: None, timeout_s=PATIENCE_S)


def _cut(data: bytes, at: int, _noise: random.Random) -> bytes:
    return data[:at]


def _flipped(data: bytes, at: int, _noise: random.Random) -> bytes:
    return flipped(data, at)


def _hole(data: bytes, at: int, noise: random.Random) -> bytes:
    return data[:at] + bytes(noise.randrange(1, 9_000)) + data[at + 9_000 :]


def _missing(data: bytes, at: int, noise: random.Random) -> bytes:
    return data[:at] + data[at + noise.randrange(1, 9_000) :]


def _doubled(data: bytes, at: int, noise: random.Random) -> bytes:
    return data[:at] + data[at - noise.randrange(1, 3_000) :]


def _header(data: bytes, _at: int, noise: random.Random) -> bytes:
    return flipped(data, noise.randrange(8, 42))


def _length(data: bytes, _at: int, noise: random.Random) -> bytes:
    return with_total(data, noise.choice([0, 1, 10_000, 88_200, 10**9]))


def _md5(data: bytes, _at: int, noise: random.Random) -> bytes:
    return with_md5(data, noise.randbytes(16))


@pytest.mark.parametrize("shape", [(44_100, 16, 2), (96_000, 24, 2), (44_100, 8, 1)])
@pytest.mark.parametrize(
    "damage", [_cut, _flipped, _hole, _missing, _doubled, _header, _length, _md5]
)
def test_a_heard_decode_is_a_test(
    tmp_path: Path,
    damage: Callable[[bytes, int, random.Random], bytes],
    shape: tuple[int, int, int],
) -> None:
    """F1: whoever listens, verdict and words are those of `flac --test`, wherever the damage is."""
    noise = random.Random(f"{damage} {shape}")
    rate, bits, channels = shape
    master = write_flac(tmp_path / "x.flac", seconds=0.5, rate=rate, bits=bits, channels=channels)
    data = master.read_bytes()
    compared = 0
    for _ in range(5):
        master.write_bytes(damage(data, noise.randrange(len(data) // 2, len(data)), noise))
        found = verdicts(master)
        compared += bool(found)

        assert found[:1] == found[1:]
    assert compared


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the IETF corpus is not beside the repository")
def test_the_testbench_is_heard_as_it_is_tested() -> None:
    """F1: of all files of the IETF's testbench both say the same."""
    found = {path.name: verdicts(path) for path in sorted(CORPUS.rglob("*.flac"))}

    assert {} == {name: each for name, each in found.items() if each[:1] != each[1:]}
    assert sum(map(bool, found.values())) > 20


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_what_is_heard_are_the_samples(tmp_path: Path, bits: int) -> None:
    """A1: every sample is heard, as flac decodes it."""
    master = write_flac(tmp_path / "x.flac", seconds=0.2, bits=bits)
    heard = bytearray()
    with open_regular(master) as file:
        layout = read_layout(file)
        verdict = Flac.find().hear(
            stream_of(file, layout), layout.info.audio, heard.extend, timeout_s=PATIENCE_S
        )

    assert Verdict("", "") == verdict
    assert decoded(master) == bytes(heard)
