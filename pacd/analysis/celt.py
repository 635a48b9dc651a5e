"""
The lapped transform of Opus at any offset of a passage, at any sample rate; pure.

Offsets and frequencies are Opus's own, so that no passage need be resampled: its spectrum is cut
to the neighbourhood of each line, and comes back as that line at many offsets.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Spectra = NDArray[np.complex64]

CLOCK_HZ: Final = 48_000
"""Opus computes at this rate, whatever goes in or comes out (RFC 6716, 2.1.3)."""

FRAME: Final = 960
"""Samples of 48 kHz: 20 ms, what opusenc 0.2, ffmpeg 5.1 and all who keep the default make."""

FRAMES_PER_S: Final = CLOCK_HZ // FRAME
_SPACING_HZ: Final = CLOCK_HZ / (2 * FRAME)
_OVERLAP: Final = 120
"""Samples that two frames share, whatever their length (RFC 6716, 4.3.7)."""

_EMPHASIS: Final = 0.85
"""Of the filter before the transform (RFC 6716, 4.3.7.2: alpha_p = 0.8500061035)."""

STEPS: Final = 32
"""Offsets in a frame at which lines are computed; the trace is 60 samples of 48 kHz wide."""

_RAMP_S: Final = 0.0015
"""Over which a passage fades in and out: its ends would be heard at all frequencies."""

_LOWEST: Final = 240
_EMPTY: Final = 800
"""The first line of 20 kHz, above which Opus codes nothing (RFC 6716, table 55)."""

_HIGHEST: Final = 816
"""A resampler to 44.1 kHz may have cut off what is above (facts/audio.md 3)."""


@dataclass(frozen=True)
class Plan:
    """
    How passages of one length are transformed.

    Attributes:
        period: Samples of a frame at the passage's rate.
        frames: Of a passage, with silence to separate its end from its beginning; even.
        lines: That are looked at, 6 to 20.4 kHz: below, quantisers are fine.
        aside: Parts of a line's distance by which all are moved; 0 for Opus's own.
    """

    period: int
    frames: int
    lines: NDArray[np.intp]
    aside: float = 0.0

    @cached_property
    def aside_by_half(self) -> "Plan":
        """The plan for lines in the middle between these."""
        return replace(self, aside=-0.5)

    @cached_property
    def _width(self) -> int:
        return self.frames * STEPS

    @cached_property
    def _first(self) -> NDArray[np.intp]:
        """Where in a passage's spectrum the neighbourhood of each line begins."""
        middles = np.floor((self.lines + 0.5 + self.aside) * self.frames / 2).astype(np.intp)
        return middles - self._width // 2

    @cached_property
    def _emphasis(self) -> Spectra:
        frequencies = np.arange(self._first[-1] + self._width) * (FRAMES_PER_S / self.frames)
        delay = np.exp(-2j * np.pi * frequencies / CLOCK_HZ)
        filtered: Spectra = (1 - _EMPHASIS * delay).astype(np.complex64)
        return filtered

    @cached_property
    def _response(self) -> Spectra:
        """Of the window, at each frequency of a neighbourhood; the same for all lines."""
        above = (0.5 + self.aside) * self.frames / 2 % 1
        distance_hz = (self._width / 2 - np.arange(self._width) + above) * (
            FRAMES_PER_S / self.frames
        )
        turns = distance_hz[:, None] / CLOCK_HZ * _times()
        response: Spectra = (np.exp(-2j * np.pi * turns) @ _window()).astype(np.complex64)
        return response

    @cached_property
    def _frame_turns(self) -> Spectra:
        return _turned(self._first[:, None] * np.arange(self.frames) / self.frames)

    @cached_property
    def _step_turns(self) -> Spectra:
        return _turned(self._first[:, None] * np.arange(STEPS) / self._width)

    def _neighbourhoods(self, samples: Samples, offset: float) -> Spectra:
        """Of each line, ``(lines, width)``, windowed, as if the passage began at an offset."""
        ramp = self._ramp
        slope = np.sin(np.pi / 2 * (np.arange(ramp) + 0.5) / ramp).astype(np.float32) ** 2
        faded = samples.copy()
        faded[:ramp] *= slope
        faded[-ramp:] *= slope[::-1]
        spectrum: Spectra = np.fft.rfft(faded, self.frames * self.period).astype(np.complex64)
        spectrum = spectrum[: len(self._emphasis)]
        spectrum *= self._emphasis
        if offset:
            spectrum *= _turned(np.arange(len(spectrum)) * offset / (self.frames * FRAME))
        cut: Spectra = np.lib.stride_tricks.sliding_window_view(spectrum, self._width)[self._first]
        cut *= self._response
        return cut

    @property
    def _ramp(self) -> int:
        return round(_RAMP_S * FRAMES_PER_S * self.period)

    def _inside(self, offsets: NDArray[np.float64], samples: int) -> NDArray[np.bool_]:
        """Frames that hear nothing of a passage's ends; offsets in samples of 48 kHz."""
        scale = self.period / FRAME
        begin, end = self._ramp / scale, (samples - self._ramp) / scale
        inside: NDArray[np.bool_] = (offsets - _OVERLAP / 2 >= begin) & (
            offsets + FRAME + _OVERLAP / 2 <= end
        )
        return inside

    def everywhere(self, samples: Samples) -> tuple[Spectra, NDArray[np.bool_]]:
        """
        All lines at STEPS offsets in each frame, and which of these windows lie in the passage.

        Lines are ``(lines, frames, steps)``, squared they must be turned by turns_squared().
        """
        shape = (self.frames, STEPS)
        offsets = np.arange(self._width, dtype=np.float64) * (FRAME / STEPS)
        lines = np.fft.ifft(self._neighbourhoods(samples, 0.0)).astype(np.complex64)
        return lines.reshape(-1, *shape), self._inside(offsets, len(samples)).reshape(shape)

    @cached_property
    def turns_squared(self) -> tuple[Spectra, Spectra]:
        """By which squares of everywhere() are turned: ``(lines, frames)``, ``(lines, steps)``."""
        return self._frame_turns**2, self._step_turns**2

    def at(self, samples: Samples, offset: float) -> Spectra:
        """All lines of the frames that begin at one offset, ``(lines, frames in the passage)``."""
        cut = self._neighbourhoods(samples, offset)
        folded = cut.reshape(len(cut), STEPS, self.frames).sum(axis=1)
        lines: Spectra = np.fft.ifft(folded).astype(np.complex64) * self._frame_turns
        offsets = offset + FRAME * np.arange(self.frames, dtype=np.float64)
        return lines[:, self._inside(offsets, len(samples))]

    @cached_property
    def empty(self) -> slice:
        """Of the lines: those above 20 kHz."""
        return slice(_EMPTY - int(self.lines[0]), None)

    @property
    def unit(self) -> float:
        """By which squares of everywhere() are larger than those of the orthonormal transform."""
        return FRAME * (self.period / STEPS) ** 2


def plan(rate_hz: int, samples: int) -> Plan | None:
    """Make the plan for passages of some length; None where the rate has no such lines."""
    period = rate_hz // FRAMES_PER_S
    frames = -(-samples // period) + 1
    highest = int((rate_hz / 2 - STEPS * FRAMES_PER_S / 2) / _SPACING_HZ)
    if rate_hz % FRAMES_PER_S or highest < 2 * _LOWEST:
        return None
    return _plan(period, frames + frames % 2, min(highest, _HIGHEST))


@lru_cache(maxsize=8)
def _plan(period: int, frames: int, highest: int) -> Plan:
    return Plan(period, frames, np.arange(_LOWEST, highest))


def _times() -> NDArray[np.float64]:
    """Of a window's samples, from where the left overlap has its middle."""
    return np.arange(-_OVERLAP // 2, FRAME + _OVERLAP // 2, dtype=np.float64) + 0.5


def _window() -> NDArray[np.float64]:
    """Flat, with power-complementary slopes (RFC 6716, 4.3.7)."""
    slope = np.sin(np.pi / 2 * np.sin(np.pi / 2 * (np.arange(_OVERLAP) + 0.5) / _OVERLAP) ** 2)
    return np.concatenate([slope, np.ones(FRAME - _OVERLAP), slope[::-1]])


def _turned(turns: NDArray[np.floating]) -> Spectra:
    turned: Spectra = np.exp(2j * np.pi * turns).astype(np.complex64)
    return turned
