"""Paints sound as a picture of levels over time and frequency (A5), in one pass, however long."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pacd.analysis.colours import LEVELS, ramp
from pacd.domain.figure import Figure

FLOOR_DB: Final = -120.0  # where Spek 0.8.5 ends too; the rounding noise of 16 bits is below it

_FULL_SCALE: Final = 32_768.0  # of 16 bits, whose steps samples are counted in
_OVERLAPS: Final = 8
"""So many windows cover each sample at first; only what is short stays so finely resolved."""

_SMALLEST_WINDOW: Final = 512
_FRAMES_AT_ONCE: Final = 64

Powers = NDArray[np.float32]


class Spectrogram:
    """
    A plot of `width` times `height` pixels that grows with what is added.

    Never more than twice as many columns are held as the plot has: each time they are
    full, two and two become one, and from then on a column is twice as long.
    """

    def __init__(self, rate_hz: int, width: int, height: int) -> None:
        self._rate_hz, self._width, self._height = rate_hz, width, height
        self._size = max(_SMALLEST_WINDOW, 1 << (2 * height - 1).bit_length())
        self._hop = self._size // _OVERLAPS
        window = np.hanning(self._size + 1)[:-1]
        self._window = window.astype(np.float32)
        # A sine at full scale is 0 dB: half of its amplitude is in each of two lines.
        self._unit = float((window.sum() / 2 * _FULL_SCALE) ** 2)
        self._rows = np.arange(height) * (self._size // 2) // height
        self._columns = np.zeros((2 * width, height), np.float32)
        self._filled = 0
        self._frames_each = 1  # windows in a column
        self._sum, self._summed = np.zeros(height, np.float32), 0  # of the column to come
        self._rest: NDArray[np.float32] | None = None  # samples that further windows need
        self._total = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        """
        Go on.

        Args:
            samples: (channels, frames), in steps of 16 bits; always as many channels.
        """
        if self._rest is None:  # the first window has its middle on the first sample
            self._rest = np.zeros((samples.shape[0], self._size // 2), np.float32)
        self._total += samples.shape[1]
        # Piece by piece, so that the halved overlap counts from the next piece on.
        step = self._size * _FRAMES_AT_ONCE
        for start in range(0, samples.shape[1], step):
            self._take(samples[:, start : start + step])

    @property
    def held_bytes(self) -> int:
        """How much it keeps in memory until more is added; bounded, however much that is."""
        rest = self._rest.nbytes if self._rest is not None else 0
        return self._columns.nbytes + self._sum.nbytes + rest

    def figure(self, colour: str) -> Figure:
        """
        Paint all that was added; nothing can be added any more.

        Raises:
            KeyError: No colour map bears that name.
        """
        colours = ramp(colour)
        if self._rest is not None:
            self._take(np.zeros((self._rest.shape[0], self._size // 2), np.float32))
        if self._summed:
            self._keep(self._sum / np.float32(self._summed))
        levels_db = 10 * np.log10(np.maximum(self._plot(), 1e-30))
        shades = ((levels_db - FLOOR_DB) * ((LEVELS - 1) / -FLOOR_DB)).clip(0, LEVELS - 1)
        pixels = colours[shades.round().astype(np.uint8)]
        return Figure(
            self._width,
            self._height,
            pixels.tobytes(),
            colours.tobytes(),
            self._total / self._rate_hz,
            self._rate_hz / 2,
            FLOOR_DB,
        )

    def _take(self, samples: NDArray[np.float32]) -> None:
        """Look at each window that is complete now."""
        assert self._rest is not None  # noqa: S101  # add() has made it
        self._rest = np.concatenate((self._rest, samples), axis=1)
        while (frames := (self._rest.shape[1] - self._size) // self._hop + 1) > 0:
            frames = min(frames, _FRAMES_AT_ONCE)
            views = sliding_window_view(self._rest, self._size, axis=1)[:, :: self._hop]
            spectra = np.fft.rfft(views[:, :frames] * self._window, axis=2)[:, :, :-1]
            power = (spectra.real**2 + spectra.imag**2).mean(axis=0) / np.float32(self._unit)
            rows = np.maximum.reduceat(power, self._rows, axis=1)
            taken = 0
            hop = self._hop
            for row in rows:
                self._count(row)
                taken += 1
                if self._hop != hop:
                    break
            self._rest = self._rest[:, taken * hop :]
        self._rest = self._rest.copy()  # a view would keep all that it was cut from

    def _count(self, row: Powers) -> None:
        self._sum += row
        self._summed += 1
        if self._summed == self._frames_each:
            self._keep(self._sum / np.float32(self._summed))
            self._sum[:], self._summed = 0, 0

    def _keep(self, column: Powers) -> None:
        """Put down a column, and make room for as many again when it was the last that fits."""
        self._columns[self._filled] = column
        self._filled += 1
        if self._filled == len(self._columns):
            half = self._filled // 2
            self._columns[:half] = (self._columns[0::2] + self._columns[1::2]) / 2
            self._filled = half
            if self._hop < self._size:
                self._hop *= 2
            else:
                self._frames_each *= 2

    def _plot(self) -> Powers:
        """Powers as (height, width), the highest frequency first."""
        if not self._filled:
            return np.zeros((self._height, self._width), np.float32)
        starts = np.arange(self._width) * self._filled // self._width
        sums = np.add.reduceat(self._columns[: self._filled], starts, axis=0)
        counts = np.maximum(np.diff(starts, append=self._filled), 1).astype(np.float32)
        plot: Powers = (sums / counts[:, None]).astype(np.float32).T[::-1]
        return plot
