"""How much waits at each stage, and since when; looks at the pipeline, and changes nothing."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pacd.engine.dispatch import Dispatch
from pacd.engine.pipeline import Pipeline

STAGES: Final = ("settling", "folders", "visits", "items", "parked", "running")


def _nothing() -> Mapping[str, int]:
    return dict.fromkeys(STAGES, 0)


@dataclass(frozen=True, slots=True)
class Depths:
    """
    What waits.

    Attributes:
        stages: Folders that settle, wait for a visit, are being visited; items that wait for a
            worker, wait for room on a disk, run.
        oldest_s: Since when the oldest of them is known (monotonic); None when nothing waits.
    """

    stages: Mapping[str, int] = field(default_factory=_nothing)
    oldest_s: float | None = None


def depths(pipeline: Pipeline, dispatch: Dispatch) -> Depths:
    """Look; takes no longer when more waits."""
    parked = len(dispatch.ready.parked)
    numbers = (
        len(pipeline.debouncer),
        len(pipeline.backlog),
        len(pipeline.visits),
        len(dispatch.ready) - parked,
        parked,
        len(dispatch.running),
    )
    known = (pipeline.debouncer.oldest_s, pipeline.backlog.oldest_s, _oldest_visit_s(pipeline))
    oldest_s = min((each for each in known if each is not None), default=None)
    return Depths(dict(zip(STAGES, numbers, strict=True)), oldest_s)


def _oldest_visit_s(pipeline: Pipeline) -> float | None:
    first = next(iter(pipeline.visits.values()), None)
    if first is None:
        return None
    return time.monotonic() - max(0.0, (datetime.now(UTC) - first.begun).total_seconds())
