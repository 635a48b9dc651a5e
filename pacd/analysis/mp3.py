"""
Searches a recording for the grid on which an MP3 encoder quantised it; pure.

On that grid, and on no other, the lines that the encoder rounded to zero are zero again, but for
the rounding to 16 bit.  All 576 places of the grid are tried in a few loud passages.
"""

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.hybrid import GRANULE, SPAN, responses
from pacd.analysis.rebasing import SAME, Ratio, former_rates, rebased
from pacd.analysis.traces import Passage, Trace

Samples = NDArray[np.float32]

_RATES_HZ: Final = frozenset((16000, 22050, 24000, 32000, 44100, 48000))
"""Of layer III: ISO/IEC 11172-3, 2.4.2.3, and ISO/IEC 13818-3, 2.4.2.3; all have one filterbank."""

_BLOCK: Final = 8192
"""Samples that are transformed together."""

_STRIDE: Final = (_BLOCK - SPAN + 1) // GRANULE * GRANULE
"""From block to block: places in a whole one where a granule could begin."""

_BLOCKS: Final = 8
"""That are searched: 2 of them would do for most fakes, quiet ones of 320 kbit/s need more."""

_RESAMPLED_BLOCKS: Final = 4
"""That are searched for the grid of another rate, which is rarer."""

_MOST_BLOCKS: Final = 32
_HINT: Final = 4.5
_CERTAIN: Final = 12.0
"""
Standard deviations between which more blocks are searched, up to the most.

One in thirty genuine masters reaches the lower, none of three hundred 5.2.
"""

_LINES: Final = np.arange(20, 420, 2)
"""
That are looked at, 0.8 to 16 kHz at 44.1 kHz.

Below, quantisers are fine and tones leave gaps of their own; above, LAME codes nothing at 128
kbit/s.  Every second one tells nearly as much as all.
"""

_TOGETHER: Final = 20
"""Lines transformed at once: they stay in the processor's cache."""

_SMALL: Final = 1.5
"""Steps of 16 bit.  A zero comes back with a deviation of 0.29, and 0.6 after gain and dither."""

_COMMON: Final = 0.3
"""Where more of a line's values are small, wherever the grid lies, their being so says nothing."""

_RARE: Final = 0.01
"""Rarer still than this, and a small value proves no more: one grid in 576 may be the right one."""

_NEIGHBOURS: Final = 8
"""Places on either side that a place is compared with: music changes slower than a grid."""

_MOST: Final = 8.0
"""No granule counts for more standard deviations: one attack out of silence proves nothing."""

_RUNNER_UP: Final = 3.5
"""Standard deviations that the second best of 576 normal deviates reaches (expectation: 3.0)."""

_NORMAL: Final = 1.4826
"""Standard deviation of a normal distribution whose median magnitude is one."""

_LOUDEST: Final = 0.9999
_DITHERED: Final = 2.0
"""So near to the highest peak, less so many steps, samples count as clipped: they spoil zeros."""

_CLIPPED: Final = 0.1
"""What a clipped frame is worth: less than the faintest other one, more than silence."""

_FRAME: Final = 1024
"""Samples over which loudness is measured."""


@dataclass(frozen=True, slots=True)
class _Block:
    quality: float
    passage: Passage


@dataclass(frozen=True, slots=True)
class _Votes:
    """
    What one block says; places are counted from the start of the file, modulo GRANULE.

    Attributes:
        granules: That were looked at, at every place.
        scores: ``(places,)`` sums over granules of standard deviations.
        small: ``(places,)`` values that vanished.
        heard: Values per place that were looked at.
    """

    granules: int
    scores: NDArray[np.float64]
    small: NDArray[np.float64]
    heard: int


def mp3_trace(passages: Sequence[Passage], rate_hz: int) -> Trace | None:
    """
    Look for the one grid on which lines of MP3 vanish all through a recording.

    A gain, a trim and dither leave the grid where it was.  At 44.1 and 48 kHz the other of the two
    is tried as well: a resampler keeps the grid, until the file is trimmed.

    Args:
        passages: Of 8192 samples or more each; loud and steady ones tell most.

    Returns:
        A ``z`` of 8 or more proves MP3 (measured: docs/authenticity-mp3.md).  None where nothing
        can be said: no such passage, hardly any sound above 0.8 kHz, or a rate that MP3 does not
        have.
    """
    if rate_hz not in _RATES_HZ:
        return None
    blocks = _best_blocks(passages)
    found = [_trace(blocks, SAME, _BLOCKS)]
    found += [_trace(blocks, each, _RESAMPLED_BLOCKS) for each in former_rates(rate_hz)]
    return max((each for each in found if each), key=lambda trace: trace.z, default=None)


def _trace(blocks: Sequence[Passage], ratio: Ratio, first: int) -> Trace | None:
    """Search the first blocks, and all of them where those leave doubt."""
    votes = _all_votes(blocks[:first], ratio)
    if not votes:
        return None
    trace = _told(votes, ratio)
    if _HINT <= trace.z < _CERTAIN and len(blocks) > first:
        trace = _told([*votes, *_all_votes(blocks[first:], ratio)], ratio)
    return trace


def _all_votes(blocks: Sequence[Passage], ratio: Ratio) -> list[_Votes]:
    return [each for block in blocks if (each := _votes(rebased(block, ratio, _BLOCK)))]


def _told(votes: Sequence[_Votes], ratio: Ratio) -> Trace:
    """What all votes say together."""
    total = np.sum([each.scores for each in votes], axis=0)
    place, z = _outstanding(total, sum(each.granules for each in votes))
    apart = np.array([each.scores.argmax() for each in votes]) - place
    small = np.sum([each.small for each in votes], axis=0)
    stretch = ratio.present / ratio.former
    return Trace(
        codec="MP3",
        offset=place * stretch,
        period=GRANULE * stretch,
        z=z,
        agreeing=int(np.isin(apart % GRANULE, (0, 1, GRANULE - 1)).sum()),
        passages=len(votes),
        share=float(small[place] - small.mean()) / sum(each.heard for each in votes),
    )


def _outstanding(total: NDArray[np.float64], granules: int) -> tuple[int, float]:
    """
    The best place, and by how many standard deviations it stands out.

    What repeats itself with the grid's own period (a tone of 76.6 Hz, to the sample) has many good
    places: the runner-up says how wide they scatter.
    """
    above = total - np.median(total)
    place = int(above.argmax())
    near = (place + np.arange(-2, 3)) % GRANULE
    runner_up = float(np.delete(above, near).max())
    deviation = _NORMAL * float(np.median(np.abs(above)))
    floor = 0.5 * float(np.sqrt(granules))
    return place, float(above[place]) / max(deviation, floor, runner_up / _RUNNER_UP)


def _best_blocks(passages: Sequence[Passage]) -> list[Passage]:
    """The blocks with most to quantise, and without clipping as far as possible."""
    peak = max((float(np.abs(each.samples).max(initial=0)) for each in passages), default=0.0)
    ceiling = _LOUDEST * peak - _DITHERED
    blocks = [
        _Block(_quality(samples, ceiling), Passage(passage.start + at, samples))
        for passage in passages
        for at in range(0, passage.samples.shape[1] - _BLOCK + 1, _STRIDE)
        for samples in (passage.samples[:2, at : at + _BLOCK],)
    ]
    best = sorted(blocks, key=lambda block: block.quality, reverse=True)[:_MOST_BLOCKS]
    return [block.passage for block in best if block.quality > 0]


def _quality(samples: Samples, ceiling: float) -> float:
    """Mean logarithm of the power of what is searched, where it lasts and nothing clips."""
    frames = samples.reshape(len(samples), -1, _FRAME)
    spectra = np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32))
    heard = spectra[..., _LINES[0] * _FRAME // (2 * GRANULE) : _LINES[-1] * _FRAME // (2 * GRANULE)]
    power = (heard.real**2 + heard.imag**2) / np.float32(_FRAME * 3 / 8)  # Hann's mean power
    levels = np.log1p(power).mean(axis=2).max(axis=0)
    clipped = (np.abs(frames) >= ceiling).any(axis=(0, 2))
    levels[clipped] *= _CLIPPED
    return float(np.minimum(levels[1:], levels[:-1]).mean())


@functools.cache
def _spectra() -> NDArray[np.complex64]:
    """Conjugate spectra of the lines' responses: a product with them correlates."""
    return np.conj(np.fft.rfft(responses()[_LINES], _BLOCK)).astype(np.complex64)


def _votes(block: Passage) -> _Votes | None:
    """Score every place of the grid in a block; None where no line tells anything."""
    granules = (block.samples.shape[1] - SPAN + 1) // GRANULE
    places = granules * GRANULE
    scores = np.zeros((2, places), np.float32)
    heard = 0
    spectrum = np.fft.rfft(block.samples, _BLOCK)[:, None]
    for at in range(0, len(_LINES), _TOGETHER):
        product = spectrum * _spectra()[at : at + _TOGETHER]
        values = np.asarray(np.fft.irfft(product, _BLOCK)[..., :places], np.float32)
        for signal, small in _signals(values):
            vanished = np.abs(signal) < small
            weights = _weights(np.count_nonzero(vanished, axis=1) / places)
            scores += weights @ vanished.astype(np.float32)
            heard += int(weights[1].sum())
    if not heard:
        return None
    turn = block.start % GRANULE
    evidence = _standing(scores[0]).sum(axis=0)
    small_counts = scores[1].reshape(granules, GRANULE).sum(axis=0, dtype=np.float64)
    return _Votes(granules, np.roll(evidence, turn), np.roll(small_counts, turn), heard * granules)


def _signals(values: Samples) -> Iterator[tuple[Samples, float]]:
    """Left, right, mid and side, as encoders choose of them; each with what is small of it."""
    for each in values:
        yield each, _SMALL
    if len(values) > 1:
        yield values[0] + values[1], _SMALL * math.sqrt(2)
        yield values[0] - values[1], _SMALL * math.sqrt(2)


def _weights(chances: NDArray[np.float64]) -> Samples:
    """
    What a vanished value of each line counts, ``(2, lines)``: as evidence, and as one or none.

    Args:
        chances: Part of the line's values that are small at all places together.
    """
    telling = (chances > 0) & (chances < _COMMON)
    evidence = np.where(telling, -np.log(chances + _RARE), 0)
    return np.stack([evidence, telling]).astype(np.float32)


def _standing(scores: Samples) -> NDArray[np.float64]:
    """By how many standard deviations of its granule each place stands above those around it."""
    kernel = np.full(2 * _NEIGHBOURS + 1, -0.5 / (_NEIGHBOURS - 1), np.float32)
    kernel[_NEIGHBOURS - 1 : _NEIGHBOURS + 2] = (0, 1, 0)
    above = np.convolve(scores, kernel, "same").reshape(-1, GRANULE)
    deviations = _NORMAL * np.median(np.abs(above), axis=1, keepdims=True)
    spread = np.maximum(deviations, above.std(axis=1, keepdims=True) / 2)
    deviating = above / np.maximum(spread, _RARE)
    return np.asarray(np.clip(deviating, -_MOST, _MOST), np.float64)
