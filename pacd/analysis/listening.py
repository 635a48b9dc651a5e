"""The builtin detector: hears a master's samples once, as they are decoded, and judges them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.domain.media import AudioFormat
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector, Finding

_BLOCK_FRAMES: Final = 1 << 14
"""Frames that are looked at together: 128 KiB of 24-bit stereo and less stay in the cache."""

_CD_BITS: Final = 16
_BYTE_BITS: Final = 8


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
        self._width = audio.bits_per_sample // _BYTE_BITS
        self._frame_bytes = self._width * audio.channels
        self._rest = bytearray()
        self._used: NDArray[np.uint8] = np.zeros(_BLOCK_FRAMES * self._frame_bytes, np.uint8)

    def add(self, pcm: bytes) -> None:
        """Take the next piece; it may be cut anywhere."""
        self._rest += pcm
        whole = len(self._rest) - len(self._rest) % len(self._used)
        if whole:
            self._hear(self._rest[:whole])
            del self._rest[:whole]

    def finding(self) -> Finding:
        """Say what was found; nothing may be added afterwards."""
        # Zeros set no bit: they may make the last block whole.
        self._hear(self._rest.ljust(len(self._used), b"\0"))
        self._rest.clear()
        return self._about_low_bits(self._used_bits())

    def _hear(self, pcm: bytearray) -> None:
        for block in np.frombuffer(pcm, np.uint8).reshape(-1, len(self._used)):
            self._used |= block

    def _used_bits(self) -> list[int]:
        """How many of its bits each channel uses, counted from the highest; 0 for silence."""
        frames = self._used.reshape(_BLOCK_FRAMES, self._audio.channels, self._width)
        used: NDArray[np.uint8] = np.bitwise_or.reduce(frames)
        words = [int.from_bytes(channel.tobytes(), "little") for channel in used]
        bits = self._audio.bits_per_sample
        return [bits - (word & -word).bit_length() + 1 if word else 0 for word in words]

    def _about_low_bits(self, used_bits: list[int]) -> Finding:
        bits, most = self._audio.bits_per_sample, max(used_bits)
        status, sentence = Authenticity.INCONCLUSIVE, "nothing speaks for or against it"
        if not most:
            sentence = "it is silent from beginning to end"
        elif bits > _CD_BITS >= most:
            status = Authenticity.SUSPECT
            sentence = f"only {most} of its {bits} bits are ever used: it was upscaled"
        numbers = {"used_bits": used_bits, "bits": bits}
        return Finding(Detector.BUILTIN, BUILTIN_VERSION, status, sentence, numbers)
