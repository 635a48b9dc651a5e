"""Takes audio back to the sample rate that it had before it was resampled; pure."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.traces import Passage

_TAPER: Final = 200
"""Samples at either end that are faded, for a passage does not go on where it began."""

_EDGE: Final = 224
"""Samples of the former rate at either end that are left out: they hear the fade."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A file that once had ``former`` samples where it now has ``present``; in lowest terms."""

    present: int
    former: int


SAME: Final = Ratio(1, 1)

_FORMER: Final = MappingProxyType({44_100: (Ratio(147, 160),), 48_000: (Ratio(160, 147),)})
"""Rates from which and to which people resample."""


def former_rates(rate_hz: int) -> tuple[Ratio, ...]:
    """What audio of this rate may have been resampled from, as far as codecs have such rates."""
    return _FORMER.get(rate_hz, ())


def rebased(passage: Passage, ratio: Ratio, most: int) -> Passage:
    """
    A passage as it was before it was resampled, counted in samples of that rate.

    Exact where the resampler was of linear phase and without delay, as those of SoX, soxr and
    ffmpeg are, and the file was not trimmed since; from there to the narrower of the two bands.

    Args:
        most: Samples that are given back; fewer where the passage is too short.
    """
    if ratio == SAME:
        return passage
    first = -(-passage.start // ratio.present)
    into = first * ratio.present - passage.start
    steps = (passage.samples.shape[1] - into) // ratio.present
    samples = passage.samples[:, into : into + steps * ratio.present]
    length = steps * ratio.former
    spectrum = np.fft.rfft(samples * _fade(samples.shape[1]))[:, : length // 2 + 1]
    former = np.fft.irfft(spectrum, length) * np.float32(ratio.former / ratio.present)
    kept = former[:, _EDGE : length - _EDGE][:, :most]
    return Passage(first * ratio.former + _EDGE, np.asarray(kept, np.float32))


def _fade(length: int) -> NDArray[np.float32]:
    rising = np.sin(np.pi / 2 * (np.arange(_TAPER) + 0.5) / _TAPER) ** 2
    fade = np.ones(length, np.float32)
    fade[:_TAPER] = rising
    fade[-_TAPER:] = rising[::-1]
    return fade
