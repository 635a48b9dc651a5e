"""Whether files wait for a disk that is read-only; has them tried as soon as it is not any more."""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.sweeping import target_root
from pacd.engine.visit import Urgency
from pacd.errors import FailureKind
from pacd.intake.debounce import Place
from pacd.protocol.documents import Problem
from pacd.store.database import Store

Want = Callable[[Place, Urgency], None]

_REMOUNT: Final = (
    "If nobody mounted it so, its file system has failed: look at `dmesg`, check the disk, "
    "`mount -o remount,rw` it; PAC goes on by itself."
)


def locked(
    store: Store, policy: DaemonPolicy, ids: Mapping[str, int], want: Want, *, now: datetime
) -> Iterator[Problem]:
    """Yield a problem for each root that files wait for; have those visited that need no more."""
    for library in policy.libraries:
        library_id, waiting = ids[library.name], dict[Path, int]()
        kept = store.jobs.waiting_for(library_id, FailureKind.READ_ONLY)
        for (action, mirror), files in kept.items():
            root = _root(library, action, mirror)
            if root is None or is_read_only(root):
                waiting[root or library.root] = waiting.get(root or library.root, 0) + files
                continue
            for folder in store.jobs.hasten(
                library_id, FailureKind.READ_ONLY, action, mirror, now=now
            ):
                want(Place(library.name, folder), Urgency.AUDIT)
        for root, files in waiting.items():
            what = "1 piece of work waits" if files == 1 else f"{files} pieces of work wait"
            yield Problem(what=f"The disk of {root} is read-only: {what} for it.", fix=_REMOUNT)


def is_read_only(root: Path) -> bool:
    """Whether nothing can be written there (statvfs(3), ST_RDONLY); False where nobody can tell."""
    try:
        return bool(os.statvfs(root).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _root(library: LibraryPolicy, action: Action, mirror: str) -> Path | None:
    """Where such an item writes; what is removed from a mirror, there."""
    if action is Action.MIRROR_PRUNE:
        return next((each.root for each in library.mirrors if each.name == mirror), None)
    return target_root(PlanItem(PurePosixPath(), action, "", mirror=mirror), library)
