"""Audio as an MP3 decoder gives it, made of quantised granules."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.hybrid import GRANULE, SPAN, responses
from pacd.analysis.traces import Passage

Samples = NDArray[np.float32]

PASSAGE: Final = 8192
_PASSAGES: Final = 10


def music(*, granules: int = 150, seed: int = 1) -> Samples:
    """Lines of granules, ``(granules, GRANULE)``: loud below, faint above, in steps of 16 bit."""
    random = np.random.default_rng(seed)
    slope = 4000 * np.exp(-np.arange(GRANULE) / 90)
    return np.asarray(random.normal(size=(granules, GRANULE)) * slope, np.float32)


def quantised(lines: Samples, step: float) -> Samples:
    """What a layer III quantiser makes of lines (ISO/IEC 11172-3, 2.4.3.4.7.1)."""
    levels = np.floor((np.abs(lines) / step) ** 0.75 + 0.4054)
    return np.asarray(np.sign(lines) * levels ** (4 / 3) * step, np.float32)


def decoded(lines: Samples) -> Samples:
    """Granules as samples of 16 bit; the first granule's grid begins at sample 0."""
    heard = lines @ responses()
    sound = np.zeros(len(lines) * GRANULE + SPAN, np.float32)
    for at, granule in enumerate(heard):
        sound[at * GRANULE : at * GRANULE + SPAN] += granule
    return rounded(sound)


def rounded(sound: NDArray[np.floating]) -> Samples:
    return np.clip(np.round(sound), -32768, 32767).astype(np.float32)


def passages(*channels: Samples, start: int = 0) -> list[Passage]:
    """As they are chosen of a recording: ten of it, one after the other."""
    sound = np.stack(channels)
    return [
        Passage(start + at, sound[:, at : at + PASSAGE])
        for at in range(0, _PASSAGES * PASSAGE, PASSAGE)
    ]
