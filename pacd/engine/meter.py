"""Counts what the daemon has done since its start; values in memory only."""

import itertools
import signal
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pacd.domain.outcome import (
    Copied,
    Done,
    Exported,
    Failed,
    Mirrored,
    Outcome,
    Recompressed,
    Resampled,
)
from pacd.domain.plan import Action
from pacd.engine.pool import Answer
from pacd.errors import FailureKind
from pacd.tools.memory import oom_kills

KINDS: Final = tuple(action.value for action in Action if action is not Action.HOLD)
LOOK: Final = "look"
"""Reading the tags of a folder's outputs, which is no job on record."""

RESULTS: Final = ("ok", "skip", "warn", "error", "suspect", "interrupted")
"""O1's statuses, and what was ended from outside and is simply done again."""

CRASHES: Final = ("exit", "signal", "oom", "timeout", "unstarted")
DRIFTS: Final = ("added", "updated", "moved", "removed")
WRITERS: Final = tuple(
    action.value
    for action in (
        Action.RESAMPLE,
        Action.RECOMPRESS,
        Action.EXPORT_ARTWORK,
        Action.MIRROR_ENCODE,
        Action.MIRROR_RETAG,
        Action.MIRROR_COPY,
    )
)

# From the quickest step there is (10 ms for a cover) to the longest limit (registry.time_limit_s).
BOUNDS_S: Final = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0)


@dataclass(slots=True)
class Durations:
    """A distribution: how many fell up to each of BOUNDS_S, and beyond; and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    total_s: float = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.total_s += seconds


class Meter:
    """
    Written by the engine's thread alone, read by any.

    Every key is there from the start (w56), so no mapping changes its size under a reader.

    Attributes:
        replaced: Workers that took the place of one that was lost.
        ignored: Events of folders that the patterns ignore.
    """

    def __init__(self) -> None:
        pairs = itertools.product(KINDS, RESULTS)
        self.jobs: dict[tuple[str, str], int] = dict.fromkeys(pairs, 0)
        self.durations = {kind: Durations() for kind in (*KINDS, LOOK)}
        self.files = dict.fromkeys(WRITERS, 0)
        self.bytes = dict.fromkeys(WRITERS, 0)
        self.crashes = dict.fromkeys(CRASHES, 0)
        self.drift = dict.fromkeys(DRIFTS, 0)
        self.replaced = 0
        self.ignored = 0

    def ended(self, outcome: Outcome, status: str) -> None:
        """Count a job that has ended, and what it wrote."""
        kind = outcome.item.action.value
        stopped = isinstance(outcome, Failed) and outcome.kind is FailureKind.INTERRUPTED
        self.jobs[(kind, "interrupted" if stopped else status)] += 1
        written_bytes = _written_bytes(outcome)
        if written_bytes is not None:
            self.files[kind] += 1
            self.bytes[kind] += written_bytes

    def answered(self, kind: str, seconds: float) -> None:
        """Count how long a worker was busy."""
        self.durations[kind].observe(seconds)

    def lost(self, answer: Answer, *, oom_kills_before: int) -> None:
        """Count a worker that was lost."""
        self.crashes[_cause(answer, oom_kills_before)] += 1
        self.replaced += answer.started

    def drifted(self, tally: Mapping[str, int]) -> int:
        """Count what a walk has found that the watcher should have told of; return how much."""
        for kind in DRIFTS:
            self.drift[kind] += tally.get(kind, 0)
        return sum(tally.get(kind, 0) for kind in DRIFTS)


def _written_bytes(outcome: Outcome) -> int | None:
    """The size of the file that a step has written; None when it has written none."""
    if not isinstance(outcome, Done):
        return None
    match outcome.result:
        case Recompressed(after_bytes=size_bytes) | Resampled(after_bytes=size_bytes):
            return size_bytes
        case Exported(written=True, size_bytes=size_bytes):
            return size_bytes
        case Mirrored(moved_from=None, output=output) | Copied(written=True, copy=output):
            return output.observation.size_bytes if output.observation else 0
        case _:
            return None


def _cause(answer: Answer, oom_kills_before: int) -> str:
    if not answer.started:
        return "unstarted"
    if answer.overdue:
        return "timeout"
    if answer.signal == signal.SIGKILL and oom_kills() > oom_kills_before:
        return "oom"
    return "signal" if answer.signal else "exit"
