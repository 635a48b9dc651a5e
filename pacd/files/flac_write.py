"""Puts a new header before the frames of a FLAC file; writes scratch files only."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from pacd.errors import SourceChangedError, VerifyError
from pacd.files import atomic
from pacd.files.flac_blocks import (
    BLOCK_HEAD_BYTES,
    LAST_BLOCK,
    MARKER,
    Block,
    BlockType,
    Layout,
    bare_bytes,
    read_layout,
)

PADDING_BYTES: Final = 8192
"""What a rewritten master gets at most, so that taggers need not move its audio."""

_COPY_BYTES: Final = 1 << 20


def write_blocks(path: Path, blocks: Sequence[Block], *, largest_bytes: int) -> None:
    """
    Give a scratch file a new header, in place where it fits.

    Args:
        blocks: Without padding, STREAMINFO first.
        largest_bytes: The file gets padding, but not so much that it outgrows this.
    """
    with atomic.open_regular(path) as file:
        layout = read_layout(file)
        room = layout.audio_offset - bare_bytes(blocks)
        padded = BLOCK_HEAD_BYTES <= room <= 2 * PADDING_BYTES
        fits = room == 0 or (padded and layout.size_bytes <= largest_bytes)
        if not fits:
            with atomic.sibling(path) as other:
                copy_stream(file, layout, other, blocks, largest_bytes=largest_bytes)
                other.replace(path)
            return
    with atomic.open_own(path) as target:
        target.write(_header(blocks, room))


def copy_stream(
    source: BinaryIO, layout: Layout, target: Path, blocks: Sequence[Block], *, largest_bytes: int
) -> None:
    """
    Write a header and the frames of a FLAC file into a scratch file; as write_blocks().

    Raises:
        VerifyError: The copy is not what was copied.
    """
    room = largest_bytes - bare_bytes(blocks) - layout.audio_bytes
    room = min(room, BLOCK_HEAD_BYTES + PADDING_BYTES)
    header = _header(blocks, room if room >= BLOCK_HEAD_BYTES else 0)
    with atomic.open_own(target, empty=True) as copy:
        copy.write(header)
        for piece in pieces(source, layout.audio_offset, layout.end):
            copy.write(piece)
        copy.flush()
        written = pieces(copy, len(header), len(header) + layout.audio_bytes)
        wanted = pieces(source, layout.audio_offset, layout.end)
        if any(ours != theirs for ours, theirs in zip(written, wanted, strict=True)):
            raise VerifyError(f"the frames copied into {target.name} differ from the original's")


def stream_of(file: BinaryIO, layout: Layout) -> int | Iterator[bytes]:
    """Return what a program may read a stream from: the file itself, where nothing follows it."""
    if layout.end < layout.size_bytes:
        return pieces(file, layout.prefix_bytes, layout.end)
    os.lseek(file.fileno(), layout.prefix_bytes, os.SEEK_SET)
    return file.fileno()


def pieces(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """
    Yield a range of a file.

    Raises:
        SourceChangedError: The file has become shorter.
    """
    position = start
    while position < end:
        file.seek(position)
        piece = file.read(min(_COPY_BYTES, end - position))
        if not piece:
            raise SourceChangedError(Path(file.name))
        position += len(piece)
        yield piece


def _header(blocks: Sequence[Block], room: int) -> bytes:
    """Render blocks; room is what padding with its own head must fill, 0 for none."""
    padding = [Block(BlockType.PADDING, bytes(room - BLOCK_HEAD_BYTES))] if room else []
    whole = [*blocks, *padding]
    parts = [MARKER]
    for number, block in enumerate(whole, start=1):
        last = LAST_BLOCK if number == len(whole) else 0
        parts += [bytes([block.type | last]), len(block.data).to_bytes(3), block.data]
    return b"".join(parts)
