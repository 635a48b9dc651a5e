"""All that the numbers for monitors are made of, at one moment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pacd.engine.engine import Engine
from pacd.engine.host import Host
from pacd.engine.meter import Meter
from pacd.engine.overview import Counted, away, state_word
from pacd.engine.snapshot import Snapshot
from pacd.intake.heard import Heard
from pacd.protocol.documents import ConfigView, HoldCounts, LibraryView, Problem, State, Watch


@dataclass(frozen=True, slots=True)
class Scene:
    """
    One moment of the daemon.

    Attributes:
        now_s: Monotonic, as the moments in the snapshot are.
        durations_s: How long the last whole audit of each library took, where there was one.
        last_backup: None for never.
        lines: Lines of the log, written and held back, by name.
    """

    started: datetime
    now_s: float
    state: State
    snapshot: Snapshot
    problems: tuple[Problem, ...]
    meter: Meter
    heard: Heard
    watch: Watch
    libraries: tuple[LibraryView, ...]
    holds: HoldCounts
    durations_s: Mapping[str, float]
    config: ConfigView
    last_backup: datetime | None
    lines: Mapping[str, int]


def scene_of(
    engine: Engine,
    host: Host,
    seen: Counted,
    snapshot: Snapshot,
    problems: tuple[Problem, ...],
    started: datetime,
) -> Scene:
    """Look at everything, from any thread."""
    return Scene(
        started=started,
        now_s=time.monotonic(),
        state=state_word(snapshot, problems),
        snapshot=snapshot,
        problems=problems,
        meter=engine.recorder.meter,
        heard=host.heard,
        watch=host.watch(away(snapshot, engine.pipeline.policy)),
        libraries=seen.libraries,
        holds=seen.holds,
        durations_s=seen.durations_s,
        config=host.config(),
        last_backup=host.last_backup(),
        lines=host.lines(),
    )
