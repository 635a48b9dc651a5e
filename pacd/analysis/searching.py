"""Which traces of codecs are looked for in a recording, and in what order."""

from collections.abc import Iterator, Sequence
from typing import Final

from pacd.analysis import grids
from pacd.analysis.lapped import AAC, AAC_SHORT, VORBIS, VORBIS_SHORT
from pacd.analysis.mp3 import mp3_trace
from pacd.analysis.opus import opus_trace
from pacd.analysis.rebasing import former_rates, rebased
from pacd.analysis.spectrum import Shape
from pacd.analysis.traces import Passage, Trace

_EDGE_DB: Final = 12.0
"""A resampler and most coders leave an edge at least as deep: without one, no second look."""


def traces(passages: Sequence[Passage], shape: Shape | None, rate_hz: int) -> tuple[Trace, ...]:
    """
    What each search found, until one has found a convincing trace.

    Args:
        passages: The best first.
        shape: None of silence.
    """
    found: list[Trace] = []
    for group in _searches(passages, shape, rate_hz):
        found += [trace for trace in group if trace is not None]
        if any(trace.convincing for trace in found):
            break
    return tuple(found)


def _searches(
    passages: Sequence[Passage], shape: Shape | None, rate_hz: int
) -> Iterator[tuple[Trace | None, ...]]:
    """
    The quickest first; the rarest last.

    AAC and Vorbis go together: they differ by a window, and one shows a little of the other.
    """
    yield (mp3_trace(passages, rate_hz),)
    yield grids.trace(passages, AAC), grids.trace(passages, VORBIS)
    yield grids.trace(passages, AAC_SHORT), grids.trace(passages, VORBIS_SHORT)
    yield (opus_trace(passages, rate_hz),)
    if shape is None or shape.drop_db < _EDGE_DB:
        return
    for ratio in former_rates(rate_hz):
        former = [rebased(passage, ratio, grids.LENGTH) for passage in passages]
        yield grids.trace(former, AAC), grids.trace(former, VORBIS)
