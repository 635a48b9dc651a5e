"""
Searches a recording for the frames of Opus; pure.

Of each line of a codec's transform there are two halves: the one that the codec coded (MDCT), and
the one a quarter of a turn aside (MDST), which it never saw.  Wherever Opus coded nothing of a line
(above 20 kHz always, below in most lines of most frames) the first half vanishes and the second
does not, so that the line, MDST + i MDCT, is real.  At any other offset it points anywhere.
So what is counted is not how small lines are, but how they point, and that of all lines alike:
loudness, gain and the spectrum of the music have no say, and noise only makes it fainter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pacd.analysis.celt import FRAME, FRAMES_PER_S, STEPS, Plan, Samples, plan
from pacd.analysis.traces import Passage, Trace

_FEWEST: Final = 3
_SHORTEST: Final = 3
"""Frames of a passage."""

_FINE: Final = 160
"""Offsets between two steps: a line of 20 kHz turns once in 1.2 samples of 48 kHz."""

_WORTH_CONFIRMING: Final = 6.0
"""Standard deviations; of 5120 offsets of noise the best reaches 4 to 5."""

_NEAR: Final = 4.0
"""Samples of 48 kHz by which a passage's own offset may differ: lines leave 1.2 in doubt."""

_SILENT: Final = 8.0
_CANCELLED: Final = 0.05
"""Part of the louder channel below which the sum of both is taken for nothing."""

_LOUD: Final = 6.0
"""Level of a line, in steps of 16 bit, below which it tells little (as in vanishing)."""

_COUNTS_MOST: Final = 2.0
"""Standard deviations that one frame may count for: no beat of a drum makes a verdict."""

_MEDIAN: Final = 0.6745
"""Of the magnitude of a Gaussian of deviation 1."""

_NOTHING: Final = np.float32(1e-6)


@dataclass(frozen=True, slots=True)
class _Directions:
    """
    Where the lines of some windows point, their angles doubled and summed: real is coded's zero.

    Attributes:
        sums: ``(lines, STEPS)``.
        windows: ``(STEPS,)`` that were summed.
        heard: Part of the lines that are loud.
    """

    sums: NDArray[np.complex64]
    windows: NDArray[np.intp]
    heard: float


def opus_trace(passages: Sequence[Passage], rate_hz: int) -> Trace | None:
    """
    Look for the one grid of 20 ms on which lines point alike all through a recording.

    Returns:
        None where there is too little to compare, or the rate is below 32 kHz.
    """
    period = rate_hz / FRAMES_PER_S
    signals = [each for each in (_signal(passage, rate_hz) for passage in passages) if each.size]
    plans = [plan(rate_hz, len(signal)) for signal in signals]
    pairs = [(signal, made) for signal, made in zip(signals, plans, strict=True) if made]
    if len(pairs) < _FEWEST:
        return None
    found = [_directions(signal, made) for signal, made in pairs]
    offset, z = _best(found, pairs[0][1])
    heard = float(np.mean([each.heard for each in found]))
    place = offset * period / FRAME
    if z < _WORTH_CONFIRMING:
        return Trace("Opus", place, period, z, 0, len(pairs), 0.0, heard)
    confirmed, share = _confirmed(pairs, offset)
    own = [_best([each], pairs[0][1])[0] for each in found]
    agreeing = sum(abs((each - offset + FRAME / 2) % FRAME - FRAME / 2) <= _NEAR for each in own)
    return Trace(
        "Opus", place, period, min(z, confirmed), agreeing, len(pairs), max(share, 0.0), heard
    )


def _signal(passage: Passage, rate_hz: int) -> Samples:
    """The sum of a passage's channels from a multiple of a frame on; empty if that is nothing."""
    period = rate_hz // FRAMES_PER_S
    samples = passage.samples[:, -passage.start % period :]
    nothing: Samples = np.empty(0, np.float32)
    if samples.shape[1] < _SHORTEST * period:
        return nothing
    loudest: Samples = samples[np.abs(samples).max(axis=1).argmax()]
    middle: Samples = samples.mean(axis=0)
    if np.abs(middle).max() < _CANCELLED * np.abs(loudest).max():
        middle = loudest
    return middle if np.abs(middle).max() >= _SILENT else nothing


def _directions(signal: Samples, made: Plan) -> _Directions:
    lines, inside = made.everywhere(signal)
    power = lines.real**2 + lines.imag**2
    level = power[:, ::2, ::4].mean(axis=(1, 2))
    # What is faint up there is the rounding of the samples, not what leaked from below.
    power[made.empty] += level[made.empty, None, None] / 2
    np.divide(inside, power + _NOTHING, out=power)
    lines *= lines
    lines *= power
    by_frame, by_step = made.turns_squared
    sums = (by_frame[:, None] @ lines)[:, 0] * by_step
    loud = level >= _LOUD**2 * made.unit
    return _Directions(sums, inside.sum(axis=0), float(loud.mean()))


def _best(found: Sequence[_Directions], made: Plan) -> tuple[float, float]:
    """The offset at which directions agree most, in samples of 48 kHz, and how it stands out."""
    sums = np.sum([each.sums for each in found], axis=0)
    windows = np.sum([each.windows for each in found], axis=0)
    sums = sums / np.sqrt(np.maximum(windows, 1))
    parts = np.concatenate([sums.real, sums.imag]).astype(np.float32)
    scores = (parts.T @ _turns(int(made.lines[0]), len(made.lines))).reshape(-1)
    at = int(scores.argmax())
    step, fine = divmod(at, _FINE)
    offset = (step + fine / _FINE - 0.5) * FRAME / STEPS % FRAME
    spread = float(np.median(np.abs(scores))) / _MEDIAN
    return offset, float(scores[at]) / max(spread, float(_NOTHING))


@cache
def _turns(lowest: int, count: int) -> Samples:
    """How directions turn with an offset from a step: real above imaginary, ``(2 lines, fine)``."""
    offsets = (np.arange(_FINE) / _FINE - 0.5) * FRAME / STEPS
    angles = 2 * np.pi / FRAME * np.outer(lowest + np.arange(count) + 0.5, offsets)
    return np.concatenate([np.cos(angles), -np.sin(angles)]).astype(np.float32)


def _confirmed(pairs: Sequence[tuple[Samples, Plan]], offset: float) -> tuple[float, float]:
    """
    Whether both ends of the frames show it, in most frames.

    Music that is made by ticks of 20 ms (trackers: 125 beats per minute) has something on a grid
    too, a note's beginning.  That is at one end of a frame: lines half of their distance aside show
    it as well, with the same sign for the left end and the other for the right end.

    Returns:
        The standard deviations of the weaker end, scaled to the ones of both together; and the
        part of lines that point.
    """
    coded = _pointing([made.at(signal, offset) for signal, made in pairs])
    aside = _pointing([made.aside_by_half.at(signal, offset) for signal, made in pairs])
    weaker = min(_standing(coded + aside), _standing(coded - aside))
    return math.sqrt(2) * max(weaker, 0.0), float(coded.mean())


def _pointing(lines: Sequence[NDArray[np.complex64]]) -> NDArray[np.float64]:
    """
    Of each frame the mean of its lines' doubled angles: 1 where all are coded zeros.

    Of a coded zero either sign is as likely.  What has one sign in all frames is the hum of the
    mains, which have 50 Hz, 20 ms, too: by so much the mean is lowered.
    """
    found = np.concatenate(lines, axis=1)
    found = found / (np.abs(found) + _NOTHING)
    alike = found.mean(axis=1)
    hum = float((alike**2 / (np.abs(alike) + _NOTHING)).real.mean())
    pointing: NDArray[np.float64] = (found**2).real.mean(axis=0, dtype=np.float64) - hum
    return pointing


def _standing(frames: NDArray[np.float64]) -> float:
    spread = float(np.median(np.abs(frames - np.median(frames)))) / _MEDIAN
    bounded = np.clip(frames, -_COUNTS_MOST * spread, _COUNTS_MOST * spread)
    error = float(bounded.std()) / math.sqrt(len(frames))
    return float(bounded.mean()) / max(error, float(_NOTHING))
