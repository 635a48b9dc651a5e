"""Walks the boxes of an MP4 file as far as it is asked to; every length is distrusted."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from pacd.errors import VerifyError

# ISO/IEC 14496-12, section 4.2: size and type; size 1 means that 64 bits of size follow.
_HEAD: Final = struct.Struct(">I4s")
_LARGE: Final = struct.Struct(">Q")
_IS_LARGE: Final = 1

_FULL_BYTES: Final = 4  # the same: version and flags of a "full box"

# A box of boxes with more of them is hostile: files/m4a_tags.py writes a tenth of it at most.
_MAX_BOXES: Final = 65_536
_MAX_DEPTH: Final = 16  # moov.trak.mdia.minf.stbl.stco are 6
_MAX_TABLE_BYTES: Final = 64 << 20  # sizes of the frames of four days at 44.1 kHz

# The boxes that mutagen 1.48 looks into (mutagen/mp4/_atom.py), by the bytes before their first.
_CONTAINERS: Final = {
    **dict.fromkeys(
        (b"moov", b"udta", b"trak", b"mdia", b"ilst", b"stbl", b"minf", b"moof", b"traf"), 0
    ),
    b"meta": _FULL_BYTES,
}


@dataclass(frozen=True, slots=True)
class Box:
    """
    One box, by byte offsets in its file.

    Attributes:
        start: Of its header.
        body: Of what follows the header.
        end: Behind its last byte, as its header says; may lie beyond the end of the file.
    """

    name: bytes
    start: int
    body: int
    end: int


def top_boxes(file: BinaryIO) -> tuple[tuple[Box, ...], int]:
    """
    Read the headers of the boxes that make up a file, and the file's size.

    The last box may lead beyond the end, when the file is cut off.

    Raises:
        VerifyError: It is no row of boxes.
    """
    size = file.seek(0, os.SEEK_END)
    return tuple(_row(file, 0, size)), size


def inner_boxes(file: BinaryIO, box: Box, *, skip: int = 0) -> Iterator[Box]:
    """
    The boxes in a box.

    Args:
        skip: Bytes of the box before the first of them.

    Raises:
        VerifyError: They are no row of boxes, do not fit, or are too many.
    """
    for found in _row(file, box.body + skip, box.end):
        if found.end > box.end:
            raise VerifyError(f"an MP4 box at byte {found.start} leads beyond the one it is in")
        yield found


def find_box(file: BinaryIO, box: Box, *names: bytes) -> Box | None:
    """Follow names downwards, the first of each; None where there is none."""
    for name in names:
        within = inner_boxes(file, box, skip=_CONTAINERS.get(box.name, 0))
        found = next((each for each in within if each.name == name), None)
        if found is None:
            return None
        box = found
    return box


def need_box(file: BinaryIO, box: Box, *names: bytes) -> Box:
    """
    Follow names downwards.

    Raises:
        VerifyError: There is none.
    """
    found = find_box(file, box, *names)
    if found is None:
        raise VerifyError(f"an MP4 file lacks its {names[-1].decode('latin-1')} box")
    return found


def body_of(file: BinaryIO, box: Box, *, most: int = _MAX_TABLE_BYTES) -> bytes:
    """
    Read what is in a box.

    Raises:
        VerifyError: It holds more bytes than it may, or the file breaks off within it.
    """
    count = box.end - box.body
    if count > most:
        raise VerifyError(f"an MP4 box at byte {box.start} has {count} bytes, too many")
    file.seek(box.body)
    data = file.read(count)
    if len(data) != count:
        raise VerifyError(f"the MP4 file breaks off at byte {box.body + len(data)}")
    return data


def require_sound_nesting(file: BinaryIO) -> None:
    """
    Look at all boxes that mutagen would: it follows any depth, and any length.

    Raises:
        VerifyError: They do not fit into one another, are too many or too deep.
    """
    tops, size = top_boxes(file)
    rest = [(box, 1) for box in tops]
    seen = 0
    while rest:
        box, depth = rest.pop()
        seen += 1
        if box.end > size or depth > _MAX_DEPTH or seen > _MAX_BOXES:
            raise VerifyError("its MP4 boxes do not fit, are too many or too deep")
        if box.name in _CONTAINERS:
            within = inner_boxes(file, box, skip=_CONTAINERS[box.name])
            rest += [(each, depth + 1) for each in within]


def _row(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Boxes one after another; the last may be longer than there is room."""
    for _each in range(_MAX_BOXES):
        if start >= end:
            return
        file.seek(start)
        head = file.read(_HEAD.size + _LARGE.size)
        if min(len(head), end - start) < _HEAD.size:
            raise VerifyError(f"no whole MP4 box at byte {start}")
        size, name = _HEAD.unpack_from(head)
        body = start + _HEAD.size
        if size == _IS_LARGE and len(head) == _HEAD.size + _LARGE.size:
            (size,) = _LARGE.unpack_from(head, _HEAD.size)
            body += _LARGE.size
        # Size 0, "to the end of the file", is allowed to others; PAC's encoders never write it.
        if size < body - start:
            raise VerifyError(f"an MP4 box at byte {start} has a size of {size}")
        yield Box(name, start, body, start + size)
        start += size
    raise VerifyError(f"more than {_MAX_BOXES} MP4 boxes in a row")
