"""The builtin detector: hears a master's samples once, as they are decoded, and judges them."""

from typing import Final

from pacd.analysis.judging import Evidence, judge
from pacd.analysis.lowbits import UsedBits
from pacd.analysis.passages import SLAB, Passages
from pacd.analysis.pcm import channels_of
from pacd.analysis.searching import traces
from pacd.analysis.spectrum import Spectrum
from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Finding

_BYTE_BITS: Final = 8
_HEARD_CHANNELS: Final = 2
"""Front left and right; a codec leaves its traces in each channel."""


class Listener:
    """
    Takes the samples of one master piece by piece, and says what it found; bounded memory.

    Samples come as ``flac --decode --force-raw-format --endian=little --sign=signed`` gives
    them: interleaved, in 1, 2, 3 or 4 whole bytes each.
    """

    def __init__(self, audio: AudioFormat) -> None:
        """
        Args:
            audio: Its depth is one of tools.samples.RAW_DEPTHS.
        """
        self._audio = audio
        self._frame_bytes = audio.bits_per_sample // _BYTE_BITS * audio.channels
        self._rest = bytearray()
        self._frames = 0
        self._used = UsedBits(audio.bits_per_sample, audio.channels)
        self._passages = Passages()
        self._spectrum = Spectrum(audio.sample_rate_hz)

    def add(self, pcm: bytes) -> None:
        """Take the next piece; it may be cut anywhere."""
        self._rest += pcm
        size = SLAB * self._frame_bytes
        whole = len(self._rest) - len(self._rest) % size
        for at in range(0, whole, size):
            self._hear(self._rest[at : at + size])
        del self._rest[:whole]

    def finding(self) -> Finding:
        """Say what was found; nothing may be added afterwards."""
        self._hear(self._rest[: len(self._rest) - len(self._rest) % self._frame_bytes])
        self._rest.clear()
        shape = self._spectrum.shape()
        return judge(
            Evidence(
                audio=self._audio,
                frames=self._frames,
                used_bits=tuple(self._used.per_channel()),
                shape=shape,
                traces=traces(self._passages.chosen(), shape, self._audio.sample_rate_hz),
            )
        )

    def _hear(self, raw: bytearray) -> None:
        if not raw:
            return
        self._used.add(raw)
        slab = channels_of(raw, self._audio.bits_per_sample, self._audio.channels)
        slab = slab[:_HEARD_CHANNELS]
        self._passages.add(self._frames, slab)
        self._spectrum.add(slab)
        self._frames += slab.shape[1]
