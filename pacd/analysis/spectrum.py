"""The spectrum of a whole recording: where it ends, what is left above, and holes below."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.pcm import Samples

Levels = NDArray[np.float64]

_BLOCK: Final = 4096
"""Frames of one transform: 93 ms and bins of 11 Hz at 44.1 kHz."""

_BAND: Final = 8
"""Bins of one band."""

_BANDS: Final = _BLOCK // 2 // _BAND
_MOST_SLABS: Final = 1024
_FULL_SCALE: Final = 2.0**15

_LOUD_DB: Final = 20.0
"""Slabs this far below the loudest one do not count: their treble lies in the noise."""

_LOWEST_EDGE_HZ: Final = 4_000.0
_SHOULDER_HZ: Final = 1_000.0
"""Width below an edge over which the level before it is taken."""

_SLOPE_HZ: Final = 500.0
"""An edge that needs more than this to fall is a slope (facts/audio.md 3, whole-file rule)."""

_ROUNDING_DB: Final = -131.0
"""
What rounding to 16 bit leaves in one bin.

Uniform noise of 1/12 square steps is 98.1 dB below a full-scale sine (IEC 61606), spread over 2,048
bins, with 1.8 dB for the noise bandwidth of a Hann window (Harris 1978, table 1) and 3 dB because a
sine has half the power of its peak.
"""

_HOLE_DB: Final = _ROUNDING_DB + 8.0
_AROUND_HOLE_DB: Final = _ROUNDING_DB + 25.0
_REACH: Final = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """
    What the spectrum of the loud passages is like.

    Levels are in dB: a full-scale sine reaches 0 in one bin.

    Attributes:
        edge_hz: Where it ends most steeply; the end of all spectra where nothing is steep.
        drop_db: By how much it falls there within 500 Hz and never rises again in any passage.
        floor_db: Mean level above the edge.
        holes: Part of the bands below the edge, 0 to 1, that are empty while both sides are loud.
    """

    edge_hz: float
    drop_db: float
    floor_db: float
    holes: float


class Spectrum:
    """Takes a recording slab by slab; bounded memory."""

    def __init__(self, rate_hz: int) -> None:
        self._band_hz = rate_hz / _BLOCK * _BAND
        self._window = np.hanning(_BLOCK).astype(np.float32)
        self._scale = 2.0 / self._window.sum() / _FULL_SCALE
        self._slabs: list[Levels] = []
        self._slabs_per_entry = 1
        self._pending: list[Levels] = []
        self._holes = self._bands = 0

    def add(self, slab: Samples) -> None:
        """Take the next slab, ``(channels, frames)`` in steps of 16 bit."""
        channels, frames = slab.shape
        blocks = frames // _BLOCK
        if not blocks:
            return
        cut = slab[:, : blocks * _BLOCK].reshape(channels, blocks, _BLOCK)
        # Channels take turns: half the work, and music is seldom long on one side alone.
        turns = cut[np.arange(blocks) % channels, np.arange(blocks)]
        powers = np.abs(np.fft.rfft(turns * self._window))[:, :-1] ** 2
        bands = powers.reshape(blocks, _BANDS, _BAND).mean(axis=2) * self._scale**2
        self._count_holes(bands)
        self._keep(bands.mean(axis=0, dtype=np.float64))

    def shape(self) -> Shape | None:
        """What it is like; None of silence, or of what is shorter than one block."""
        kept = [*self._slabs, *([np.mean(self._pending, axis=0)] if self._pending else [])]
        slabs = np.array(kept)
        if not slabs.size or not slabs.any():
            return None
        totals = slabs.sum(axis=1)
        loud = slabs[totals >= totals.max() * _ratio(-_LOUD_DB)]
        mean, peak = _db(loud.mean(axis=0)), _db(loud.max(axis=0))
        edge, drop = self._edge(mean, peak)
        above = min(edge + self._bands_in(_SLOPE_HZ), _BANDS - 1)
        floor = float(_db(loud.mean(axis=0)[above:].mean()))
        holes = self._holes / self._bands if self._bands else 0.0
        return Shape(edge * self._band_hz, drop, floor, holes)

    def _edge(self, mean: Levels, peak: Levels) -> tuple[int, float]:
        """The band at which the level falls most, for good and within the width of a slope."""
        shoulder, slope = self._bands_in(_SHOULDER_HZ), self._bands_in(_SLOPE_HZ)
        best, depth = _BANDS - slope - 1, 0.0
        for band in range(self._bands_in(_LOWEST_EDGE_HZ), _BANDS - slope - 1):
            drop = float(np.median(mean[band - shoulder : band]) - peak[band + slope :].max())
            if drop > depth:
                best, depth = band, drop
        halfway = float(np.median(mean[max(best - shoulder, 0) : best])) - depth / 2
        fallen = np.flatnonzero(mean[best : best + slope + 1] < halfway)
        return best + int(fallen[0] if depth and fallen.size else 0), depth

    def _bands_in(self, width_hz: float) -> int:
        return max(round(width_hz / self._band_hz), 1)

    def _count_holes(self, bands: NDArray[np.float32]) -> None:
        levels = _db(bands)
        loud = levels > _AROUND_HOLE_DB
        between = loud[:, : -2 * _REACH] & loud[:, 2 * _REACH :]
        self._bands += int(between.sum())
        self._holes += int((between & (levels[:, _REACH:-_REACH] < _HOLE_DB)).sum())

    def _keep(self, levels: Levels) -> None:
        self._pending.append(levels)
        if len(self._pending) < self._slabs_per_entry:
            return
        self._slabs.append(np.mean(self._pending, axis=0))
        self._pending.clear()
        if len(self._slabs) == _MOST_SLABS:
            pairs = np.array(self._slabs).reshape(-1, 2, _BANDS)
            self._slabs = list(pairs.mean(axis=1))
            self._slabs_per_entry *= 2


def _ratio(level_db: float) -> float:
    return float(10 ** (level_db / 10))


def _db(powers: Levels | NDArray[np.float32]) -> Levels:
    return 10 * np.log10(np.maximum(powers, 1e-20, dtype=np.float64))
