"""Makes short FLAC files for tests: a few tones and a little noise, encoded by the real flac."""

import math
import random
import struct
import subprocess
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import mutagen.flac


@dataclass(frozen=True)
class Art:
    """A picture to put into a test file; the data need not be a real picture."""

    data: bytes
    type: int = 3
    mime: str = "image/png"
    description: str = ""


@lru_cache(maxsize=32)
def pcm(
    seconds: float = 1.0, *, rate: int = 44_100, bits: int = 16, channels: int = 2, seed: int = 0
) -> bytes:
    """Interleaved signed little-endian samples of ceil(bits / 8) bytes, at least one frame."""
    noise = random.Random(seed)
    frames = max(1, round(seconds * rate))
    limit = (1 << (bits - 1)) - 1
    steps = [
        math.tau * (220 + 97 * (seed % 7) + 331 * channel) / rate for channel in range(channels)
    ]
    values = array(
        "i",
        (
            round(
                limit
                * (
                    0.4 * math.sin(step * n)
                    + 0.2 * math.sin(3.1 * step * n)
                    + noise.uniform(-0.01, 0.01)
                )
            )
            for n in range(frames)
            for step in steps
        ),
    )
    width = (bits + 7) // 8
    return b"".join(value.to_bytes(width, "little", signed=True) for value in values)


def write_flac(
    path: Path,
    *,
    seconds: float = 1.0,
    rate: int = 44_100,
    bits: int = 16,
    channels: int = 2,
    level: int = 5,
    tags: Mapping[str, str | Sequence[str]] | None = None,
    pictures: Sequence[Art] = (),
    seed: int = 0,
    flags: Sequence[str] = (),
) -> Path:
    """
    Write a FLAC file; the same arguments give the same audio.

    Args:
        flags: More options for flac, such as "--no-padding" or "--seekpoint=1x".
    """
    raw = pcm(seconds, rate=rate, bits=bits, channels=channels, seed=seed)
    encode_pcm(path, raw, rate=rate, bits=bits, channels=channels, level=level, flags=flags)
    if tags or pictures:
        dress(path, tags or {}, pictures)
    return path


def encode_pcm(
    path: Path,
    raw: bytes,
    *,
    rate: int = 44_100,
    bits: int = 16,
    channels: int = 2,
    level: int = 5,
    flags: Sequence[str] = (),
) -> Path:
    """Encode samples as pcm() makes them."""
    command: list[str | Path] = ["flac", f"-{level}", "--lax", "--silent", "--force", *flags]
    if bits % 8:
        raw = wav(raw, rate=rate, bits=bits, channels=channels)
    else:
        shape = [f"--sample-rate={rate}", f"--bps={bits}", f"--channels={channels}"]
        command += ["--force-raw-format", "--endian=little", "--sign=signed", *shape]
    subprocess.run([*command, "-o", path, "-"], input=raw, check=True)
    return path


def wav(raw: bytes, *, rate: int = 44_100, bits: int = 16, channels: int = 2) -> bytes:
    """Put samples as pcm() makes them into a WAV file (WAVE_FORMAT_EXTENSIBLE)."""
    width = (bits + 7) // 8
    if bits % 8:
        samples = (raw[at : at + width] for at in range(0, len(raw), width))
        raw = b"".join(_raised(sample, 8 * width - bits) for sample in samples)
    if width == 1:
        raw = bytes(byte ^ 0x80 for byte in raw)
    frame = channels * width
    pcm_guid = bytes.fromhex("0100000000001000800000aa00389b71")
    mask = {1: 0x4, 2: 0x3, 6: 0x3F}[channels]
    shape = struct.pack("<HHIIHH", 0xFFFE, channels, rate, rate * frame, frame, 8 * width)
    shape += struct.pack("<HHI", 22, bits, mask) + pcm_guid
    chunks = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in ((b"fmt ", shape), (b"data", raw))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _raised(sample: bytes, bits: int) -> bytes:
    value = int.from_bytes(sample, "little", signed=True) << bits
    return value.to_bytes(len(sample), "little", signed=True)


def dress(path: Path, tags: Mapping[str, str | Sequence[str]], pictures: Sequence[Art]) -> None:
    """Set tags and add pictures with mutagen; other tags stay."""
    audio: Any = mutagen.flac.FLAC(path)
    for key, value in tags.items():
        audio[key] = [value] if isinstance(value, str) else list(value)
    for art in pictures:
        block: Any = mutagen.flac.Picture()
        block.type, block.mime, block.desc, block.data = (
            art.type,
            art.mime,
            art.description,
            art.data,
        )
        audio.add_picture(block)
    audio.save()


def png(width: int = 16, height: int = 16, *, seed: int = 0) -> bytes:
    """A real PNG picture of noise, RGB, 8 bits."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def stated_md5(path: Path) -> str:
    """The audio MD5 that STREAMINFO states, hex, as metaflac reads it."""
    command: list[str | Path] = ["metaflac", "--show-md5sum", path]
    said = subprocess.run(command, capture_output=True, check=True).stdout
    return said.decode().strip()


def decoded(path: Path) -> bytes:
    """All samples in the form that pcm() makes; of 8, 16, 24 or 32 bits."""
    form = ["--force-raw-format", "--endian=little", "--sign=signed", "--silent"]
    return subprocess.run(["flac", "-dc", *form, path], capture_output=True, check=True).stdout
