"""Where frames end that flac itself has made, told without decoding a sample."""

import hashlib
import random
import struct
import subprocess
from pathlib import Path

import pytest

from pacd.files.flac_blocks import read_layout
from pacd.files.flac_frames import frame_at, frame_bytes
from tests.audio import encode_pcm
from tests.damage import crc


def noise(channels: int, bits: int, samples: int, seed: int) -> bytes:
    """Noise of changing loudness, a ramp, steps of eight, and silence: all kinds of subframes."""
    chance, top = random.Random(seed), 1 << (bits - 1)
    values: list[int] = []
    for number in range(samples):
        part = 5 * number // samples
        loud = (top - 1, top >> 7, 40, 0, 0)[part]
        for channel in range(channels):
            value = chance.randint(-loud, loud) if part != 1 else (number * (channel + 1)) % loud
            values.append(value - value % 8 if part == 2 else value)
    size = {8: 1, 16: 2, 24: 3}[bits]
    return b"".join(struct.pack("<i", value)[:size] for value in values)


@pytest.mark.parametrize("flags", ["-0", "-5", "-8", "-8 -p -e", "-b 64 -r 15 -l 32"])
@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (2, 16), (2, 24), (6, 16)])
def test_every_frame_is_measured(tmp_path: Path, flags: str, channels: int, bits: int) -> None:
    """F1: from the first frame to the last each ends where the next begins."""
    raw = noise(channels, bits, 20_000, seed=channels * bits)
    path = tmp_path / "made.flac"
    encode_pcm(path, raw, bits=bits, channels=channels, flags=flags.split())
    with path.open("rb") as file:
        layout = read_layout(file)
    data, numbers = path.read_bytes()[layout.audio_offset :], []
    while data:
        frame = frame_at(data, 0)
        assert frame
        numbers.append(frame.number)
        data = data[frame_bytes(data, bits) :]

    assert list(range(len(numbers))) == numbers
    assert len(numbers) > 3


@pytest.mark.parametrize("padding", [0, 3, 6_000])
def test_a_file_that_ends_in_silence_and_a_checksum_of_zero(tmp_path: Path, padding: int) -> None:
    """F1, F2: one file of 65,536 has that checksum; flac finds it sound, and so does PAC."""
    head, block = bytes.fromhex("fff8c918"), 4096
    samples = struct.pack("<HH", 0x599F, 0) * block * 3
    info = struct.pack(">HH6xQ", block, block, 44_100 << 44 | 1 << 41 | 15 << 36 | 3 * block)
    info += hashlib.md5(samples, usedforsecurity=False).digest()
    frames = b""
    for number in range(3):
        body = head + bytes([number])
        body += bytes([crc(body, 0x07, 8)]) + b"\0\x59\x9f" + bytes(3)
        frames += body + crc(body, 0x8005, 16).to_bytes(2)
    path = tmp_path / "silent.flac"
    whole = b"fLaC\x80\0\0\x22" + info + frames
    path.write_bytes(whole + bytes(padding))
    with path.open("rb") as file:
        layout = read_layout(file)

    assert whole.endswith(bytes(5))
    assert (len(whole), 3 * block) == (layout.end, layout.samples)
    (tmp_path / "whole.flac").write_bytes(path.read_bytes()[: layout.end])
    subprocess.run(["flac", "--test", "--silent", tmp_path / "whole.flac"], check=True)
