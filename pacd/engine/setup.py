"""What the engine is built from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pacd.domain.policy import DaemonPolicy, WorkerLimits
from pacd.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Setup:
    """
    What the engine is built from.

    Attributes:
        database: Absolute.
        worker_setup: Called in each new worker; importable by name.
        patience: How long to wait for a file that does not settle before it is left to a
            later audit.
    """

    database: Path
    policy: DaemonPolicy
    limits: WorkerLimits
    tools: Toolbox
    worker_setup: Callable[[], None]
    patience: timedelta = timedelta.max
