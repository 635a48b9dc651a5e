"""The lapped transforms of AAC and Vorbis, at any offset: what their encoders quantised."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def sine(hop: int) -> Samples:
    """The sine window of two hops (ISO/IEC 14496-3, 4.6.11.3.2)."""
    return np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)).astype(np.float32)


def kaiser_bessel(hop: int, alpha: float) -> Samples:
    """The Kaiser-Bessel derived window of two hops (ISO/IEC 14496-3, 4.6.11.3.2)."""
    sums = np.cumsum(np.kaiser(hop + 1, np.pi * alpha))
    half = np.sqrt(sums[:hop] / sums[hop])
    return np.concatenate([half, half[::-1]]).astype(np.float32)


def vorbis(hop: int) -> Samples:
    """The power-complementary window of two hops (Vorbis I specification, 4.3.1)."""
    slope = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)) ** 2
    return np.sin(np.pi / 2 * slope).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Lapped:
    """
    One transform that a codec uses.

    Attributes:
        codec: As people name it.
        window: Two hops long.
        grid: Distance in samples at which frames may begin anew: the hop, or less where a
            codec changes between long and short frames.
    """

    codec: str
    window: Samples
    grid: int

    @property
    def hop(self) -> int:
        """Samples from one frame to the next, and coefficients of one."""
        return len(self.window) // 2

    def frames(self, samples: Samples) -> Samples:
        """All frames, a view: ``(..., starts, 2 * hop)`` of ``(..., samples)``."""
        return np.lib.stride_tricks.sliding_window_view(samples, 2 * self.hop, axis=-1)

    def coefficients(self, frames: Samples) -> Samples:
        """
        The orthonormal MDCT of frames, ``(..., 2 * hop)`` to ``(..., hop)``.

        White noise keeps its standard deviation.
        """
        half, hop = self.hop // 2, self.hop
        a, b, c, d = (frames[..., at : at + half] for at in range(0, 2 * hop, half))
        wa, wb, wc, wd = (self.window[at : at + half] for at in range(0, 2 * hop, half))
        folded = np.empty((*frames.shape[:-1], hop), np.float32)
        folded[..., :half] = -(c * wc)[..., ::-1] - d * wd
        folded[..., half:] = a * wa - (b * wb)[..., ::-1]
        twiddle = np.exp(-1j * np.pi * (8 * np.arange(half) + 1) / (8 * hop)).astype(np.complex64)
        packed = np.empty((*frames.shape[:-1], half), np.complex64)
        packed.real = folded[..., 0::2]
        packed.imag = folded[..., ::-1][..., 0::2]
        packed *= twiddle
        turned = np.fft.fft(packed, axis=-1)
        turned *= twiddle * np.float32(np.sqrt(2 / hop))
        folded[..., 0::2] = turned.real
        folded[..., 1::2] = -turned.imag[..., ::-1]
        return folded


AAC: Final = Lapped("AAC", kaiser_bessel(1024, 4.0), 1024)
"""Long frames as FDK and ffmpeg make them; both choose this window (tests/contract)."""

AAC_SHORT: Final = Lapped("AAC", sine(128), 128)
"""The eight short frames in place of a long one, as both make them."""

VORBIS: Final = Lapped("Vorbis", vorbis(1024), 64)
"""
Long frames of libvorbis at 44.1 and 48 kHz.

A short frame between them moves what follows by multiples of 64 samples.
"""

VORBIS_SHORT: Final = Lapped("Vorbis", vorbis(128), 64)
"""Short frames of libvorbis."""
