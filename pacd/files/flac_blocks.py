"""A FLAC file's metadata as raw blocks, and where its audio lies; pure."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO, Final

from pacd.domain.media import Quirk
from pacd.errors import FailureKind, PacError
from pacd.files.flac_fields import STREAMINFO_BYTES, Comments, StreamInfo
from pacd.files.flac_tail import ID3V2_HEAD_BYTES, Tail, id3v2_bytes, read_tail
from pacd.files.sniff import what_it_is

MARKER: Final = b"fLaC"  # RFC 9639, section 6
BLOCK_HEAD_BYTES: Final = 4  # RFC 9639, section 8.1: the header of a metadata block
LAST_BLOCK: Final = 0x80
_SNIFF_BYTES: Final = 4096


class BlockType(IntEnum):
    """RFC 9639, section 8.1, table 3."""

    STREAMINFO = 0
    PADDING = 1
    APPLICATION = 2
    SEEKTABLE = 3
    VORBIS_COMMENT = 4
    CUESHEET = 5
    PICTURE = 6
    FORBIDDEN = 127


@dataclass(frozen=True, slots=True)
class Block:
    """One metadata block; type is a number, for there are reserved ones."""

    type: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Where everything stands in a FLAC file.

    Attributes:
        prefix_bytes: Of ID3v2 tags before the marker.
        blocks: All of them, in file order.
        audio_offset: Of the first frame.
        end: Offset behind the last frame; what follows is no audio.
        tags_offset: Of the tags behind the audio; up to there it is junk.
        samples: Per channel, counted from the last frame's header; 0 if it was not found.
        size_bytes: Of the file.
    """

    prefix_bytes: int
    blocks: tuple[Block, ...]
    info: StreamInfo
    audio_offset: int
    end: int
    tags_offset: int
    samples: int
    size_bytes: int
    quirks: frozenset[Quirk]

    @property
    def audio_bytes(self) -> int:
        """Size of all frames together."""
        return self.end - self.audio_offset

    def of_type(self, kind: BlockType) -> tuple[bytes, ...]:
        """The data of all blocks of a type, in file order."""
        return tuple(block.data for block in self.blocks if block.type == kind)

    @property
    def comments(self) -> Comments:
        """
        All comment blocks as one.

        A second block often repeats the first: what it repeats byte for byte is
        one entry, and everything else is kept.
        """
        found = [Comments.parse(data) for data in self.of_type(BlockType.VORBIS_COMMENT)]
        if len(found) < 2:  # noqa: PLR2004  # nothing to merge
            return found[0] if found else Comments()
        entries = list(found[0].entries)
        known = set(entries)
        for each in found[1:]:
            entries += [entry for entry in each.entries if entry not in known]
        return Comments(found[0].vendor, tuple(entries), b"".join(each.rest for each in found))


class NotFlacError(PacError):
    """A file that is no FLAC file; the message says what it is, as a clause."""

    kind = FailureKind.SOURCE_CHANGED  # it was FLAC when it was tested


class DamagedHeaderError(PacError):
    """A FLAC file whose header cannot be read; the message says why, as a clause."""

    kind = FailureKind.SOURCE_CHANGED  # it could be read when it was tested


def read_layout(file: BinaryIO) -> Layout:
    """
    Read a file's header and find the end of its audio.

    Never holds more than the header and one frame in memory.

    Raises:
        NotFlacError: It does not begin with fLaC, ID3v2 tags apart.
        DamagedHeaderError: The header is cut off or contradicts itself.
    """
    size = file.seek(0, os.SEEK_END)
    prefix = _prefix_bytes(file)
    file.seek(prefix)
    if file.read(len(MARKER)) != MARKER:
        file.seek(prefix)
        raise NotFlacError(what_it_is(file.read(_SNIFF_BYTES), after_id3=prefix > 0))
    blocks = tuple(_read_blocks(file, size))
    audio_offset = file.tell()
    info = _info_of(blocks)
    if audio_offset == size:
        raise DamagedHeaderError("it ends with its header and holds no audio")
    tail = read_tail(file, audio_offset, info)
    quirks = frozenset(_quirks(prefix, blocks, info, tail))
    return Layout(
        prefix, blocks, info, audio_offset, tail.end, tail.tags_offset, tail.samples, size, quirks
    )


def bare_bytes(blocks: Sequence[Block]) -> int:
    """Size of a header of these blocks, with its marker, without padding."""
    return len(MARKER) + sum(BLOCK_HEAD_BYTES + len(block.data) for block in blocks)


def _prefix_bytes(file: BinaryIO) -> int:
    """Measure the ID3v2 tags at the start; there may be several."""
    total = 0
    while True:
        file.seek(total)
        size = id3v2_bytes(file.read(ID3V2_HEAD_BYTES))
        if size == 0:
            return total
        total += size


def _read_blocks(file: BinaryIO, size: int) -> Iterator[Block]:
    last = 0
    while not last:
        head = file.read(BLOCK_HEAD_BYTES)
        length = int.from_bytes(head[1:])
        if len(head) < BLOCK_HEAD_BYTES or length > size - file.tell():
            raise DamagedHeaderError(
                "it is cut off within its header, or a block's length is wrong"
            )
        last = head[0] & LAST_BLOCK
        kind = head[0] & ~LAST_BLOCK
        if kind == BlockType.FORBIDDEN:
            raise DamagedHeaderError("its header holds a block of the forbidden type 127")
        yield Block(kind, file.read(length))


def _info_of(blocks: Iterable[Block]) -> StreamInfo:
    found = [block.data for block in blocks if block.type == BlockType.STREAMINFO]
    if len(found) != 1 or len(found[0]) != STREAMINFO_BYTES:
        count = f"{len(found)} STREAMINFO blocks" if found else "no STREAMINFO block"
        what = "a STREAMINFO block of a wrong size" if len(found) == 1 else count
        raise DamagedHeaderError(f"its header has {what}, so its shape and length are not known")
    return StreamInfo.parse(found[0])


def _quirks(prefix: int, blocks: Sequence[Block], info: StreamInfo, tail: Tail) -> Iterator[Quirk]:
    total = info.audio.total_samples
    comment_blocks = sum(block.type == BlockType.VORBIS_COMMENT for block in blocks)
    claims = (
        (Quirk.ID3V2, prefix > 0),
        (Quirk.TWO_COMMENT_BLOCKS, comment_blocks > 1),
        (Quirk.STREAMINFO_NOT_FIRST, blocks[0].type != BlockType.STREAMINFO),
        (Quirk.UNKNOWN_LENGTH, total == 0),
        (Quirk.WRONG_LENGTH, 0 < total < tail.samples),
    )
    yield from tail.quirks
    yield from (quirk for quirk, holds in claims if holds)
