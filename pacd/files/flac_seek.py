"""Checks a seek table against the frames it points to; only reads."""

import struct
from typing import BinaryIO, Final

from pacd.files.flac_blocks import BlockType, Layout
from pacd.files.flac_frames import frame_at

_POINT: Final = struct.Struct(">QQH")  # RFC 9639, section 8.5.1
_PLACEHOLDER: Final = (1 << 64) - 1  # the same
_HEADER_BYTES: Final = 16  # RFC 9639, section 9.1: what the longest frame header takes


def seek_points_hold(file: BinaryIO, layout: Layout) -> bool:
    """Whether each seek point leads to a frame that begins with the sample it names."""
    first = frame_at(_at(file, layout.audio_offset), 0)
    if first is None:
        return False
    for table in layout.of_type(BlockType.SEEKTABLE):
        whole = len(table) - len(table) % _POINT.size
        for sample, offset, samples in _POINT.iter_unpack(table[:whole]):
            if sample == _PLACEHOLDER:
                continue
            frame = frame_at(_at(file, layout.audio_offset + offset), 0)
            if frame is None or frame.samples != samples:
                return False
            if frame.end_sample(first.samples) != sample + samples:
                return False
    return True


def _at(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(_HEADER_BYTES)
