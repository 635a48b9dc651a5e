"""Makes large libraries of small real FLAC files, each of other audio, faster than flac does."""

import hashlib
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

_BLOCK: Final = 4_096
_BLOCKS: Final = 3
_RATE_HZ: Final = 44_100

_COMPRESSION: Final = "flac 1.4.2; level=8; verify=1; date=2026-11-21"


def make_tracks(
    root: Path, files: int, folder_of: Callable[[int], str], *, compressed: bool = True
) -> None:
    """
    Make so many files of a quarter of a second, unless the root is there.

    Args:
        folder_of: Tells the folder of a file by its number, relative to the root.
        compressed: Whether they say that they need not be recompressed (F4).
    """
    if root.is_dir():
        return
    draft = root.with_name(root.name + ".draft")
    made: set[str] = set()
    for number in range(files):
        folder = folder_of(number)
        if folder not in made:
            (draft / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        path = draft / folder / f"{number:06d} - A Song of Usual Length.flac"
        path.write_bytes(track(number, folder, compressed=compressed))
    draft.rename(root)


def track(number: int, album: str, *, compressed: bool) -> bytes:
    """A whole file (RFC 9639): each channel holds a constant; each number has other constants."""
    right, left = divmod(number, 1 << 16)
    samples = struct.pack("<HH", left, right) * (_BLOCK * _BLOCKS)
    audio_md5 = hashlib.md5(samples, usedforsecurity=False).digest()
    tags = [f"TITLE=Song {number}", "ARTIST=Nobody", f"ALBUM={album}", f"TRACKNUMBER={number}"]
    tags += [f"COMPRESSION={_COMPRESSION}"] if compressed else []
    frames = b"".join(_frame(index, (left, right)) for index in range(_BLOCKS))
    return b"".join((b"fLaC", _streaminfo(audio_md5), _comment(tags), frames))


def _streaminfo(audio_md5: bytes) -> bytes:
    """Section 8.2; the sizes of frames are not told."""
    format_ = _RATE_HZ << 44 | (2 - 1) << 41 | (16 - 1) << 36 | _BLOCK * _BLOCKS
    content = struct.pack(">HH6xQ", _BLOCK, _BLOCK, format_) + audio_md5
    return bytes([0]) + len(content).to_bytes(3, "big") + content


def _comment(tags: list[str]) -> bytes:
    """Section 8.6, the last block of metadata."""
    content = b"".join(_counted(text) for text in ("pacd bench",)) + struct.pack("<I", len(tags))
    content += b"".join(map(_counted, tags))
    return bytes([0x80 | 4]) + len(content).to_bytes(3, "big") + content


def _counted(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<I", len(encoded)) + encoded


def _frame(index: int, values: tuple[int, int]) -> bytes:
    """Section 9: 4,096 samples at 44.1 kHz, two channels of 16 bit, each a constant."""
    head = bytes([0xFF, 0xF8, 0xC9, 0x18, index])
    head += bytes([_crc(head, 0x07, 8)])
    body = head + b"".join(b"\0" + struct.pack(">H", value) for value in values)
    return body + struct.pack(">H", _crc(body, 0x8005, 16))


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    table, value, mask = _table(polynomial, bits), 0, (1 << bits) - 1
    for byte in data:
        value = (value << 8 & mask) ^ table[value >> (bits - 8) ^ byte]
    return value


@cache
def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    return tuple(_entries(polynomial, bits))


def _entries(polynomial: int, bits: int) -> Iterator[int]:
    for byte in range(256):
        value = byte << (bits - 8)
        for _bit in range(8):
            value = value << 1 ^ (polynomial | 1 << bits if value >> (bits - 1) else 0)
        yield value
