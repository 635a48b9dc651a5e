"""What the daemon around the engine answers for when clients ask."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pacd.intake.heard import Heard
from pacd.protocol.documents import ConfigView, Problem, Watch
from pacd.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Host:
    """
    The daemon's side of the use cases that the engine does not know; thread-safe.

    Attributes:
        watch: How well changes are seen, given the names of the libraries that are away.
        reload: Reads the settings again for somebody; raises ConfigError and keeps the old.
        decided: Called when a person has decided something that only the database has.
        heard: What the watcher was told since the start.
        lines: How many lines of the log were written, and how many held back.
        last_backup: When the state was last backed up, in UTC; None for never.
    """

    database: Path
    tools: Callable[[], Toolbox]
    config: Callable[[], ConfigView]
    reload: Callable[[str], ConfigView]
    watch: Callable[[Collection[str]], Watch]
    next_audit: Callable[[], datetime | None]
    problems: Callable[[], tuple[Problem, ...]]
    decided: Callable[[], None]
    last_backup: Callable[[], datetime | None]
    heard: Heard
    lines: Callable[[], Mapping[str, int]]
