"""The insides of FLAC metadata blocks, bytes to values and back; pure."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from pacd.domain.media import AudioFormat, Picture

STREAMINFO_BYTES: Final = 34  # RFC 9639, section 8.2

_MD5_OFFSET: Final = 18  # RFC 9639, section 8.2
_URL_MIME: Final = "-->"  # RFC 9639, section 8.8: the data is an address, not a picture


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """
    What STREAMINFO states (RFC 9639, section 8.2).

    Attributes:
        audio_md5: Hex; "" where it is unset (all zero).
    """

    min_block: int
    max_block: int
    audio: AudioFormat
    audio_md5: str

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the 34 bytes of a block."""
        min_block, max_block = struct.unpack_from(">HH", data)
        packed = int.from_bytes(data[10:_MD5_OFFSET])
        audio = AudioFormat(
            sample_rate_hz=packed >> 44,
            channels=(packed >> 41 & 0x7) + 1,
            bits_per_sample=(packed >> 36 & 0x1F) + 1,
            total_samples=packed & (1 << 36) - 1,
        )
        md5 = data[_MD5_OFFSET:STREAMINFO_BYTES]
        return cls(min_block, max_block, audio, md5.hex() if any(md5) else "")


@dataclass(frozen=True, slots=True)
class Comments:
    """
    A comment block, byte for byte (RFC 9639, section 8.6).

    Attributes:
        vendor: Program that made the stream, as bytes.
        entries: As they stand, also those that are no ``KEY=value`` or no UTF-8.
        rest: Bytes that no length accounts for; b"" in a sound block.
    """

    vendor: bytes = b""
    entries: tuple[bytes, ...] = ()
    rest: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what can be read; a length that leads beyond the block ends the list."""
        vendor, position = _sized(data, 0)
        if vendor is None or position + 4 > len(data):
            return cls(rest=data)
        (stated,) = struct.unpack_from("<I", data, position)
        position += 4
        entries: list[bytes] = []
        while len(entries) < stated:
            entry, following = _sized(data, position)
            if entry is None:
                break
            entries.append(entry)
            position = following
        return cls(vendor, tuple(entries), data[position:])

    def render(self) -> bytes:
        """The block's data, without `rest`."""
        parts = [_with_size(self.vendor), struct.pack("<I", len(self.entries))]
        return b"".join([*parts, *map(_with_size, self.entries)])


@dataclass(frozen=True, slots=True)
class EmbeddedPicture:
    """A picture block with its bytes (RFC 9639, section 8.8)."""

    type: int
    mime: str
    description: str
    data: bytes
    width_px: int = 0
    height_px: int = 0
    depth_bits: int = 0
    colors: int = 0

    @classmethod
    def parse(cls, block: bytes) -> Self | None:
        """Read a block; None where it holds no picture or its lengths do not fit."""
        try:
            kind, mime_bytes = struct.unpack_from(">II", block)
            text_offset = 8 + mime_bytes
            (text_bytes,) = struct.unpack_from(">I", block, text_offset)
            shape_offset = text_offset + 4 + text_bytes
            width, height, depth, colors, size = struct.unpack_from(">IIIII", block, shape_offset)
        except struct.error:
            return None
        data = block[shape_offset + 20 :][:size]
        mime = block[8:text_offset].decode("ascii", "replace")
        if not data or len(data) != size or mime == _URL_MIME:
            return None
        text = block[text_offset + 4 : shape_offset].decode("utf-8", "replace")
        return cls(kind, mime, text, data, width, height, depth, colors)

    def render(self) -> bytes:
        """The block's data."""
        mime, text = self.mime.encode("ascii", "replace"), self.description.encode()
        shape = (self.width_px, self.height_px, self.depth_bits, self.colors, len(self.data))
        return b"".join(
            [
                struct.pack(">II", self.type, len(mime)),
                mime,
                struct.pack(">I", len(text)),
                text,
                struct.pack(">IIIII", *shape),
                self.data,
            ]
        )

    @property
    def summary(self) -> Picture:
        """The picture without its bytes."""
        md5 = hashlib.md5(self.data, usedforsecurity=False).hexdigest()
        return Picture(self.type, self.mime, md5, len(self.data))


def pairs(entries: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """Yield (key in upper case, value) of each entry that has a key, as text."""
    for entry in entries:
        key, equals, value = entry.partition(b"=")
        if key and equals:
            yield as_text(key).upper(), as_text(value)


def as_text(data: bytes) -> str:
    """Decode UTF-8, and what is not UTF-8 as Latin-1, which taggers of old wrote."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def key_of(entry: bytes) -> bytes:
    """Return the key of an entry in upper case; the whole entry where it has none."""
    return entry.partition(b"=")[0].upper()


def _sized(data: bytes, position: int) -> tuple[bytes | None, int]:
    """Return the string at a position, or None where it does not fit, and where it ends."""
    start = position + 4
    if start > len(data):
        return None, position
    (size,) = struct.unpack_from("<I", data, position)
    if start + size > len(data):
        return None, position
    return data[start : start + size], start + size


def _with_size(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data
