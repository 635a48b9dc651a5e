"""What waits for a disk to be mended: how much, where, and how it is tried at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.sweeping import target_root
from pacd.engine.visit import Urgency
from pacd.errors import FailureKind
from pacd.intake.debounce import Place
from pacd.planning.setbacks import LONGEST_WAIT, held_for, waiting_for, waits
from pacd.store.database import Store

Want = Callable[[Place, Urgency], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """
    Work of one action, for one mirror perhaps, that failed for its disk and waits.

    Attributes:
        root: Where it writes.
        files: How many wait; `later` those whose next try is still to come.
    """

    library: str
    library_id: int
    kind: FailureKind
    action: Action
    mirror: str
    root: Path
    files: int
    later: int

    def hasten(self, store: Store, want: Want, *, now: datetime) -> None:
        """Have it tried at once."""
        with store.transaction():
            folders = store.jobs.hasten(
                self.library_id, self.kind, self.action, self.mirror, now=now
            )
        for folder in folders:
            want(Place(self.library, folder), Urgency.AUDIT)


def kept_waiting(
    store: Store,
    policy: DaemonPolicy,
    ids: Mapping[str, int],
    kind: FailureKind,
    *,
    now: datetime,
) -> Iterator[Kept]:
    """Yield what waits because of failures of one kind; not what nobody wants any more."""
    for library in policy.libraries:
        found = store.jobs.waiting_for(ids[library.name], kind, now=now)
        for (action, mirror), (files, later) in found.items():
            if _wanted(library, action, mirror):
                root = _root(library, action, mirror) or library.root
                place = (library.name, ids[library.name])
                yield Kept(*place, kind, action, mirror, root, files, later)


def said_of(store: Store, kept: Kept, *, now: datetime) -> str:
    """Return what one of the failures said that have such work wait; "" if none does any more."""
    found = store.jobs.pending(kept.library_id, PurePosixPath(), now=now)
    key = (kept.kind, kept.action, kept.mirror)
    messages = (each.message for each, _ in found if key == (each.kind, each.action, each.mirror))
    return next(messages, "")


def undo_wrong_clock(
    store: Store, policy: DaemonPolicy, ids: Mapping[str, int], want: Want, *, now: datetime
) -> None:
    """Have tried at once what a clock that was wrong would have wait for years (w11, w40)."""
    for library in policy.libraries:
        with store.transaction():
            folders = store.jobs.reckon_anew(ids[library.name], latest=now + LONGEST_WAIT, now=now)
        for folder in folders:
            want(Place(library.name, folder), Urgency.AUDIT)


def left_waiting(
    store: Store, library: LibraryPolicy, library_id: int, below: PurePosixPath, *, now: datetime
) -> str:
    """
    Say what failed in a folder and all below it and is to be tried again later, and why.

    Returns:
        A sentence; "" for nothing.  What a person has been asked about is not of it.
    """
    found = [
        (setback, files)
        for setback, files in store.jobs.pending(library_id, below, now=now)
        if waits(setback, now)
        and held_for(setback) is None
        and _wanted(library, setback.action, setback.mirror)
    ]
    if not found:
        return ""
    reasons = dict.fromkeys(waiting_for(setback, now) or "" for setback, _ in found)
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    how = pieces(sum(files for _, files in found))
    return f"Library {library.name}: {how} to be tried again: {next(iter(reasons))}{more}."


def pieces(number: int) -> str:
    """So many pieces of work, as the beginning of a sentence says it."""
    return "1 piece of work waits" if number == 1 else f"{number} pieces of work wait"


def _wanted(library: LibraryPolicy, action: Action, mirror: str) -> bool:
    """Whether the owner still wishes for what was to be done."""
    if action is Action.EXPORT_ARTWORK:
        return library.artwork.enabled
    if action is Action.AUTHENTICATE:
        return library.authenticity.enabled
    return mirror in {"", *(each.name for each in library.mirrors)}


def _root(library: LibraryPolicy, action: Action, mirror: str) -> Path | None:
    """Where such an item writes; what is removed from a mirror, there."""
    if action is Action.MIRROR_PRUNE:
        return next((each.root for each in library.mirrors if each.name == mirror), None)
    return target_root(PlanItem(PurePosixPath(), action, "", mirror=mirror), library)
