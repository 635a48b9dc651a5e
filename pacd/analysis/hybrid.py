"""The filterbank of MP3 encoders: what each line of a granule hears of the samples."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

GRANULE: Final = 576
"""Samples from one granule to the next, and lines of one (ISO/IEC 11172-3, 2.4.2.1 and 2.4.3.4)."""

SPAN: Final = 512 + 35 * 32
"""Samples that a line hears: 36 in a row of its subband, each of 512, 32 apart."""

_SUBBANDS: Final = 32
_TAPS: Final = 512
_LONG: Final = 36
_PER_SUBBAND: Final = GRANULE // _SUBBANDS

# ISO/IEC 11172-3, table C.1, coefficients 0 to 256 in units of 2**-21: their printed values are
# these, rounded to nine places.  The other half mirrors them.
_WINDOW: Final = """
0 -1 -1 -1 -1 -1 -1 -2 -2 -2 -2 -3 -3 -4 -4 -5 -5 -6 -7 -7 -8 -9 -10 -11 -13 -14 -16 -17 -19 -21
-24 -26 -29 -31 -35 -38 -41 -45 -49 -53 -58 -63 -68 -73 -79 -85 -91 -97 -104 -111 -117 -125 -132
-139 -147 -154 -161 -169 -176 -183 -190 -196 -202 -208 213 218 222 225 227 228 228 227 224 221
215 208 200 189 177 163 146 127 106 83 57 29 -2 -36 -72 -111 -153 -197 -244 -294 -347 -401 -459
-519 -581 -645 -711 -779 -848 -919 -991 -1064 -1137 -1210 -1283 -1356 -1428 -1498 -1567 -1634
-1698 -1759 -1817 -1870 -1919 -1962 -2001 -2032 -2057 -2075 -2085 -2087 -2080 -2063 2037 2000
1952 1893 1822 1739 1644 1535 1414 1280 1131 970 794 605 402 185 -45 -288 -545 -814 -1095 -1388
-1692 -2006 -2330 -2663 -3004 -3351 -3705 -4063 -4425 -4788 -5153 -5517 -5879 -6237 -6589 -6935
-7271 -7597 -7910 -8209 -8491 -8755 -8998 -9219 -9416 -9585 -9727 -9838 -9916 -9959 -9966 -9935
-9863 -9750 -9592 -9389 -9139 -8840 -8492 -8092 -7640 -7134 6574 5959 5288 4561 3776 2935 2037
1082 70 -998 -2122 -3300 -4533 -5818 -7154 -8540 -9975 -11455 -12980 -14548 -16155 -17799 -19478
-21189 -22929 -24694 -26482 -28289 -30112 -31947 -33791 -35640 -37489 -39336 -41176 -43006
-44821 -46617 -48390 -50137 -51853 -53534 -55178 -56778 -58333 -59838 -61289 -62684 -64019
-65290 -66494 -67629 -68692 -69679 -70590 -71420 -72169 -72835 -73415 -73908 -74313 -74630
-74856 -74992 75038
"""

# ISO/IEC 11172-3, table B.9: the butterflies that reduce aliases between two subbands.
_ALIASES: Final = (-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037)


def window() -> NDArray[np.float64]:
    """The 512 coefficients of the analysis window (ISO/IEC 11172-3, table C.1)."""
    rising = np.array(_WINDOW.split(), np.float64) / 2**21
    mirrored = -rising[255:0:-1]
    mirrored[63::64] *= -1  # the table changes sign every 64 coefficients
    return np.concatenate([rising, mirrored])


def responses() -> NDArray[np.float32]:
    """
    What each line of a long granule hears: ``(GRANULE, SPAN)``.

    The product with the SPAN samples from a granule's beginning on is the line's value.  Scaled to
    unit energy: white noise keeps its standard deviation, and granules of different lines and
    places are orthogonal to within 90 dB, so the transpose is the decoder.
    """
    polyphase, modified = _polyphase(), _modified_cosines()
    lines = np.zeros((_SUBBANDS, _PER_SUBBAND, SPAN))
    for subband, taps in enumerate(polyphase):
        # Odd subbands come out of the polyphase bank upside down (ISO/IEC 11172-3, 2.4.3.4.10.3).
        signs = (-1.0) ** (subband * np.arange(_LONG))
        for step, weights in enumerate((modified * signs).T):
            at = step * _SUBBANDS
            lines[subband, :, at : at + _TAPS] += weights[:, None] * taps
    _reduce_aliases(lines)
    flat = lines.reshape(GRANULE, SPAN)
    energies = np.sum(flat**2, axis=1, keepdims=True)
    return np.asarray(flat / np.sqrt(energies), np.float32)


def _polyphase() -> NDArray[np.float64]:
    """The 32 filters, ``(subbands, taps)``, oldest sample first (ISO/IEC 11172-3, figure C.4)."""
    tap = np.arange(_TAPS) % 64
    phases = (2 * np.arange(_SUBBANDS)[:, None] + 1) * (tap - 16) * np.pi / 64
    return (window() * np.cos(phases))[:, ::-1]


def _modified_cosines() -> NDArray[np.float64]:
    """The windowed MDCT of a long block, ``(lines, steps)`` (ISO/IEC 11172-3, C.1.5.3.3)."""
    step = np.arange(_LONG)
    line = np.arange(_PER_SUBBAND)[:, None]
    cosines = np.cos(np.pi / 72 * (2 * step + 1 + 18) * (2 * line + 1))
    return np.asarray(np.sin(np.pi / 36 * (step + 0.5)) * cosines)


def _reduce_aliases(lines: NDArray[np.float64]) -> None:
    """Turn the lines next to each border of two subbands (ISO/IEC 11172-3, figure C.6)."""
    for distance, alias in enumerate(_ALIASES):
        kept, crossed = np.array([1.0, alias]) / np.hypot(1.0, alias)
        below = lines[:-1, _PER_SUBBAND - 1 - distance].copy()
        above = lines[1:, distance].copy()
        lines[:-1, _PER_SUBBAND - 1 - distance] = kept * below + crossed * above
        lines[1:, distance] = kept * above - crossed * below
