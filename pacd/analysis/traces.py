"""Passages that are searched for the traces of codecs, and what a search found; values only."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_CONVINCING: Final = 8.0
"""Standard deviations: genuine masters stay below 7 (docs/authenticity-benchmark.md)."""

_AGREEING: Final = 2
"""Passages, at least: one alone may hold an accident."""


@dataclass(frozen=True, slots=True)
class Passage:
    """
    A stretch of audio.

    Attributes:
        start: Index of its first sample in the file.
        samples: ``(channels, frames)`` float32, in steps of 16 bit.
    """

    start: int
    samples: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Trace:
    """
    What the search for one codec's frame grid found.

    Attributes:
        codec: As people name it: "MP3", "AAC", "Vorbis" or "Opus".
        offset: Where the grid lies that fits best: samples from the start of the file, modulo
            period.
        period: Distance of two frames in samples of the file.
        z: By how many standard deviations that grid stands out from all others.
        agreeing: Passages whose own best grid it is.
        passages: Passages that were searched.
        share: Part of the coefficients that vanish on that grid, beyond what noise explains;
            0 to 1.
        heard: Part of the coefficients that were loud enough to tell anything, 0 to 1; 0 where
            it was not measured.
    """

    codec: str
    offset: float
    period: float
    z: float
    agreeing: int
    passages: int
    share: float
    heard: float = 0.0

    @property
    def convincing(self) -> bool:
        """Whether it makes a suspect: no chance, and not one passage alone."""
        return self.z >= _CONVINCING and self.agreeing >= _AGREEING
