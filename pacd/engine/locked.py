"""Whether files wait for a disk that is read-only, or for rights; has them tried once they may."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pacd.domain.policy import DaemonPolicy
from pacd.engine.awaiting import Kept, Want, kept_waiting, pieces, said_of
from pacd.engine.presence import reachable
from pacd.errors import FailureKind
from pacd.protocol.documents import Problem
from pacd.steps.shut import writable
from pacd.store.database import Store

_REMOUNT: Final = (
    "If nobody mounted it so, its file system has failed: look at `dmesg`, check the disk, "
    "`mount -o remount,rw` it; PAC goes on by itself."
)
_GRANT: Final = (
    "Give that user the right to write there, and in the folders below (chown, chmod or setfacl); "
    "PAC goes on by itself, and at once after `pacctl scan`."
)


@dataclass(frozen=True, slots=True)
class Lock:
    """
    What keeps PAC from writing below a root.

    Attributes:
        kind: Of the failures that come of it.
        shuts: Whether it keeps PAC from a root now.
        fix: How it is undone.
        whole: Says what is wrong with a root that it keeps PAC from.
        part: Says so of a part of a root that is open itself, from what a failure said of it.
    """

    kind: FailureKind
    shuts: Callable[[Path], bool]
    fix: str
    whole: Callable[[Path], str]
    part: Callable[[Path, str], str]


def is_read_only(root: Path) -> bool:
    """Whether nothing can be written there (statvfs(3), ST_RDONLY); False where nobody can tell."""
    try:
        return bool(os.statvfs(root).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def is_shut(root: Path) -> bool:
    """Whether this user may not make files in a root that is there."""
    return reachable(root) and not writable(root)


READ_ONLY: Final = Lock(
    FailureKind.READ_ONLY,
    is_read_only,
    _REMOUNT,
    whole=lambda root: f"The disk of {root} is read-only",
    part=lambda root, _said: f"A part of {root} is read-only",
)

SHUT: Final = Lock(
    FailureKind.TARGET_SHUT,
    is_shut,
    _GRANT,
    whole=lambda root: f"{root} cannot be written by user {os.geteuid()}",
    part=lambda _root, said: said,
)


class Locked:
    """Remembers which roots were locked in one way; belongs to the engine's thread."""

    def __init__(self, store: Store, lock: Lock) -> None:
        self._store = store
        self._lock = lock
        self._before: frozenset[Path] | None = None  # which they were before the start nobody knows

    def look(
        self, policy: DaemonPolicy, ids: Mapping[str, int], want: Want, *, now: datetime
    ) -> tuple[Problem, ...]:
        """
        Return a problem for each root that files wait for; have those visited that need no more.

        A part that is locked below a root that is not waits for its retries: it would be tried
        again at each look.
        """
        before, roots, lock = self._before, set[Path](), self._lock
        whole, partly = Counter[tuple[Path, str]](), Counter[tuple[Path, str]]()
        for kept in kept_waiting(self._store, policy, ids, lock.kind, now=now):
            if lock.shuts(kept.root):
                roots.add(kept.root)
                whole[kept.root, lock.whole(kept.root)] += kept.files
            elif before is None or kept.root in before:
                kept.hasten(self._store, want, now=now)
            elif kept.later:
                partly[kept.root, self._part(kept, now)] += kept.later
        self._before = frozenset(roots)
        return (*self._problems(whole), *self._problems(partly))

    def _part(self, kept: Kept, now: datetime) -> str:
        return self._lock.part(kept.root, said_of(self._store, kept, now=now))

    def _problems(self, waiting: Mapping[tuple[Path, str], int]) -> Iterator[Problem]:
        for (root, what), files in waiting.items():
            said = f"{what}: {pieces(files)} for it."
            yield Problem(what=said, fix=self._lock.fix, path=str(root))
