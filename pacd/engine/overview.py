"""The daemon on one screen: its state in one word, its problems, its libraries."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pacd.domain.hold import Severity
from pacd.domain.policy import DaemonPolicy
from pacd.engine import views
from pacd.engine.closing import LAST_AUDIT
from pacd.engine.snapshot import Snapshot
from pacd.protocol.documents import (
    FolderView,
    HoldCounts,
    LibraryView,
    Problem,
    ProblemKind,
    Queue,
    State,
    Workload,
)
from pacd.store.database import Store

MOMENT_S: Final = 0.5
"""How old counts may be while work goes on, and in large libraries older:"""

SPARING: Final = 20
"""so many times as old as counting takes, so that a twentieth of a core at most is spent on it."""

PATIENCE_S: Final = 0.03
"""How long newer counts are waited for where those at hand will do (B5: 100 ms for an answer)."""

BRIEF_S: Final = 0.01
"""Only counting that takes so little processor time is, else busy threads make it be in vain."""

LONG_S: Final = 0.05
"""Counting that takes so much processor time is not waited for: 400,000 files and more (B5)."""

STALE_S: Final = 60.0
"""Counts older than this will not do, however long it takes: 0.15 s at 1,000,000 files."""


def state_word(snapshot: Snapshot, problems: tuple[Problem, ...]) -> State:
    """The daemon in one word: what a person should know first."""
    claims = (
        (State.STOPPING, snapshot.stopping),
        (State.STARTING, snapshot.starting),
        (State.PAUSED, snapshot.paused),
        (State.DEGRADED, any(each.degrades for each in problems)),
        (State.WORKING, bool(snapshot.running or snapshot.ready)),
        (State.SCANNING, bool(snapshot.walks or snapshot.folders_waiting)),
    )
    return next((state for state, holds in claims if holds), State.WATCHING)


def away(snapshot: Snapshot, policy: DaemonPolicy) -> frozenset[str]:
    """The libraries whose root is away, or holds another disk, by name."""
    missing = {each.path for each in snapshot.problems if each.kind is ProblemKind.ROOT_MISSING}
    return frozenset(each.name for each in policy.libraries if str(each.root) in missing)


def full_disks(snapshot: Snapshot) -> tuple[Problem, ...]:
    """A problem for each disk on which less is free than the reserve."""
    return tuple(_full(root, lack) for root, lack in snapshot.starved.items())


def _full(root: Path, lack: str) -> Problem:
    return Problem(
        kind=ProblemKind.DISK_FULL,
        what=f"The disk of {root} has {lack}: nothing is written there.",
        fix="Remove files there; PAC goes on by itself. The reserve is min_free_mib in [audit], "
        "and one inode for each MiB of it (`df`, `df -i`).",
        path=str(root),
    )


def workload(snapshot: Snapshot) -> Workload:
    """How much waits, and what runs."""
    return Workload(
        waiting=len(snapshot.ready) + snapshot.more,
        folders_waiting=snapshot.folders_waiting,
        running=tuple(views.running_view(item) for item in snapshot.running),
    )


def queue(snapshot: Snapshot) -> Queue:
    """What runs and what waits, by name; of a long queue the beginning."""
    waiting = [(place, "waits for its turn") for place in snapshot.folders]
    settling = [(place, "waits until it has been quiet") for place in snapshot.settling]
    return Queue(
        running=tuple(views.running_view(item) for item in snapshot.running),
        waiting=tuple(views.plan_view(*item) for item in snapshot.ready),
        folders=tuple(
            FolderView(library=place.library, path=str(place.folder), reason=reason)
            for place, reason in (*waiting, *settling)
        ),
        more=snapshot.more,
    )


def remaining_s(snapshot: Snapshot, work: Workload) -> float | None:
    """How long the queue will take: no less than what runs; None while nobody can tell."""
    known = [snapshot.eta_s, *(item.eta_s for item in work.running)]
    return max((round(each, 1) for each in known if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Counted:
    """
    What the store tells of all libraries at one moment.

    Attributes:
        durations_s: Of the last whole audit of each library that had one.
    """

    libraries: tuple[LibraryView, ...]
    holds: HoldCounts
    last_audit: datetime | None
    durations_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Known:
    """Counts, and what they are of; took_s is processor time."""

    counted: Counted
    snapshot: Snapshot
    at_s: float
    took_s: float


class Overview:
    """
    Remembers what was counted; thread-safe.

    Counting 100,000 files takes 20 ms (B5).  The engine writes only within its turns and
    makes a new snapshot in each, so nothing has changed while the snapshot is the same;
    while it is busy, or the library very large, numbers of a while ago do, and a thread
    counts anew meanwhile: whoever asks the next time has those.
    """

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Store]],
        policy: Callable[[], DaemonPolicy],
    ) -> None:
        self._reading = reading
        self._policy = policy
        self._starting, self._counting = threading.Lock(), threading.Lock()
        self._known: _Known | None = None
        self._counter: threading.Thread | None = None

    def at(self, snapshot: Snapshot) -> Counted:
        """Return the counts of this snapshot; those of a while ago where that must do."""
        known, busy = self._known, _is_busy(snapshot)
        if known and any(each.kind is ProblemKind.STATE_GONE for each in snapshot.problems):
            return known.counted  # nobody can count what has no name any more
        if known is None:
            return self._count(snapshot)
        age_s = time.monotonic() - known.at_s
        if known.snapshot is snapshot or (busy and age_s < max(MOMENT_S, SPARING * known.took_s)):
            return known.counted
        if age_s > STALE_S or not (busy or known.took_s > LONG_S):
            return self._count(snapshot)
        self._have_counted(snapshot, PATIENCE_S if known.took_s < BRIEF_S else 0.0)
        return (self._known or known).counted

    def _have_counted(self, snapshot: Snapshot, patience_s: float) -> None:
        """Start a thread that counts, unless one does, and wait for it a little."""
        with self._starting:
            if self._counter and self._counter.is_alive():
                return
            self._counter = threading.Thread(
                target=self._count, args=(snapshot,), name="counts", daemon=True
            )
            self._counter.start()
        self._counter.join(patience_s)

    def _count(self, snapshot: Snapshot) -> Counted:
        """Count, unless somebody else has while this waited for its turn."""
        with self._counting:
            if self._known is None or self._known.snapshot is not snapshot:
                began_s = time.thread_time()
                counted = self._counted(snapshot)
                took_s = time.thread_time() - began_s
                self._known = _Known(counted, snapshot, time.monotonic(), took_s)
            return self._known.counted

    def _counted(self, snapshot: Snapshot) -> Counted:
        policy = self._policy()
        with self._reading() as store:
            finished = store.memory.get(LAST_AUDIT)
            return Counted(
                libraries=_libraries(store, policy, snapshot),
                holds=_hold_counts(store, policy),
                last_audit=datetime.fromtimestamp(finished, UTC) if finished else None,
                durations_s={
                    row.name: row.report.scan_duration_s
                    for row in store.libraries.all()
                    if row.report
                },
            )


def _is_busy(snapshot: Snapshot) -> bool:
    """Whether counts change by themselves just now."""
    return bool(snapshot.running or snapshot.walks or snapshot.folders_waiting)


def _libraries(store: Store, policy: DaemonPolicy, snapshot: Snapshot) -> tuple[LibraryView, ...]:
    """Each configured library with its counts."""
    rows = {row.name: row for row in store.libraries.all()}
    progress = {walk.policy.name: walk.discovered for walk in snapshot.walks if walk.whole}
    return tuple(
        views.library_view(store, library, rows[library.name], progress.get(library.name, 0))
        for library in policy.libraries
        if library.name in rows
    )


def _hold_counts(store: Store, policy: DaemonPolicy) -> HoldCounts:
    """Open holds by severity; none of libraries that were taken out of the configuration."""
    names = {library.name for library in policy.libraries}
    counts = store.holds.counts({row.id for row in store.libraries.all() if row.name in names})
    return HoldCounts(**{severity.value: counts.get(severity, 0) for severity in Severity})
