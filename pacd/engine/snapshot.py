"""How the engine stood at its last turn: a value that any thread may read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pacd.domain.plan import PlanItem
from pacd.engine.audits import Audit
from pacd.engine.depths import Depths
from pacd.intake.debounce import Place
from pacd.protocol.documents import Problem


@dataclass(frozen=True, slots=True)
class InWorker:
    """One item in a worker; `since_s` is monotonic."""

    library: str
    source: Path
    item: PlanItem
    pid: int
    since_s: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    A value made anew at each turn.

    Attributes:
        folders: Folders that wait for a visit.
        settling: Folders that wait until they are quiet.
        walks: Walks under way; their counters go on.
    """

    running: tuple[InWorker, ...] = ()
    ready: tuple[tuple[str, PlanItem], ...] = ()
    more: int = 0
    folders: tuple[Place, ...] = ()
    settling: tuple[Place, ...] = ()
    folders_waiting: int = 0
    eta_s: float | None = None
    walks: tuple[Audit, ...] = ()
    problems: tuple[Problem, ...] = ()
    starved: Mapping[Path, str] = field(default_factory=dict)
    paused: bool = False
    paused_until: datetime | None = None
    starting: bool = False
    stopping: bool = False
    depths: Depths = field(default_factory=Depths)


SHOWN: Final = 200
"""Waiting items and folders that a snapshot lists; the rest is a number."""
