"""FLAC frame headers and checksums, as far as finding a stream's last frame takes; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pacd.files.flac_subframes import NoSubframeError, end_of_subframes

_SYNCS: Final = (b"\xff\xf8", b"\xff\xf9")  # RFC 9639, section 9.1: fixed, variable block size
_CRC8: Final = 0x07  # RFC 9639, section 9.1.8
_CRC16: Final = 0x8005  # RFC 9639, section 9.3
_CRC_BYTES: Final = 2  # RFC 9639, section 9.3
_DEPTHS: Final = {1: 8, 2: 12, 4: 16, 5: 20, 6: 24, 7: 32}  # RFC 9639, section 9.1.4
_SIDE: Final = {0b1000: 1, 0b1001: 0, 0b1010: 1}  # RFC 9639, section 9.1.3: which one is the side
_GOES_ON: Final = 0x80  # RFC 9639, section 9.1.5: as in UTF-8, 10xxxxxx
_HEADER_BYTES: Final = 16  # RFC 9639, section 9.1: what the longest header takes


@dataclass(frozen=True, slots=True)
class Frame:
    """
    A frame as its header tells it (RFC 9639, section 9.1).

    Attributes:
        number: Of the frame, or of its first sample with a variable block size.
        samples: Per channel.
    """

    variable: bool
    number: int
    samples: int

    def end_sample(self, fixed_block: int) -> int:
        """The sample behind its last one, counted from the start of the stream."""
        first = self.number if self.variable else self.number * fixed_block
        return first + self.samples


def frame_at(data: bytes, position: int) -> Frame | None:
    """Read the frame header at a position; None where there is no sound one."""
    found = _header(data[position : position + _HEADER_BYTES])
    return found[0] if found else None


def _header(head: bytes) -> tuple[Frame, int] | None:
    """Read a frame header, and how long it is."""
    if head[:2] not in _SYNCS or len(head) < 6 or head[3] & 1:  # noqa: PLR2004  # shortest header
        return None
    number, cursor = _coded_number(head)
    block, rate = head[2] >> 4, head[2] & 0xF
    if number is None or block == 0 or rate == 0xF:  # noqa: PLR2004  # RFC 9639, 9.1.1 and 9.1.2
        return None
    samples, cursor = _block_size(head, block, cursor)
    cursor += {0xC: 1, 0xD: 2, 0xE: 2}.get(rate, 0)  # RFC 9639, section 9.1.2
    if cursor >= len(head) or _crc8(head[:cursor]) != head[cursor]:
        return None
    return Frame(bool(head[1] & 1), number, samples), cursor + 1


def frames_from_end(data: bytes) -> Iterator[tuple[int, Frame]]:
    """Yield (position, frame) of whatever looks like a frame header, last first."""
    position = len(data)
    while (position := data.rfind(b"\xff", 0, position)) >= 0:
        frame = frame_at(data, position)
        if frame:
            yield position, frame


def is_whole(data: bytes, depth: int) -> bool:
    """Whether the bytes are one frame with its checksum, and nothing more; as frame_ends()."""
    return frame_ends(data, depth)[-1:] == [len(data)]


def frame_ends(data: bytes, depth: int) -> list[int]:
    """
    List the lengths at which the bytes are a frame with a sound checksum.

    Zero bytes behind a frame change nothing about its checksum.  Up to two are taken for the
    frame's; of more its subframes tell whose they are: the last frame of one file in 65,536 has
    a checksum of zero, behind zeros of its own where it ends in silence.

    Args:
        depth: Bits per sample as STREAMINFO tells, for frames that do not.
    """
    runs = _sound_runs(data)
    unclear = any(stop - start > _CRC_BYTES for start, stop in runs)
    measured = frame_bytes(data, depth) if unclear else 0  # once: made to, each byte begins a run
    return [_end(start, stop, measured) for start, stop in runs]


def _end(start: int, stop: int, measured: int) -> int:
    """Which of the lengths at which the checksum is sound is the frame's."""
    if stop - start <= _CRC_BYTES:
        return stop
    return measured if start <= measured <= stop else start


def frame_bytes(data: bytes, depth: int) -> int:
    """
    Measure the frame that data begins with by its subframes, its checksum included.

    Returns:
        0 where there is no sound header, or the subframes make no sense.
    """
    found = _header(data[:_HEADER_BYTES])
    if found is None:
        return 0
    frame, header_bytes = found
    try:
        end = end_of_subframes(data, header_bytes, _depths(data, depth), frame.samples)
    except NoSubframeError:
        return 0
    return end + _CRC_BYTES


def _depths(head: bytes, depth: int) -> tuple[int, ...]:
    """Bits per sample of each channel (RFC 9639, sections 9.1.3 and 9.1.4)."""
    depth = _DEPTHS.get(head[3] >> 1 & 0b111, depth)
    code = head[3] >> 4
    if code in _SIDE:
        return (depth + 1, depth) if _SIDE[code] == 0 else (depth, depth + 1)
    return (depth,) * (code + 1)


def _sound_runs(data: bytes) -> list[tuple[int, int]]:
    """List the first and last of consecutive lengths at which the checksum is sound."""
    runs: list[tuple[int, int]] = []
    crc = 0
    for length, byte in enumerate(data, start=1):
        crc = (crc << 8 & 0xFFFF) ^ _CRC16_TABLE[crc >> 8 ^ byte]
        if crc == 0 and runs and runs[-1][1] == length - 1:
            runs[-1] = (runs[-1][0], length)
        elif crc == 0:
            runs.append((length, length))
    return runs


def _coded_number(head: bytes) -> tuple[int | None, int]:
    """Return the coded number (RFC 9639, section 9.1.5) and where it ends."""
    first = head[4]
    leading = 8 - (first ^ 0xFF).bit_length()
    if leading == 0:
        return first, 5
    end = 4 + leading
    tail = head[5:end]
    goes_on = len(tail) == leading - 1 and all(byte & 0xC0 == _GOES_ON for byte in tail)
    if leading in {1, 8} or not goes_on:
        return None, 5
    number = first & (0x7F >> leading)
    for byte in tail:
        number = number << 6 | byte & 0x3F
    return number, end


def _block_size(head: bytes, code: int, cursor: int) -> tuple[int, int]:
    """Return the samples of a block (RFC 9639, section 9.1.1) and where the header goes on."""
    extra = {6: 1, 7: 2}.get(code, 0)
    if extra:
        return int.from_bytes(head[cursor : cursor + extra]) + 1, cursor + extra
    if code == 1:
        return 192, cursor
    return (576 << (code - 2) if code < 6 else 256 << (code - 8)), cursor  # noqa: PLR2004  # 9.1.1


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8_TABLE[crc ^ byte]
    return crc


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table: list[int] = []
    for byte in range(256):
        crc = byte << (bits - 8)
        for _bit in range(8):
            crc = (crc << 1 ^ polynomial if crc & top else crc << 1) & mask
        table.append(crc)
    return tuple(table)


_CRC8_TABLE: Final = _table(_CRC8, 8)
_CRC16_TABLE: Final = _table(_CRC16, 16)
