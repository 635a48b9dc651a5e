"""Where things lie in an M4A file with one sound track: times, tables, freeform atoms."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Self

from pacd.errors import VerifyError
from pacd.files.boxes import Box, body_of, find_box, inner_boxes, need_box, top_boxes
from pacd.files.m4a_audio import audio_config_channels

# ISO/IEC 14496-12, sections 8.2.2, 8.4.2 and 8.6.6: times are 32 bits wide in version 0
# and 64 in version 1; after two times of creation come time scale and duration.
_HEADER: Final = {0: struct.Struct(">4xIIII"), 1: struct.Struct(">4xQQIQ")}
_EDIT: Final = {0: struct.Struct(">Iihh"), 1: struct.Struct(">Qqhh")}
_TABLE_HEAD_BYTES: Final = 8  # the same, section 8.6: version, flags and number of entries
_SOUND: Final = b"soun"  # the same, section 12.2.2

_PARTS: Final = 3  # of a freeform atom: mean, name, and the first value
_VALUE_HEAD_BYTES: Final = 8  # of a "data" box: type of the value, and language
_MAX_NAME_BYTES: Final = 65_536
_MAX_SHORT_BYTES: Final = 65_536  # PAC's own values: the longest is a path, percent-encoded
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Edit:
    """
    What an edit list has players play of a track, in the track's samples.

    Attributes:
        start: Samples that are left out before.
    """

    start: int
    samples: int


@dataclass(frozen=True, slots=True)
class M4aLayout:
    """The boxes of a file with one sound track whose audio lies in one box."""

    file: BinaryIO
    boxes: tuple[Box, ...]
    movie: Box
    track: Box
    audio: Box
    size: int

    @classmethod
    def read(cls, file: BinaryIO, path: Path) -> Self:
        """
        Read the headers of the boxes.

        Raises:
            VerifyError: The file is not laid out as PAC's encoders do.
        """
        boxes, size = top_boxes(file)
        movies, audio = ([box for box in boxes if box.name == name] for name in (b"moov", b"mdat"))
        if not boxes or boxes[0].name != b"ftyp" or len(movies) != 1 or len(audio) != 1:
            raise VerifyError(f"{path.name} is not laid out as an M4A file of PAC's")
        tracks = [box for box in inner_boxes(file, movies[0]) if box.name == b"trak"]
        if len(tracks) != 1 or not _is_sound(file, tracks[0]):
            raise VerifyError(f"{path.name} has something else than one sound track")
        return cls(file, boxes, movies[0], tracks[0], audio[0], size)

    @property
    def movie_hz(self) -> int:
        """Ticks a second that edits are counted in."""
        return self._times(need_box(self.file, self.movie, b"mvhd"))[0]

    @property
    def track_times(self) -> tuple[int, int]:
        """Samples a second, and length in samples, with what the encoder put before."""
        return self._times(need_box(self.file, self.track, b"mdia", b"mdhd"))

    @property
    def channels(self) -> int:
        """That the decoder will make; 0 where nothing says so."""
        return audio_config_channels(self._table(b"stsd"))

    @property
    def frames(self) -> tuple[int, int]:
        """Number of frames, and their size in bytes together."""
        sizes = self._table(b"stsz")
        each, count = number_at(sizes, 4), number_at(sizes, 8)
        if each:
            return count, count * each
        if 12 + 4 * count != len(sizes):
            raise VerifyError("a table of frames is not as long as it says")
        return count, sum(struct.unpack_from(f">{count}I", sizes, 12))

    @property
    def frame_samples(self) -> int:
        """Of the first frame; encoders may shorten the last."""
        return number_at(self._table(b"stts"), 12)

    @property
    def edit(self) -> Edit | None:
        """
        The edit list; None without one.

        Raises:
            VerifyError: It is not the one entry that encoders write.
        """
        box = find_box(self.file, self.track, b"edts", b"elst")
        if box is None:
            return None
        data = body_of(self.file, box, most=_MAX_SHORT_BYTES)
        form = _EDIT.get(data[0] if data else -1)
        if form is None or len(data) != _TABLE_HEAD_BYTES + form.size or number_at(data, 4) != 1:
            raise VerifyError("its edit list has more than one entry, or an unknown form")
        played, start, *_speed = form.unpack_from(data, _TABLE_HEAD_BYTES)
        rate_hz, ticks = self.track_times
        if start < 0:
            raise VerifyError("its edit list holds a pause")
        # Where films are counted more coarsely than tracks, an edit may end behind the track.
        return Edit(start, min(played * rate_hz // self.movie_hz, max(0, ticks - start)))

    @property
    def chunks(self) -> tuple[Box, tuple[int, ...]]:
        """The box that says where each chunk of frames begins, and what it says."""
        tables = need_box(self.file, self.track, b"mdia", b"minf", b"stbl")
        box, form = find_box(self.file, tables, b"stco"), "I"
        if box is None:
            box, form = need_box(self.file, tables, b"co64"), "Q"
        data = body_of(self.file, box)
        count = number_at(data, 4)
        if _TABLE_HEAD_BYTES + count * struct.calcsize(form) != len(data):
            raise VerifyError("a table of chunks is not as long as it says")
        return box, struct.unpack_from(f">{count}{form}", data, _TABLE_HEAD_BYTES)

    @property
    def whole(self) -> bool:
        """Whether nothing is cut off, and all chunks lie where the audio is."""
        _box, offsets = self.chunks
        inside = all(self.audio.body <= offset <= self.audio.end for offset in offsets)
        _count, frame_bytes = self.frames
        fits = frame_bytes <= self.audio.end - self.audio.body
        return self.boxes[-1].end == self.size and inside and fits

    def pieces(self) -> Iterator[bytes]:
        """The audio, a piece at a time."""
        audio = self.audio
        for start in range(audio.body, audio.end, _PIECE_BYTES):
            end = min(audio.end, start + _PIECE_BYTES)
            yield body_of(self.file, Box(audio.name, start, start, end))

    def _table(self, name: bytes) -> bytes:
        return body_of(self.file, need_box(self.file, self.track, b"mdia", b"minf", b"stbl", name))

    def _times(self, box: Box) -> tuple[int, int]:
        data = body_of(self.file, box, most=_MAX_SHORT_BYTES)
        form = _HEADER.get(data[0] if data else -1)
        if form is None or len(data) < form.size:
            raise VerifyError(f"an MP4 header at byte {box.start} has an unknown form")
        _created, _changed, scale, ticks = form.unpack_from(data)
        if not scale:
            raise VerifyError(f"an MP4 header at byte {box.start} has no time scale")
        return scale, ticks


def freeform(file: BinaryIO, movie: Box, only: frozenset[str]) -> dict[str, str]:
    """
    The first value of each freeform atom that is asked for; nothing else is read.

    Args:
        only: Names as mutagen spells them, "----:org.pac:src_md5".

    Raises:
        VerifyError: The tags are no row of boxes.
    """
    tags = find_box(file, movie, b"udta", b"meta", b"ilst")
    found: dict[str, str] = {}
    for box in inner_boxes(file, tags) if tags else ():
        if len(found) == len(only):
            break
        if box.name != b"----":
            continue
        parts = {each.name: each for each in islice(inner_boxes(file, box), _PARTS)}
        if parts.keys() == {b"mean", b"name", b"data"}:
            mean, name = (
                body_of(file, parts[part], most=_MAX_NAME_BYTES)[4:].decode("latin-1")
                for part in (b"mean", b"name")
            )
            key = f"----:{mean}:{name}"
            if key in only and key not in found:
                value = body_of(file, parts[b"data"], most=_MAX_SHORT_BYTES)[_VALUE_HEAD_BYTES:]
                found[key] = value.decode(errors="replace")
    return found


def text_atom(file: BinaryIO, movie: Box, name: str) -> str:
    """
    The first value of an atom that holds text; "" without one.

    Args:
        name: As mutagen spells it.

    Raises:
        VerifyError: The tags are no row of boxes.
    """
    value = find_box(file, movie, b"udta", b"meta", b"ilst", name.encode("latin-1"), b"data")
    if value is None:
        return ""
    return body_of(file, value, most=_MAX_SHORT_BYTES)[_VALUE_HEAD_BYTES:].decode(errors="replace")


def number_at(data: bytes, at: int) -> int:
    """32 bits of a table."""
    if at + 4 > len(data):
        raise VerifyError("an MP4 table is cut off")
    return int.from_bytes(data[at : at + 4])


def _is_sound(file: BinaryIO, track: Box) -> bool:
    handler = find_box(file, track, b"mdia", b"hdlr")
    return handler is not None and body_of(file, handler, most=_MAX_SHORT_BYTES)[8:12] == _SOUND
