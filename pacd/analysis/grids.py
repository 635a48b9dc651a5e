"""Searches a recording for the frame grid of a lapped transform, and confirms it elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.lapped import Lapped
from pacd.analysis.traces import Passage, Trace
from pacd.analysis.vanishing import Counts, count

Scores = NDArray[np.float64]

_FEWEST: Final = 3
LENGTH: Final = 3 * 1024
"""Frames of a passage that are searched: a long frame at every offset, or many short ones."""

_SEARCHED: Final = 6
"""Passages in which every grid is tried."""

_CONFIRMED_IN: Final = 24
"""Passages, at most, in which a candidate is tried again."""

_WORTH_CONFIRMING: Final = 6.0
"""
Standard deviations.

Of a thousand offsets of noise the best reaches 4 to 5; one that stands out by less in every
passage is no candidate.
"""

_OFFSETS: Final = 256
"""That are transformed in each passage to confirm a candidate, its controls included."""

_MOST_CONTROLS: Final = 48
_ENOUGH: Final = 20.0
"""No passage counts for more standard deviations: one alone proves nothing."""


def trace(passages: Sequence[Passage], lapped: Lapped) -> Trace | None:
    """
    Look for the one grid on which coefficients vanish all through a recording.

    The best passages propose a grid; all the others confirm it, or do not.

    Args:
        passages: The best first.

    Returns:
        None where there is too little to compare.
    """
    searched = [each for each in passages if each.samples.shape[1] >= LENGTH][:_CONFIRMED_IN]
    if len(searched) < _FEWEST:
        return None
    # Not the best alone: where music repeats itself they are all alike.
    every = max(len(searched) // _SEARCHED, 1)
    counted = [
        count(passage, lapped, np.arange(lapped.hop), LENGTH)
        for passage in searched[::every][:_SEARCHED]
    ]
    heard = float(np.mean([counts.heard_share for counts in counted]))
    found = [_standing_out(*each, lapped) for each in zip(searched[::every], counted, strict=False)]
    scores = np.array(found)
    passage, grid = (int(index) for index in np.unravel_index(scores.argmax(), scores.shape))
    del searched[passage * every]
    if scores[passage, grid] < _WORTH_CONFIRMING:
        return Trace(lapped.codec, grid, lapped.grid, 0.0, 0, len(searched), 0.0, heard)
    return replace(_confirmed(searched, lapped, grid), heard=heard)


def _standing_out(passage: Passage, counts: Counts, lapped: Lapped) -> Scores:
    """
    By how many standard deviations of all offsets each grid stands out in one passage.

    Indexes are samples from the start of the file, modulo the grid.
    """
    best = np.zeros(lapped.hop)
    for excess in counts.excess:
        low, middle, high = np.percentile(excess, (16, 50, 84))
        best = np.maximum(best, (excess - middle) / max((high - low) / 2, 1.0))
    placed = np.roll(best, passage.start % lapped.hop)
    standing: Scores = placed.reshape(-1, lapped.grid).max(axis=0)
    return standing


def _confirmed(passages: Sequence[Passage], lapped: Lapped, grid: int) -> Trace:
    positions = lapped.hop // lapped.grid
    classes = min(_OFFSETS // positions, _MOST_CONTROLS)
    grids = (grid + np.arange(classes) * lapped.grid // classes) % lapped.grid
    places = (grids[:, None] + np.arange(positions) * lapped.grid).reshape(-1)
    total, agreeing, excess, heard = np.zeros(classes), 0, 0.0, 0.0
    for passage in passages:
        counts = count(passage, lapped, (places - passage.start) % lapped.hop, LENGTH)
        best = np.zeros(classes)
        for signal in counts.excess:
            controls = signal[positions:]
            low, middle, high = np.percentile(controls, (16, 50, 84))
            scores = (signal - middle) / max((high - low) / 2, 1.0)
            best = np.maximum(best, scores.reshape(classes, positions).max(axis=1))
        total += np.minimum(best, _ENOUGH)
        agreeing += int(best[0] > best[1:].max())
        excess += float(counts.excess[:, :positions].max(axis=1).max())
        heard += float(counts.heard[:, :positions].max())
    z = float(total[0] - total[1:].mean()) / max(float(total[1:].std()), 1.0)
    share = max(excess, 0.0) / heard if heard else 0.0
    return Trace(lapped.codec, grid, lapped.grid, z, agreeing, len(passages), share)
