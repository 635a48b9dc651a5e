"""Samples as flac writes them raw, as numbers."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_BYTE_BITS: Final = 8
_CD_BITS: Final = 16


def integers(raw: bytes | bytearray, bits: int) -> NDArray[np.int32]:
    """
    Read signed little-endian samples of 1, 2, 3 or 4 whole bytes.

    Samples of three bytes come out in the upper bytes of four: they are 256 times as large.
    """
    width = bits // _BYTE_BITS
    if width != 3:  # noqa: PLR2004 -- the one width that numpy does not know
        return np.frombuffer(raw, f"<i{width}").astype(np.int32)
    wide = np.zeros((len(raw) // width, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, width)
    return wide.view("<i4").reshape(-1).astype(np.int32, copy=False)


def channels_of(raw: bytes | bytearray, bits: int, channels: int) -> Samples:
    """Interleaved samples as ``(channels, frames)`` float32, in steps of 16 bit."""
    container = 32 if bits == 24 else bits  # noqa: PLR2004 -- see integers()
    scale = np.float32(2.0 ** (_CD_BITS - container))
    frames = integers(raw, bits).reshape(-1, channels)
    return np.ascontiguousarray(frames.T, dtype=np.float32) * scale
