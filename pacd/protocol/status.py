"""The documents that say how the daemon does: frozen values; touches nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pacd.protocol.wire import LIBRARY_COUNTS, MIRROR_COUNTS


class State(StrEnum):
    """The daemon in one word.  The value is what the protocol sends: never rename one."""

    STARTING = "starting"
    WATCHING = "watching"
    SCANNING = "scanning"
    WORKING = "working"
    PAUSED = "paused"
    DEGRADED = "degraded"
    STOPPING = "stopping"


class Verdict(StrEnum):
    """What `health` and each check of `doctor` come to."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


def no_library_counts() -> dict[str, int]:
    """Every count of a library, at 0."""
    return dict.fromkeys(LIBRARY_COUNTS, 0)


def no_mirror_counts() -> dict[str, int]:
    """Every count of a mirror, at 0."""
    return dict.fromkeys(MIRROR_COUNTS, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Sums over all libraries and all mirrors; keys are LIBRARY_COUNTS, MIRROR_COUNTS."""

    library: Mapping[str, int] = field(default_factory=no_library_counts)
    mirror: Mapping[str, int] = field(default_factory=no_mirror_counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorView:
    """One mirror of a library; `root` is absolute."""

    name: str
    codec: str
    root: str
    counts: Mapping[str, int] = field(default_factory=no_mirror_counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryView:
    """
    One library.

    Attributes:
        root: Absolute.
        scan_status: never_scanned, scanning, complete, error (domain.scan.ScanStatus).
        scan_progress, scan_total: Files; total 0 while it is not known.
        scanned_at: When the last whole scan finished.
        scan_error: A sentence; "" without one.
    """

    name: str
    root: str
    scan_status: str
    scan_progress: int = 0
    scan_total: int = 0
    scanned_at: str | None = None
    scan_error: str = ""
    counts: Mapping[str, int] = field(default_factory=no_library_counts)
    mirrors: tuple[MirrorView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """
    One item in a worker.

    Attributes:
        mirror: Name; "" for none.
        progress: 0 to 1; None where nothing can be said.
    """

    path: str
    library: str
    action: str
    mirror: str = ""
    progress: float | None = None
    elapsed_s: float = 0.0
    eta_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How much waits (items, and folders not yet planned), and what runs."""

    waiting: int = 0
    folders_waiting: int = 0
    running: tuple[Running, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCounts:
    """Open holds by severity."""

    error: int = 0
    suspect: int = 0
    notice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """
    How well changes are seen.

    Attributes:
        mode: inotify, poll or off.
        directories: How many there are; `watched` how many of them are watched.
        overflows: Lost event queues since start; each led to a reconcile.
        polled: A sentence for each library where audits alone see changes, and why.
        away: Libraries whose root is away, by name: their folders count neither as directories
            nor as watched.
    """

    mode: str
    directories: int = 0
    watched: int = 0
    overflows: int = 0
    polled: tuple[str, ...] = ()
    away: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """When the last full walk finished, when the next begins."""

    last_finished: str | None = None
    next: str | None = None
    running: bool = False


class ProblemKind(StrEnum):
    """
    What a problem is about, for those who count and filter.

    The value is what the protocol and the metrics send: never rename one.
    """

    ENGINE_DEAD = "engine-dead"
    HANGS = "hangs"
    ROOT_MISSING = "root-missing"
    UNREADABLE = "unreadable"
    OVERLOOKED = "overlooked"
    WALK_FAILED = "walk-failed"
    UNWATCHED = "unwatched"
    DISK_FULL = "disk-full"
    NO_WORKER = "no-worker"
    NO_RESAMPLER = "no-resampler"
    RELOAD_REFUSED = "reload-refused"
    NO_BACKUP = "no-backup"
    STATE_GONE = "state-gone"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    Something a person should know, and what to do about it.

    Attributes:
        path: The root that it is about, or a place below it, absolute; "" where it is about none.
    """

    what: str
    fix: str
    kind: ProblemKind = ProblemKind.OTHER
    path: str = ""

    @property
    def degrades(self) -> bool:
        """Whether something is not done that should be; music left alone is only told of."""
        return self.kind is not ProblemKind.OVERLOOKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A pause; `until` None means until `resume`."""

    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """Where the settings came from; `path` None means defaults and environment only."""

    path: str | None
    loaded_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon on one screen; `tools` maps program to version."""

    state: State
    version: str
    pid: int
    uptime_s: float
    paused: Paused | None
    libraries: tuple[LibraryView, ...]
    counts: Counts
    queue: Workload
    eta_s: float | None
    holds: HoldCounts
    watch: Watch
    audit: Audit
    problems: tuple[Problem, ...]
    tools: Mapping[str, str]
    config: ConfigFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """
    For monitors: the verdict and what it rests on.

    Attributes:
        live: Whether its engine turns and its database can be written; else a restart is due.
        ready: Whether nothing keeps it from its work; else the problems say what does.
    """

    verdict: Verdict
    live: bool = True
    ready: bool = True
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Whether nothing runs, nothing waits and no scan is under way: `wait`."""

    idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorCheck:
    """One thing looked at; `fix` is "" when all is well."""

    name: str
    verdict: Verdict
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Everything looked at, in the order a person reads it."""

    checks: tuple[DoctorCheck, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingView:
    """
    One effective setting.

    Attributes:
        key: As "watch.settle_s".
        origin: "default", a file's path, or "$NAME" of the environment.
    """

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigView:
    """
    The settings in force.

    Attributes:
        restart: Keys whose new value waits for a restart.
    """

    path: str | None
    loaded_at: str
    settings: tuple[SettingView, ...] = ()
    restart: tuple[str, ...] = ()
