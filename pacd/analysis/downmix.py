"""Which channel of surround sound goes how loud to which side of stereo; numbers only."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_HALF_POWER: Final = 0.5**0.5

_SIDES: Final[dict[int, tuple[float, float]]] = {
    0x1: (1.0, 0.0),  # front left
    0x2: (0.0, 1.0),  # front right
    0x4: (_HALF_POWER, _HALF_POWER),  # front centre
    0x8: (0.0, 0.0),  # low frequency effects
    0x10: (_HALF_POWER, 0.0),  # back left
    0x20: (0.0, _HALF_POWER),  # back right
    0x40: (1.0, 0.0),  # front left of centre
    0x80: (0.0, 1.0),  # front right of centre
    0x100: (0.5, 0.5),  # back centre
    0x200: (_HALF_POWER, 0.0),  # side left
    0x400: (0.0, _HALF_POWER),  # side right
}
"""
To the left and to the right, by the speaker's bit in WAVEFORMATEXTENSIBLE's channel mask.

Rec. ITU-R BS.775-4, annex 4, table 2, downmix to 2/0: centre and surrounds at 0.7071, a single
surround at 0.5 to both sides, and no LFE.  More surrounds than two, which it does not have, are
each treated as a surround; so does libswresample (rematrix.c, FFmpeg 5.1), and FRONT speakers
beside the centre count as the front speaker of their side.
"""

_OVERHEAD: Final = (0.5, 0.5)
"""Speakers above the listener, which no master of a FLAC file should have: as a single surround."""

# RFC 9639, section 9.1.3: which channels a FLAC file of so many has, as masks.
_MASKS: Final = (0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F)


def stereo_mix(channels: int, mask: int | None = None) -> NDArray[np.float64]:
    """
    Return the matrix that brings surround sound to stereo.

    Args:
        mask: What WAVEFORMATEXTENSIBLE_CHANNEL_MASK says; one that does not fit the number
            of channels says nothing.

    Returns:
        ``(channels, 2)``, to multiply ``(frames, channels)`` by; not scaled down: whether that
        is needed depends on the audio.
    """
    stated = _speakers(mask or 0)
    speakers = stated if len(stated) == channels else _speakers(_MASKS[channels - 1])
    return np.array([_SIDES.get(speaker, _OVERHEAD) for speaker in speakers])


def _speakers(mask: int) -> Sequence[int]:
    """The bits of a mask, lowest first: the order of the channels in the file."""
    return [1 << bit for bit in range(mask.bit_length()) if mask >> bit & 1]
