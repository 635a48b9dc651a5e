"""What the daemon around the engine answers for when clients ask."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pacd.protocol.documents import ConfigView, Problem, Watch
from pacd.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Host:
    """
    The daemon's side of the use cases that the engine does not know; thread-safe.

    Attributes:
        reload: Reads the settings again for somebody; raises ConfigError and keeps the old.
    """

    database: Path
    tools: Callable[[], Toolbox]
    config: Callable[[], ConfigView]
    reload: Callable[[str], ConfigView]
    watch: Callable[[], Watch]
    next_audit: Callable[[], datetime | None]
    problems: Callable[[], tuple[Problem, ...]]
