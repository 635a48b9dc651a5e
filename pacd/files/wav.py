"""Writes samples as a plain WAV file of 16 bits, for programs that read nothing else."""

import struct
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pacd.domain.media import AudioFormat
from pacd.errors import ToolError
from pacd.files.regular import open_own

_BITS: Final = 16
_BYTES: Final = 2
_PCM: Final = 1  # RFC 2361, section 4: WAVE_FORMAT_PCM
_HEADER_BYTES: Final = 44  # RIFF 12, fmt 8 + 16, data 8 (Microsoft and IBM, RIFF 1.0, 1991)
_MAX_DATA_BYTES: Final = (1 << 32) - 1 - _HEADER_BYTES


class WavWriter:
    """
    Takes raw samples of 8, 16, 24 or 32 bits piece by piece; of each the upper 16 bits are kept.

    A context manager: the header is true once the block has ended well.
    """

    def __init__(self, path: Path, audio: AudioFormat) -> None:
        self._audio = audio
        self._width = audio.bits_per_sample // 8
        self._file = open_own(path, empty=True)
        self._rest = b""
        self._data_bytes = 0

    def __enter__(self) -> Self:
        self._file.write(bytes(_HEADER_BYTES))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._file:
            if kind is None:
                self._file.seek(0)
                self._file.write(self._header())

    def add(self, pcm: bytes) -> None:
        """
        Write the next piece: signed, little-endian, interleaved; it may be cut anywhere.

        Raises:
            ToolError: It is more than a WAV file can hold.
            OSError: The disk takes no more.
        """
        data = self._rest + pcm
        whole = len(data) - len(data) % self._width
        self._rest = data[whole:]
        words = self._sixteen(data[:whole])
        self._data_bytes += len(words)
        if self._data_bytes > _MAX_DATA_BYTES:
            raise ToolError("it is longer than a WAV file can be")
        self._file.write(words)

    def _sixteen(self, samples: bytes) -> bytes:
        if self._width == _BYTES:
            return samples
        words = bytearray(len(samples) // self._width * _BYTES)
        words[1::_BYTES] = samples[self._width - 1 :: self._width]
        if self._width > _BYTES:
            words[0::_BYTES] = samples[self._width - 2 :: self._width]
        return bytes(words)

    def _header(self) -> bytes:
        rate_hz, channels = self._audio.sample_rate_hz, self._audio.channels
        frame_bytes = channels * _BYTES
        shape = (_PCM, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, _BITS)
        head = struct.pack("<4sI4s", b"RIFF", _HEADER_BYTES - 8 + self._data_bytes, b"WAVE")
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, *shape)
        return head + form + struct.pack("<4sI", b"data", self._data_bytes)
