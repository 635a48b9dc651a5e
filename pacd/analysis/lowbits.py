"""Which bits of its samples a recording ever uses."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BLOCK_FRAMES: Final = 1 << 14
"""Frames that are looked at together: 128 KiB of 24-bit stereo and less stay in the cache."""

_BYTE_BITS: Final = 8


class UsedBits:
    """Collects the bits that are set in any sample of each channel; bounded memory."""

    def __init__(self, bits: int, channels: int) -> None:
        self._bits, self._channels = bits, channels
        self._width = bits // _BYTE_BITS
        self._set: NDArray[np.uint8] = np.zeros(_BLOCK_FRAMES * self._width * channels, np.uint8)

    def add(self, raw: bytes | bytearray) -> None:
        """Take whole frames, interleaved, little-endian."""
        whole = len(raw) - len(raw) % len(self._set)
        for block in np.frombuffer(raw[:whole], np.uint8).reshape(-1, len(self._set)):
            self._set |= block
        rest = np.frombuffer(raw[whole:], np.uint8)
        self._set[: len(rest)] |= rest

    def per_channel(self) -> list[int]:
        """How many of its bits each channel uses, counted from the highest; 0 for silence."""
        frames = self._set.reshape(_BLOCK_FRAMES, self._channels, self._width)
        used: NDArray[np.uint8] = np.bitwise_or.reduce(frames)
        words = [int.from_bytes(channel.tobytes(), "little") for channel in used]
        return [self._bits - (word & -word).bit_length() + 1 if word else 0 for word in words]
