"""Whether files wait for a disk that is read-only; has them tried as soon as it is not any more."""

import os
from collections import Counter
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


class Locked:
    """Remembers which roots were read-only; belongs to the engine's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._before: frozenset[Path] | None = None  # which they were before the start nobody knows

    def look(
        self, policy: DaemonPolicy, ids: Mapping[str, int], want: Want, *, now: datetime
    ) -> tuple[Problem, ...]:
        """
        Return a problem for each root that files wait for; have those visited that need no more.

        A part that is read-only below a root that is not waits for its retries: it would be
        tried again at each look.
        """
        before, roots = self._before, set[Path]()
        whole, partly = Counter[Path](), Counter[Path]()
        for library in policy.libraries:
            jobs, library_id = self._store.jobs, ids[library.name]
            kept = jobs.waiting_for(library_id, FailureKind.READ_ONLY, now=now)
            for (action, mirror), (files, later) in kept.items():
                root = _root(library, action, mirror) or library.root
                if is_read_only(root):
                    roots.add(root)
                    whole[root] += files
                elif before is None or root in before:
                    kind = FailureKind.READ_ONLY
                    for folder in jobs.hasten(library_id, kind, action, mirror, now=now):
                        want(Place(library.name, folder), Urgency.AUDIT)
                else:
                    partly[root] += later
        self._before = frozenset(roots)
        return (*_problems("The disk", whole), *_problems("A part", +partly))


def _problems(what: str, waiting: Mapping[Path, int]) -> Iterator[Problem]:
    for root, files in waiting.items():
        how = "1 piece of work waits" if files == 1 else f"{files} pieces of work wait"
        yield Problem(what=f"{what} of {root} is read-only: {how} for it.", fix=_REMOUNT)


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
