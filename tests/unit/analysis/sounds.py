"""Sounds that tests of the analysis make: noise with a spectrum, and what a coder leaves of it."""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.lapped import Lapped

Samples = NDArray[np.float32]
RATE_HZ: Final = 44_100


def noise(seconds: float, *, seed: int = 1, loudness: float = 3_000, channels: int = 2) -> Samples:
    """Noise that falls with frequency as music does, ``(channels, frames)`` in steps of 16 bit."""
    frames = int(seconds * RATE_HZ)
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal((channels, frames)))
    spectrum /= np.sqrt(1 + (np.arange(spectrum.shape[1]) / spectrum.shape[1] * 22) ** 2)
    sound = np.fft.irfft(spectrum, frames)
    rounded: Samples = np.round(sound / sound.std() * loudness).astype(np.float32)
    return rounded


def coded(sound: Samples, lapped: Lapped, *, step: float, offset: int) -> Samples:
    """
    Encode and decode as a coder of frames does: quantise every coefficient, rounding at the end.

    Args:
        step: Of the quantiser; coefficients below half of it vanish.
        offset: Sample at which a frame begins.
    """
    hop = lapped.hop
    shifted = np.pad(sound, ((0, 0), (2 * hop - offset % hop, 2 * hop)))
    frames = lapped.frames(shifted)[:, ::hop]
    kept = (np.round(lapped.coefficients(frames) / step) * step).astype(np.float32)
    inverse = _inverse(kept, lapped)
    decoded = np.zeros(shifted.shape, np.float64)
    for index in range(kept.shape[1]):
        at = index * hop
        decoded[:, at : at + 2 * hop] += inverse[:, index]
    begin = 2 * hop - offset % hop
    rounded: Samples = np.round(decoded[:, begin : begin + sound.shape[1]]).astype(np.float32)
    return rounded


def _inverse(coefficients: Samples, lapped: Lapped) -> Samples:
    """By the definition of the MDCT: the transposed matrix, windowed (ISO/IEC 14496-3, 4.6.11)."""
    frames: Samples = (coefficients @ matrix(lapped.hop)) * lapped.window
    return frames


@cache
def matrix(hop: int) -> Samples:
    """The orthonormal MDCT without a window, ``(hop, 2 * hop)``."""
    time, frequency = np.arange(2 * hop) + 0.5 + hop / 2, np.arange(hop) + 0.5
    cosines = np.cos(np.pi / hop * np.outer(frequency, time)) * np.sqrt(2 / hop)
    single: Samples = cosines.astype(np.float32)
    return single


def raw(sound: Samples) -> bytes:
    """Interleaved 16-bit samples."""
    clipped = np.clip(sound.T, -32_768, 32_767)
    return clipped.astype("<i2").tobytes()
