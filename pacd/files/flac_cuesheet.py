"""A cuesheet at another rate; pure."""

import struct
from dataclasses import dataclass
from typing import Final

from pacd.domain.media import AudioFormat

# RFC 9639, sections 8.7 and 8.7.1: catalogue number, lead-in, flags, reserved, number of
# tracks; of each track offset, number, ISRC, flags and reserved, number of index points; of
# each of those its offset from the track's, number, reserved.
_HEAD: Final = struct.Struct(">128sQ259sB")
_TRACK: Final = struct.Struct(">QB12s14sB")
_INDEX: Final = struct.Struct(">Q4s")
_IS_CD: Final = 0x80  # the same: the first bit of the flags
_SECTOR: Final = 588  # the same: what every offset of a CD's cuesheet is divisible by


@dataclass(slots=True)
class _Scale:
    """From samples of one rate to those of another."""

    old: AudioFormat
    new: AudioFormat
    sectors: bool = True

    def moment(self, offset: int) -> int:
        """The nearest sample to a moment; none behind the end."""
        rate_hz = self.old.sample_rate_hz
        scaled = (2 * offset * self.new.sample_rate_hz + rate_hz) // (2 * rate_hz)
        scaled = self.new.total_samples if offset >= self.old.total_samples > 0 else scaled
        self.sectors = self.sectors and scaled % _SECTOR == 0
        return min(scaled, self.new.total_samples)


def scaled(data: bytes, old: AudioFormat, new: AudioFormat) -> bytes | None:
    """
    Return a CUESHEET block whose offsets mean the same moments at another rate.

    One that claims to be a CD's and has an offset between two sectors claims it no longer.

    Returns:
        None where the block is damaged.
    """
    scale = _Scale(old, new)
    try:
        catalogue, lead_in, reserved, tracks = _HEAD.unpack_from(data)
        lead_in = lead_in * new.sample_rate_hz // old.sample_rate_hz
        position, parts = _HEAD.size, []
        for _ in range(tracks):
            part, position = _track(data, position, scale)
            parts.append(part)
    except struct.error:
        return None
    if reserved[0] & _IS_CD and not scale.sectors:
        reserved = bytes([reserved[0] & ~_IS_CD]) + reserved[1:]
    return b"".join([_HEAD.pack(catalogue, lead_in, reserved, tracks), *parts, data[position:]])


def _track(data: bytes, position: int, scale: _Scale) -> tuple[bytes, int]:
    """Return one track at the new rate, and where it ended at the old."""
    offset, number, isrc, flags, points = _TRACK.unpack_from(data, position)
    position += _TRACK.size
    start = scale.moment(offset)
    parts = [_TRACK.pack(start, number, isrc, flags, points)]
    for _ in range(points):
        behind, rest = _INDEX.unpack_from(data, position)
        position += _INDEX.size
        parts.append(_INDEX.pack(scale.moment(offset + behind) - start, rest))
    return b"".join(parts), position
