"""The documents that concern files and the work on them: frozen values; touches nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pacd.protocol.status import Counts, Running


class FileState(StrEnum):
    """
    One file in one word, for `why`.

    What WAITING says is due and waits for its turn; where AWAY, nothing can be done until a disk
    is back.
    """

    IN_ORDER = "in-order"
    SETTLING = "settling"
    WAITING = "waiting"
    AWAY = "away"
    RUNNING = "running"
    RETRYING = "retrying"
    HELD = "held"
    IGNORED = "ignored"
    MISSING = "missing"
    OUTPUT = "output"
    FOLDER = "folder"
    ACCEPTED = "accepted"


class TicketState(StrEnum):
    """How far a requested scan has come."""

    RUNNING = "running"
    DONE = "done"


class EventKind(StrEnum):
    """What happened."""

    STATE_CHANGED = "state-changed"
    SCAN_STARTED = "scan-started"
    SCAN_PROGRESS = "scan-progress"
    SCAN_FINISHED = "scan-finished"
    ITEM_STARTED = "item-started"
    ITEM_DONE = "item-done"
    ITEM_FAILED = "item-failed"
    HOLD_OPENED = "hold-opened"
    HOLD_ENDED = "hold-ended"
    PROBLEM = "problem"
    CONFIG_RELOADED = "config-reloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """
    One file that a person must look at.

    Attributes:
        severity: error, suspect, notice (domain.hold.Severity).
        md5: Of the audio, hex; "" where unknown.
        mirror: The mirror it concerns; "" for the master itself.
        evidence: Named facts; the tool's own words under "words".
        spectrogram: Absolute path of a picture, or None.
        file: Absolute path of the file; "" where the hold is of a whole library.
    """

    id: int
    library: str
    path: str
    cause: str
    severity: str
    since: str
    md5: str
    reason: str
    advice: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    spectrogram: str | None = None
    mirror: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """
    Open holds, worst first, then oldest first.

    Attributes:
        libraries: The names of all that are configured, held in or not.
    """

    holds: tuple[HoldView, ...] = ()
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """One action on one file, and why."""

    library: str
    path: str
    action: str
    reason: str
    mirror: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """A file that is left until nobody has written to it for a while."""

    library: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What is due.

    Attributes:
        waiting: Files that nothing is planned for yet, because they have not settled.
        more, more_waiting: How many were left out of very long lists.
        settle_s: For how long a file must have been quiet.
        retries: What failed and is due again later, a sentence for each library; nothing for the
            plan of one file, of which `why` tells.
    """

    items: tuple[PlanView, ...] = ()
    waiting: tuple[Unsettled, ...] = ()
    more: int = 0
    more_waiting: int = 0
    settle_s: float = 0.0
    retries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderView:
    """
    A folder that waits to be looked at.

    Attributes:
        due: When it will be, where that is known.
        reason: Why it waits: it settles, it was asked for, an audit found it.
    """

    library: str
    path: str
    reason: str
    due: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What runs, what waits in order, and which folders are not yet planned."""

    running: tuple[Running, ...] = ()
    waiting: tuple[PlanView, ...] = ()
    folders: tuple[FolderView, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """
    One line of the append-only log.

    Attributes:
        status: ok, skip, warn, error, suspect (O1).
        message: A clause for people.
    """

    at: str
    library: str
    path: str
    action: str
    status: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last entries, newest last."""

    entries: tuple[HistoryView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done next; `action` is "none" when nothing is."""

    action: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """All that is known of one file; history newest last."""

    library: str
    path: str
    state: FileState
    decision: Decision
    facts: Mapping[str, Any] = field(default_factory=dict)
    holds: tuple[HoldView, ...] = ()
    history: tuple[HistoryView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTicket:
    """
    A requested scan.

    Attributes:
        path: What was asked for; None means everything.
        exit: 0, 2 or 3 as `pacd --once`; None while it runs.
        counts: What this scan and the work it led to came to, as in the summary of
            `pacd --once`; while it runs, only what has been done.
    """

    id: int
    state: TicketState
    path: str | None = None
    exit: int | None = None
    counts: Counts = field(default_factory=Counts)
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One thing that happened; ids rise by one, so a gap means lost events.

    Attributes:
        status: ok, skip, warn, error, suspect; "" where it does not apply.
        message: A clause for people.
    """

    id: int
    at: str
    kind: EventKind
    library: str = ""
    path: str = ""
    action: str = ""
    mirror: str = ""
    status: str = ""
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
