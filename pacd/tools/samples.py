"""Counts and hashes decoded samples as FLAC defines its audio MD5; pure."""

import hashlib
from typing import Final

from pacd.domain.media import AudioFormat

RAW_DEPTHS: Final = frozenset({8, 16, 24, 32})
"""What flac 1.4.2 decodes to and encodes from raw samples (tests/contract/test_flac.py)."""

_RIFF_HEAD_BYTES: Final = 12  # EBU Tech 3306: form, size, "WAVE"
_CHUNK_HEAD_BYTES: Final = 8
_WAV_BYTES: Final = (1 << 32) - 4096  # what 32 bits count, less a header of any kind
_BYTE_BITS: Final = 8


class SampleHash:
    """
    Takes the output of ``flac -d`` piece by piece.

    The audio MD5 is that of the interleaved samples, signed, little-endian, in as
    few whole bytes as hold them (RFC 9639, section 8.2).  Raw output is just that;
    for other depths flac writes RF64, whose samples stand in the upper bits.
    """

    def __init__(self, audio: AudioFormat, *, samples: int) -> None:
        """
        Args:
            samples: Per channel, where known, else 0; RF64 may carry a byte of padding.
        """
        self._width = (audio.bits_per_sample + 7) // 8
        self._shift = 8 * self._width - audio.bits_per_sample
        self._frame_bytes = self._width * audio.channels
        self._left_bytes = samples * self._frame_bytes or None
        self._digest = hashlib.md5(usedforsecurity=False)
        self._hashed_bytes = 0
        self._header = b"" if audio.bits_per_sample not in RAW_DEPTHS else None
        self._rest = b""

    @property
    def md5(self) -> str:
        """Of all whole samples so far, hex."""
        return self._digest.hexdigest()

    @property
    def samples(self) -> int:
        """How many there were so far, per channel."""
        return self._hashed_bytes // self._frame_bytes

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        if self._header is not None:
            self._header += piece
            start = _samples_offset(self._header)
            if start is None:
                return
            piece, self._header = self._header[start:], None
        if self._shift:
            piece = self._lowered(piece)
        self._digest.update(piece)
        self._hashed_bytes += len(piece)

    def _lowered(self, piece: bytes) -> bytes:
        """Move samples from the upper bits to the lower, one by one: such depths are rare."""
        data = (self._rest + piece)[: self._left_bytes]
        whole = len(data) - len(data) % self._width
        self._rest = data[whole:]
        if self._left_bytes is not None:
            self._left_bytes -= whole
        return b"".join(
            self._lowered_one(data[at : at + self._width]) for at in range(0, whole, self._width)
        )

    def _lowered_one(self, sample: bytes) -> bytes:
        if self._width == 1:  # WAVE counts up to eight bits from zero
            return (sample[0] - 128 >> self._shift).to_bytes(1, "little", signed=True)
        value = int.from_bytes(sample, "little", signed=True) >> self._shift
        return value.to_bytes(self._width, "little", signed=True)


def padding_misleads(audio: AudioFormat) -> bool:
    """
    Whether the byte that evens the length of a WAV file would pass for a sample (EBU Tech 3306).

    Who reads what flac 1.4.2 decodes has to heed the length in its header then, which
    tells nothing where FLAC's does not, nor beyond 4 GiB.
    """
    one_byte = audio.channels == 1 and audio.bits_per_sample <= _BYTE_BITS
    return one_byte and 0 < audio.total_samples < _WAV_BYTES


def _samples_offset(header: bytes) -> int | None:
    """Return where the samples of an RF64 file begin, or None when its header goes on."""
    position = _RIFF_HEAD_BYTES
    while position + _CHUNK_HEAD_BYTES <= len(header):
        if header[position : position + 4] == b"data":
            return position + _CHUNK_HEAD_BYTES
        position += _CHUNK_HEAD_BYTES + int.from_bytes(
            header[position + 4 : position + 8], "little"
        )
    return None
