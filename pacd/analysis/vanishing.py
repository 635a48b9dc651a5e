"""Counts the coefficients that vanish where their neighbourhood is loud: a quantiser's zeros."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.lapped import Lapped, Samples
from pacd.analysis.traces import Passage

_GROUPS: Final = 64
"""Of one frame; wide enough for a local level, no wider than the bands of AAC and Vorbis."""

_SMALLEST_GROUP: Final = 8
_LOWEST: Final = 1 / 12
"""Part of the spectrum that is left out: below, encoders leave few zeros and tones many."""

_CHUNK: Final = 128
"""Offsets transformed at once: their frames stay in the processor's cache."""

SMALL: Final = 1.0
"""Steps of 16 bit.  Rounding leaves 0.29 of them in a coefficient that was zero (uniform noise)."""

_LOUD: Final = 6.0
"""Mean magnitude of a group, in steps of 16 bit, below which zeros prove nothing."""

_DENSITY_AT_0: Final = 0.64
"""P(|x| < s) of a Gaussian is 0.64 s / mean(|x|) for small s: sqrt(2/pi) squared."""

SIGNALS: Final = 4
"""Left, right, mid and side: encoders choose for each band."""


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What was counted at some offsets of one passage.

    Attributes:
        excess: ``(SIGNALS, offsets)`` vanishing coefficients beyond what chance explains.
        heard: ``(SIGNALS, offsets)`` coefficients that were loud enough to tell.
        coefficients: That were looked at for each signal and offset.
    """

    excess: NDArray[np.float32]
    heard: NDArray[np.float32]
    coefficients: int

    @property
    def heard_share(self) -> float:
        """Part of the coefficients of the loudest signal that could tell; 0 to 1."""
        return float(self.heard.mean(axis=1).max()) / self.coefficients


def count(passage: Passage, lapped: Lapped, offsets: NDArray[np.intp], length: int) -> Counts:
    """
    Count at the given offsets from the beginning of a passage.

    Args:
        offsets: Below one hop.
        length: Samples of the passage that are looked at; two hops and the largest offset at
            least.
    """
    frames = lapped.frames(passage.samples[:, :length])
    every = range(0, frames.shape[1] - int(offsets.max()), lapped.hop)
    excess = np.zeros((SIGNALS, len(offsets)), np.float32)
    heard = np.zeros((SIGNALS, len(offsets)), np.float32)
    for at in range(0, len(offsets), _CHUNK):
        part = slice(at, at + _CHUNK)
        for start in every:
            spectra = lapped.coefficients(frames[:, start + offsets[part]])
            for signal, spectrum in enumerate(_signals(spectra)):
                beyond, loud = _vanishing(_grouped(spectrum))
                excess[signal, part] += beyond
                heard[signal, part] += loud
    return Counts(excess, heard, len(every) * (lapped.hop - _lowest(lapped.hop)))


def _signals(spectra: Samples) -> Iterator[Samples]:
    """Left, right, mid, side; of one channel, or of two that are the same, only that one."""
    yield spectra[0]
    if len(spectra) == 1:
        return
    left, right = spectra
    yield right
    yield (left + right) * np.float32(0.5)
    yield (left - right) * np.float32(0.5)


def _grouped(spectra: Samples) -> Samples:
    """The spectra without their lowest part, ``(offsets, groups, coefficients)``."""
    hop = spectra.shape[-1]
    return spectra[:, _lowest(hop) :].reshape(len(spectra), -1, _group(hop))


def _group(hop: int) -> int:
    return max(hop // _GROUPS, _SMALLEST_GROUP)


def _lowest(hop: int) -> int:
    return round(hop * _LOWEST / _group(hop)) * _group(hop)


def _vanishing(spectra: Samples) -> tuple[Samples, Samples]:
    """Of each row of groups: zeros beyond chance, and coefficients in groups that are loud."""
    magnitudes = np.abs(spectra)
    group = magnitudes.shape[-1]
    ones = np.ones(group, np.float32)
    level = magnitudes @ (ones / np.float32(group))
    small = (magnitudes < SMALL).astype(np.float32) @ ones
    loud = level > _LOUD
    chance = group * _DENSITY_AT_0 * SMALL / np.maximum(level, _LOUD)
    return np.where(loud, small - chance, 0).sum(axis=-1), loud.sum(axis=-1) * np.float32(group)
