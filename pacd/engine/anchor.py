"""Whether the database is where it was: what is written to a file that was removed is lost."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from pacd.errors import StoreError, UnwritableError
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store

_log = structlog.get_logger()

EVERY_S: Final = 5.0
"""How often it is looked where the engine turns; a heartbeat makes it turn (pacd.pulse)."""


class Anchor:
    """
    Belongs to the engine's thread.

    Attributes:
        problems: The database was removed and cannot be put back: nothing may be begun.
    """

    def __init__(self, store: Store, database: Path) -> None:
        self._store = store
        self._database = database
        self.problems: tuple[Problem, ...] = ()
        self.next_s = 0.0

    def look(self) -> None:
        """
        Put a copy of the open database in its place if that was removed; try until it can be.

        Raises:
            UnwritableError: It has been: all is to begin anew with it (pacd.endurance).
        """
        now_s = time.monotonic()
        if now_s < self.next_s:
            return
        self.next_s = now_s + EVERY_S
        if self._store.in_place:
            self.problems = ()
            return
        try:
            copy = self._store.put_back(now=datetime.now(UTC))
        except StoreError as error:
            self._tell(error)
            return
        raise UnwritableError(
            f"{self._database} was removed, or another put in its place, while pacd had it open. "
            f"All that it held was written to {copy}."
        )

    def _tell(self, error: StoreError) -> None:
        what = (
            f"{self._database} was removed while pacd has it open, and cannot be put back: "
            f"{error.what} Nothing is begun that could not be recorded."
        )
        fix = (
            f"Make {self._database.parent} again, for the user that pacd runs as: PAC writes all "
            "that it knows there and goes on by itself. Do not stop pacd before: what was decided "
            "would be lost."
        )
        if not self.problems:
            _log.error("store_err", action="store", status="error", reason=what)
        self.problems = (Problem(kind=ProblemKind.STATE_GONE, what=what, fix=fix),)
