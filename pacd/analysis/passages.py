"""Chooses the passages of a recording in which traces of codecs show best; bounded memory."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pacd.analysis.pcm import Samples
from pacd.analysis.traces import Passage

SLAB: Final = 1 << 15
"""Frames that are heard together."""

_STRETCH: Final = 1 << 14
"""Frames of which the best passage is taken: short recordings have few to choose from."""

PASSAGE: Final = 1 << 13
"""Frames of a passage: four long frames of AAC with room to move by one."""

_BEAT: Final = 512
"""Frames over which loudness is measured: shorter than what makes an encoder use short frames."""

_CLIPPED: Final = 0.9999
_SPOILT: Final = 0.1
_A_FEW: Final = 3
"""Beats with so many samples at the highest peak so far are clipped; clipping spoils zeros."""

_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class _Best:
    quality: float
    passage: Passage


class Passages:
    """
    Keeps the best passage of each section of what it hears: 32 to 64 of a long recording.

    Good is what is loud at high frequencies from its beginning to its end: encoders use long
    frames there, and what they leave out is missed.
    """

    def __init__(self) -> None:
        self._sections: list[_Best] = []
        self._stretches_per_section = 1
        self._stretches = 0
        self._peak = 0.0

    def add(self, start: int, slab: Samples) -> None:
        """
        Take the next slab.

        Args:
            start: Index of its first frame in the file.
            slab: ``(channels, frames)``, SLAB frames; the last one may be shorter.
        """
        self._peak = max(self._peak, float(np.abs(slab).max(initial=0)))
        for at in range(0, slab.shape[1], _STRETCH):
            found = _best(start + at, slab[:, at : at + _STRETCH], self._peak * _CLIPPED)
            if found is not None:
                self._take(found)

    def _take(self, found: _Best) -> None:
        if self._stretches % self._stretches_per_section:
            self._sections[-1] = max(self._sections[-1], found, key=_quality)
        else:
            self._sections.append(found)
        self._stretches += 1
        if len(self._sections) == _MOST and self._stretches % self._stretches_per_section == 0:
            pairs = zip(self._sections[::2], self._sections[1::2], strict=True)
            self._sections = [max(pair, key=_quality) for pair in pairs]
            self._stretches_per_section *= 2

    def chosen(self) -> tuple[Passage, ...]:
        """The passages that were kept, the best first; none of silence."""
        best = sorted(self._sections, key=_quality, reverse=True)
        return tuple(each.passage for each in best if each.quality > 0)


def _quality(best: _Best) -> float:
    return best.quality


def _best(start: int, stretch: Samples, ceiling: float) -> _Best | None:
    beats = stretch.shape[1] // _BEAT
    if not beats:
        return None
    whole = stretch[:, : beats * _BEAT].reshape(len(stretch), beats, _BEAT)
    loudness = np.abs(np.diff(whole, axis=2)).mean(axis=(0, 2))
    clipped = np.count_nonzero(np.abs(whole) >= ceiling, axis=(0, 2)) >= _A_FEW
    loudness[clipped] *= _SPOILT
    width = min(PASSAGE // _BEAT, beats)
    lasting = np.lib.stride_tricks.sliding_window_view(loudness, width).min(axis=1)
    at = int(lasting.argmax())
    samples = stretch[:, at * _BEAT : at * _BEAT + width * _BEAT].copy()
    return _Best(float(lasting[at]), Passage(start + at * _BEAT, samples))
