"""Looks after the recycle bins: takes stock, and removes what has lain there long enough."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.domain.recycled import Recycled
from pacd.engine.presence import available
from pacd.engine.vouching import Vouched
from pacd.errors import PacError
from pacd.files import recycle
from pacd.files.atomic import is_left_over, is_scratch
from pacd.files.regular import observe
from pacd.protocol.documents import Problem
from pacd.store.database import Store
from pacd.store.recycled import Leaving, Lying

_log = structlog.get_logger()

STOCK_EVERY_S: Final = 3_600.0
"""How often it is looked whether somebody has emptied a bin, and whose time is over."""

DOUBT: Final = timedelta(days=1)
"""
How long a file stays after its retention was first found over: a clock that has jumped ahead is
set right by then, and the finding is taken back.
"""

MOST: Final = 100
"""Files that are removed in one turn: everybody else waits meanwhile."""


class Bins:
    """The bins of all libraries; all methods belong to the engine's thread."""

    def __init__(self, store: Store, vouched: Vouched) -> None:
        self._store = store
        self._vouched = vouched
        self._next_s: dict[Path, float] = {}
        self._failing: dict[Path, Problem] = {}

    def problems(self) -> tuple[Problem, ...]:
        """The bins that could not be looked after the last time."""
        return tuple(self._failing.values())

    def look_after(self, policy: DaemonPolicy, ids: Mapping[str, int]) -> None:
        """Take stock of each bin whose time it is, and of those whose library has come back."""
        roots = {each.root for each in policy.libraries if self.in_reach(each, ids[each.name])}
        self._failing = {root: each for root, each in self._failing.items() if root in roots}
        for library in policy.libraries:
            if library.root not in roots:
                self._next_s.pop(library.root, None)  # nobody can tell what lies there
            elif time.monotonic() >= self._next_s.get(library.root, 0.0):
                self.take_stock(library, ids[library.name], policy.retention, now=datetime.now(UTC))

    def in_reach(self, library: LibraryPolicy, library_id: int) -> bool:
        """Whether a library's root is there, and no other folder in its place: the bin is in it."""
        return available(library.root) and self._vouched.trusts(self._store, library_id, library)

    def take_stock(
        self, library: LibraryPolicy, library_id: int, retention: timedelta, *, now: datetime
    ) -> None:
        """Compare a bin with what is recorded of it, and remove what has lain there long enough."""
        wait_s = STOCK_EVERY_S
        try:
            if not recycle.settle(library.root, _is_over):
                wait_s = 0.0  # a worker of a daemon that was killed may be at it still
            self._reconcile(library, library_id, now)
            if self._expire(library, library_id, retention, now):
                wait_s = 0.0
            self._failing.pop(library.root, None)
        except (OSError, PacError) as error:
            wait_s = 0.0
            self._failing[library.root] = Problem(
                what=f"Library {library.name}: its recycle bin cannot be looked after: {error}; "
                "what lies there stays.",
                fix=f"Mend what it says; it is {library.root / recycle.BIN}. "
                "PAC tries again by itself.",
                path=str(library.root),
            )
        self._next_s[library.root] = time.monotonic() + wait_s

    def _reconcile(self, library: LibraryPolicy, library_id: int, now: datetime) -> None:
        bin_ = self._store.recycled
        there = {each.entry: (each, whole) for each, whole in recycle.contents(library.root)}
        for known in bin_.lying(library_id):
            _, whole = there.pop(known.recycled.entry, (known.recycled, False))
            if whole:
                continue
            if recycle.retell(library.root, known.recycled):
                anew = "what told of it in the recycle bin made no sense, and was written anew"
                _say(library, known.recycled, "recycle_retold", anew, status="warn")
                continue
            self._left(library, known, _how_left(library, known.recycled), now)
            with suppress(OSError, PacError):
                recycle.clear_away(library.root, known.recycled.entry)
        for recycled, whole in there.values():
            if not whole:
                recycle.clear_away(library.root, recycled.entry)
                continue
            found = "found in the recycle bin"
            with self._store.transaction():
                bin_.add(library_id, recycled, fresh=False)
                self._note(library_id, recycled, "recycle_found", found, now)
            _say(library, recycled, "recycle_found", found)

    def _expire(
        self, library: LibraryPolicy, library_id: int, retention: timedelta, now: datetime
    ) -> bool:
        """Remove what is due; return whether there is more."""
        bin_ = self._store.recycled
        with self._store.transaction():
            bin_.mark_due(library_id, before=now - retention, now=now)
        overdue = bin_.overdue(library_id, since=now - DOUBT, most=MOST)
        for each in overdue:
            recycle.forget(library.root, each.recycled)
            self._left(library, each, Leaving.EXPIRED, now)
        return len(overdue) == MOST

    def _left(self, library: LibraryPolicy, each: Lying, how: Leaving, now: datetime) -> None:
        """Record that a file is in the bin no longer; nothing is removed for that."""
        since = f"{each.recycled.at:%Y-%m-%d}"
        message = {
            Leaving.EXPIRED: f"removed for good, it had lain in the recycle bin since {since}",
            Leaving.EMPTIED: f"somebody took it from the recycle bin, where it lay since {since}",
            Leaving.RESTORED: "brought back from the recycle bin",
        }[how]
        with self._store.transaction():
            self._store.recycled.end(each.id, how, now=now)
            event = "restored" if how is Leaving.RESTORED else f"recycle_{how}"
            self._note(each.library_id, each.recycled, event, message, now)
        _say(library, each.recycled, f"recycle_{how}", message)

    def _note(
        self, library_id: int, recycled: Recycled, event: str, message: str, now: datetime
    ) -> None:
        details: dict[str, Any] = {"message": message, "entry": recycled.entry}
        self._store.history.add(
            library_id, recycled.path, recycled.audio_md5, event, details, now=now
        )


def _is_over(name: str) -> bool:
    """Whether nobody is at work on a folder in the bin; the engine's own is never half-done now."""
    return is_scratch(name) == os.getpid() or is_left_over(name)


def _say(
    library: LibraryPolicy, recycled: Recycled, event: str, message: str, *, status: str = "ok"
) -> None:
    log = _log.warning if status == "warn" else _log.info
    path = str(recycled.path)
    log(event, action="recycle", status=status, library=library.name, path=path, message=message)


def _how_left(library: LibraryPolicy, recycled: Recycled) -> Leaving:
    """Whether a file that is gone from the bin stands in its place again: a restore broke off."""
    try:
        back = recycled.is_still(observe(library.root / recycled.path))
    except (OSError, PacError):
        back = False
    return Leaving.RESTORED if back else Leaving.EMPTIED
