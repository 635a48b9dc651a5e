"""The daemon on one screen: its state in one word, its problems, its libraries."""

from datetime import UTC, datetime
from pathlib import Path

from pacd.domain.hold import Severity
from pacd.domain.policy import DaemonPolicy
from pacd.engine import views
from pacd.engine.auditor import LAST_AUDIT
from pacd.engine.snapshot import Snapshot
from pacd.protocol.documents import HoldCounts, LibraryView, Problem, State, Workload
from pacd.store.database import Store


def state_word(snapshot: Snapshot, problems: tuple[Problem, ...]) -> State:
    """The daemon in one word: what a person should know first."""
    claims = (
        (State.STOPPING, snapshot.stopping),
        (State.STARTING, snapshot.starting),
        (State.PAUSED, snapshot.paused),
        (State.DEGRADED, bool(problems)),
        (State.WORKING, bool(snapshot.running or snapshot.ready)),
        (State.SCANNING, bool(snapshot.walks or snapshot.folders_waiting)),
    )
    return next((state for state, holds in claims if holds), State.WATCHING)


def full_disks(snapshot: Snapshot) -> tuple[Problem, ...]:
    """A problem for each disk whose free space is below the reserve."""
    return tuple(_full(root) for root in snapshot.starved)


def _full(root: Path) -> Problem:
    return Problem(
        what=f"The disk of {root} has less free space than the reserve: nothing is written there.",
        fix="Free some space; PAC goes on by itself. The reserve is min_free_mib in [audit].",
    )


def libraries(store: Store, policy: DaemonPolicy, snapshot: Snapshot) -> tuple[LibraryView, ...]:
    """Each configured library with its counts."""
    rows = {row.name: row for row in store.libraries.all()}
    progress = {walk.policy.name: walk.discovered for walk in snapshot.walks if walk.whole}
    return tuple(
        views.library_view(store, library, rows[library.name], progress.get(library.name, 0))
        for library in policy.libraries
        if library.name in rows
    )


def workload(snapshot: Snapshot) -> Workload:
    """How much waits, and what runs."""
    return Workload(
        waiting=len(snapshot.ready) + snapshot.more,
        folders_waiting=snapshot.folders_waiting,
        running=tuple(views.running_view(item) for item in snapshot.running),
    )


def hold_counts(store: Store) -> HoldCounts:
    """Open holds by severity."""
    counts = store.holds.counts()
    return HoldCounts(**{severity.value: counts.get(severity, 0) for severity in Severity})


def last_audit(store: Store) -> datetime | None:
    """When all libraries were last walked whole."""
    finished = store.memory.get(LAST_AUDIT)
    return datetime.fromtimestamp(finished, UTC) if finished else None
