"""Chooses the passages of a recording in which traces of codecs show best; bounded memory."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pacd.analysis.pcm import Samples
from pacd.analysis.traces import Passage

SLAB: Final = 1 << 15
"""Frames that are looked at together; a passage lies within one slab."""

PASSAGE: Final = 1 << 13
"""Frames of a passage: four long frames of AAC with room to move by one."""

_BEAT: Final = 512
"""Frames over which loudness is measured: shorter than what makes an encoder use short frames."""

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
        self._slabs_per_section = 1
        self._slabs = 0

    def add(self, start: int, slab: Samples) -> None:
        """
        Take the next slab.

        Args:
            start: Index of its first frame in the file.
            slab: ``(channels, frames)``, SLAB frames; the last one may be shorter.
        """
        found = _best(start, slab)
        if found is None:
            return
        if self._slabs % self._slabs_per_section:
            self._sections[-1] = max(self._sections[-1], found, key=_quality)
        else:
            self._sections.append(found)
        self._slabs += 1
        if len(self._sections) == _MOST and self._slabs % self._slabs_per_section == 0:
            pairs = zip(self._sections[::2], self._sections[1::2], strict=True)
            self._sections = [max(pair, key=_quality) for pair in pairs]
            self._slabs_per_section *= 2

    def chosen(self) -> tuple[Passage, ...]:
        """The passages that were kept, the best first; none of silence."""
        best = sorted(self._sections, key=_quality, reverse=True)
        return tuple(each.passage for each in best if each.quality > 0)


def _quality(best: _Best) -> float:
    return best.quality


def _best(start: int, slab: Samples) -> _Best | None:
    beats = slab.shape[1] // _BEAT
    if not beats:
        return None
    steps = np.abs(np.diff(slab[:, : beats * _BEAT], axis=1, prepend=slab[:, :1]))
    loudness = steps.reshape(-1, beats, _BEAT).mean(axis=(0, 2))
    width = min(PASSAGE // _BEAT, beats)
    lasting = np.lib.stride_tricks.sliding_window_view(loudness, width).min(axis=1)
    at = int(lasting.argmax())
    samples = slab[:, at * _BEAT : at * _BEAT + width * _BEAT].copy()
    return _Best(float(lasting[at]), Passage(start + at * _BEAT, samples))
