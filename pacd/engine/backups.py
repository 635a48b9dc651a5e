"""Sees to it that the state is backed up daily, and that people's decisions are exported (S4)."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from pacd.errors import PacError, StoreError
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store import backups, shelf

_log = structlog.get_logger()

RETRY_S: Final = 3_600.0
"""How long after a backup that failed the next is tried."""

OVERDUE: Final = 2 * backups.EVERY
"""How old the last backup may be before a person is told."""

_STOP_S: Final = 10.0
"""How long a backup under way may hold up the end of the daemon; it is then thrown away."""


def back_up(database: Path, *, reserve_bytes: int) -> PacError | None:
    """Make a backup now and write the one line of the log; return why there is none, or None."""
    began_s = time.monotonic()
    try:
        made = backups.make(database, now=datetime.now(UTC), reserve_bytes=reserve_bytes)
    except (OSError, StoreError) as error:
        _log.error("backup_err", action="backup", status="error", message=str(error))
        return error if isinstance(error, StoreError) else StoreError(f"{error}.")
    _log.info(
        "backup_ok",
        action="backup",
        status="ok",
        path=str(made.file),
        size_bytes=made.file.stat().st_size,
        duration_s=round(time.monotonic() - began_s, 3),
    )
    return None


class Backups:
    """The daily backup of a daemon, in a thread of its own; all methods from any thread."""

    def __init__(self, database: Path, reserve_bytes: Callable[[], int]) -> None:
        """
        Args:
            reserve_bytes: What must stay free on the disk.
        """
        self._database = database
        self._reserve_bytes = reserve_bytes
        self._since = datetime.now(UTC)
        self._thread: threading.Thread | None = None
        self._next_try_s = 0.0
        self._error: PacError | None = None
        self._unexported: PacError | None = None
        self._to_export = True  # a run before may have been killed, or could not
        self._last: datetime | None = None

    def look(self) -> None:
        """Begin a backup, or export, if that is due, also one that was missed; returns at once."""
        if self._thread and self._thread.is_alive():
            return
        now = datetime.now(UTC)
        self._last = shelf.newest(self._database, now=now)
        if self._to_export:
            backups.sweep(self._database)
            self.decided()
        if time.monotonic() >= self._next_try_s and backups.due(self._database, now=now):
            self._thread = threading.Thread(target=self._make, name="backup", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Wait for a backup under way, for a while."""
        if self._thread:
            self._thread.join(_STOP_S)

    def decided(self) -> None:
        """Export what people have decided: somebody just did.  A failure is told and mended."""
        try:
            backups.export(self._database, now=datetime.now(UTC))
        except (OSError, StoreError) as error:
            if not self._unexported:
                _log.error("export_err", action="backup", status="error", message=str(error))
            self._unexported = error if isinstance(error, StoreError) else StoreError(f"{error}.")
        else:
            self._unexported = None
        self._to_export = self._unexported is not None

    @property
    def last(self) -> datetime | None:
        """When the last backup was made; None without any."""
        return self._last

    def problems(self) -> tuple[Problem, ...]:
        """What a person should know: there is no backup, or decisions are in the database alone."""
        found = []
        late = datetime.now(UTC) - (self._last or self._since)
        if late >= OVERDUE:
            since = f"since {self._last:%Y-%m-%d %H:%M} UTC" if self._last else "ever"
            what = f"No backup of the state was made {since}"
            found.append(_problem(what, self._error))
        elif self._error and self._error.words:  # what the check found: the database is damaged
            found.append(_problem("The state could not be backed up", self._error))
        if self._unexported:
            found.append(_problem("Decisions could not be exported", self._unexported))
        return tuple(found)

    def _make(self) -> None:
        self._next_try_s = time.monotonic() + RETRY_S  # whatever ends this thread
        self._error = back_up(self._database, reserve_bytes=self._reserve_bytes())
        self._last = shelf.newest(self._database, now=datetime.now(UTC))
        if not self._error:
            self._next_try_s = 0.0


def _problem(what: str, error: PacError | None) -> Problem:
    said = f": {error.what}" if error else "."
    fix = (error.fix if error else "") or "`journalctl -u pacd` tells more; PAC tries every hour."
    return Problem(kind=ProblemKind.NO_BACKUP, what=f"{what}{said}", fix=fix)
