"""Finds where a FLAC stream really ends: tags and other bytes may stand behind it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from pacd.domain.media import AudioFormat, Quirk
from pacd.files.flac_fields import StreamInfo
from pacd.files.flac_frames import Frame, frame_at, frame_ends, frames_from_end, is_whole

REMEMBERED_BYTES: Final = 4096
"""Unknown bytes behind the audio are cut off only up to this: history can hold them."""

ID3V2_HEAD_BYTES: Final = 10  # id3.org/id3v2.4.0-structure, sections 3.1 and 3.4

_ID3V2_HAS_FOOTER: Final = 0x10  # the same
_LARGEST_BLOCK: Final = 65_536  # RFC 9639, section 9.1.1; STREAMINFO may be wrong about it
_CANDIDATES: Final = 4
_HEADER_BYTES: Final = 16  # RFC 9639, section 9.1: what the longest frame header takes


@dataclass(frozen=True, slots=True)
class Tail:
    """
    The end of a stream.

    Attributes:
        end: Offset behind its last frame, as far as can be told without decoding.
        tags_offset: Of the known tags behind it; between the two there is only junk.
        samples: Per channel, up to the end; 0 where the last frame was not found.
        quirks: Of what stands behind it.
    """

    end: int
    tags_offset: int
    samples: int
    quirks: frozenset[Quirk]


def read_tail(file: BinaryIO, audio_offset: int, info: StreamInfo) -> Tail:
    """Find the last frame of a stream, reading no more than its largest frame and a few tags."""
    size = file.seek(0, os.SEEK_END)
    tagged_end, quirks = _without_tags(file, audio_offset, size)
    first = frame_at(_read(file, audio_offset, _HEADER_BYTES), 0)
    fixed_block = first.samples if first else info.max_block
    window = _largest_frame_bytes(info) + REMEMBERED_BYTES
    # A tag's magic may occur inside a frame by chance: what ends as a frame does is audio.
    for end in (size, tagged_end) if tagged_end < size else (size,):
        start = max(audio_offset, end - window)
        data = _read(file, start, end - start)
        for position, frame in _last_frames(data):
            if is_whole(data[position:], info.audio.bits_per_sample):
                samples = frame.end_sample(fixed_block)
                return Tail(end, end, samples, quirks if end == tagged_end else frozenset())
    start = max(audio_offset, tagged_end - window)
    data = _read(file, start, tagged_end - start)
    junk = _junk_bytes(data, info.audio, fixed_block)
    if junk:
        end = tagged_end - junk
        return Tail(end, tagged_end, info.audio.total_samples, quirks | {Quirk.TRAILING_BYTES})
    return Tail(tagged_end, tagged_end, 0, quirks)


def _last_frames(data: bytes) -> Iterator[tuple[int, Frame]]:
    """The last is nearly always the one: chance makes a header of one byte in ten million."""
    return islice(frames_from_end(data), _CANDIDATES)


def _junk_bytes(data: bytes, audio: AudioFormat, fixed_block: int) -> int:
    """Measure what follows the frame that completes the stated length; 0 if it is not found."""
    for position, frame in _last_frames(data):
        if 0 < audio.total_samples == frame.end_sample(fixed_block):
            for length in reversed(frame_ends(data[position:], audio.bits_per_sample)):
                junk = data[position + length :]
                if len(junk) <= REMEMBERED_BYTES or not any(junk):
                    return len(junk)
    return 0


def _without_tags(file: BinaryIO, start: int, size: int) -> tuple[int, frozenset[Quirk]]:
    """Return where the known tags at the end of a file begin, and what they are."""
    end = size
    quirks: set[Quirk] = set()
    while True:
        data = _read(file, max(start, end - 384), min(384, end - start))
        for measure, quirk in _TRAILERS:
            length = measure(data)
            if 0 < length <= end - start:
                end -= length
                quirks.add(quirk)
                break
        else:
            return end, frozenset(quirks)


def _id3v1(data: bytes) -> int:
    """Length of an ID3v1 tag (id3.org/ID3v1: 128 bytes from "TAG") at the end of data."""
    if data[-128:-125] != b"TAG":
        return 0
    return 128 + (227 if data[-355:-351] == b"TAG+" else 0)  # the "enhanced" tag before it


def _apev2(data: bytes) -> int:
    """Length of an APE tag (wiki.hydrogenaudio.org/APEv2: a footer of 32 bytes)."""
    footer = data[-32:]
    if len(footer) < 32 or footer[:8] != b"APETAGEX":  # noqa: PLR2004  # the footer
        return 0
    has_header = footer[23] & 0x80
    return int.from_bytes(footer[12:16], "little") + (32 if has_header else 0)


def _lyrics3(data: bytes) -> int:
    """Length of a Lyrics3 v2 tag (id3.org/Lyrics3v2: six digits before "LYRICS200")."""
    size = data[-15:-9]
    return int(size) + 15 if data[-9:] == b"LYRICS200" and size.isdigit() else 0


def _id3v2_footer(data: bytes) -> int:
    """Length of an ID3v2.4 tag with a footer (id3.org/id3v2.4.0-structure, section 3.4)."""
    footer = data[-10:]
    if len(footer) < 10 or footer[:3] != b"3DI":  # noqa: PLR2004  # the footer
        return 0
    return _synchsafe(footer[6:10]) + 20


def id3v2_bytes(head: bytes) -> int:
    """
    Length of the ID3v2 tag that begins here (id3.org/id3v2.4.0-structure, section 3.1).

    Args:
        head: Ten bytes or more; 0 is the answer where they begin no such tag.
    """
    if len(head) < ID3V2_HEAD_BYTES or head[:3] != b"ID3":
        return 0
    footer = ID3V2_HEAD_BYTES if head[5] & _ID3V2_HAS_FOOTER else 0
    return ID3V2_HEAD_BYTES + _synchsafe(head[6:10]) + footer


def _synchsafe(data: bytes) -> int:
    """Read a number of seven bits to the byte (id3.org/id3v2.4.0-structure, section 6.2)."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


_TRAILERS: Final = (
    (_id3v1, Quirk.ID3V1),
    (_apev2, Quirk.TRAILING_BYTES),
    (_lyrics3, Quirk.TRAILING_BYTES),
    (_id3v2_footer, Quirk.TRAILING_BYTES),
)


def _largest_frame_bytes(info: StreamInfo) -> int:
    """What a frame takes when stored verbatim, with a side channel's extra bit (RFC 9639, 9.2)."""
    return _LARGEST_BLOCK * info.audio.channels * (info.audio.bits_per_sample + 1) // 8 + 64


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(max(0, size))
