"""Makes bad FLAC files of good ones, in memory; knows the format on its own."""

import struct

MARKER = b"fLaC"
SAMPLES = 192  # RFC 9639, section 9.1.1: what block size code 1 means
STREAM_MD5 = bytes(range(16))


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the metadata blocks as (type, data), and the frames."""
    position, last, blocks = 4, False, []
    while not last:
        last, kind = bool(data[position] & 0x80), data[position] & 0x7F
        size = int.from_bytes(data[position + 1 : position + 4])
        blocks.append((kind, data[position + 4 : position + 4 + size]))
        position += 4 + size
    return blocks, data[position:]


def joined(blocks: list[tuple[int, bytes]], frames: bytes) -> bytes:
    """Put blocks and frames together."""
    parts = [MARKER]
    for number, (kind, data) in enumerate(blocks, start=1):
        last = 0x80 if number == len(blocks) else 0
        parts += [bytes([kind | last]), len(data).to_bytes(3), data]
    return b"".join([*parts, frames])


def blocks_of(data: bytes, kind: int) -> list[bytes]:
    """The data of all blocks of a type."""
    return [block for found, block in split(data)[0] if found == kind]


def with_blocks(data: bytes, *extra: tuple[int, bytes]) -> bytes:
    """Add blocks behind those that are there."""
    blocks, frames = split(data)
    return joined([*blocks, *extra], frames)


def with_comments(data: bytes, *entries: bytes, vendor: bytes = b"tests") -> bytes:
    """Replace the comment block by one with these entries, whatever they are."""
    blocks, frames = split(data)
    kept = [block for block in blocks if block[0] != 4]
    return joined([kept[0], (4, comment_block(*entries, vendor=vendor)), *kept[1:]], frames)


def comment_block(*entries: bytes, vendor: bytes = b"tests") -> bytes:
    """A comment block's data."""
    parts = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(entries))]
    for entry in entries:
        parts += [struct.pack("<I", len(entry)), entry]
    return b"".join(parts)


def comments(data: bytes) -> list[bytes]:
    """The entries of the only comment block."""
    (block,) = blocks_of(data, 4)
    position = 4 + int.from_bytes(block[:4], "little")
    count = int.from_bytes(block[position : position + 4], "little")
    position += 4
    entries = []
    for _number in range(count):
        size = int.from_bytes(block[position : position + 4], "little")
        entries.append(block[position + 4 : position + 4 + size])
        position += 4 + size
    return entries


def with_md5(data: bytes, md5: bytes) -> bytes:
    """State another audio MD5; STREAMINFO is the first block."""
    return data[:26] + md5 + data[42:]


def with_total(data: bytes, samples: int) -> bytes:
    """State another number of samples; STREAMINFO is the first block."""
    packed = int.from_bytes(data[18:26]) >> 36 << 36 | samples
    return data[:18] + packed.to_bytes(8) + data[26:]


def flipped(data: bytes, position: int) -> bytes:
    """Flip one bit."""
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def id3v1(title: bytes = b"") -> bytes:
    """An ID3v1 tag without a genre."""
    return b"TAG" + title.ljust(30, b"\0") + bytes(94) + b"\xff"


def id3v2(*frames: tuple[bytes, bytes]) -> bytes:
    """An ID3v2.3 tag with these frames."""
    body = b"".join(name + len(data).to_bytes(4) + b"\0\0" + data for name, data in frames)
    size = len(body)
    return b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def id3_text(name: bytes, text: str) -> tuple[bytes, bytes]:
    """A text frame in Latin-1."""
    return name, b"\0" + text.encode("latin-1")


def apev2(*items: tuple[bytes, bytes]) -> bytes:
    """An APE tag with header and footer and these text items."""
    body = b"".join(struct.pack("<II", len(value), 0) + key + b"\0" + value for key, value in items)
    ends = [
        b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), flags) + bytes(8)
        for flags in (0xA0000000, 0x80000000)
    ]
    return ends[0] + body + ends[1]


def crc(data: bytes, polynomial: int, bits: int) -> int:
    """A checksum, bit by bit, as RFC 9639 defines it."""
    value = 0
    for byte in data:
        value ^= byte << (bits - 8)
        for _bit in range(8):
            top = value >> (bits - 1)
            value = (value << 1 ^ (polynomial if top else 0)) & ((1 << bits) - 1)
    return value


def frame(number: int = 0, payload: bytes = b"\x00\x12\x34") -> bytes:
    """A frame of 192 samples with sound checksums; its payload need not decode."""
    assert number < 0x80
    head = bytes([0xFF, 0xF8, 0x19, 0x18, number])
    body = head + bytes([crc(head, 0x07, 8)]) + payload
    return body + crc(body, 0x8005, 16).to_bytes(2)


def stream_info(total: int = 2 * SAMPLES, md5: bytes = STREAM_MD5) -> bytes:
    """44.1 kHz, 16 bits, stereo."""
    packed = 44_100 << 44 | 1 << 41 | 15 << 36 | total
    return struct.pack(">HH6x", SAMPLES, SAMPLES) + packed.to_bytes(8) + md5
