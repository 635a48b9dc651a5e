"""Writes a line of the log for each change of state, and for each problem that comes or goes."""

import re
from collections.abc import Iterable
from typing import Final

import structlog

from pacd.engine.engine import Engine
from pacd.engine.overview import full_disks, state_word
from pacd.engine.snapshot import Snapshot
from pacd.protocol.documents import Problem, State

_log = structlog.get_logger()

_NUMBERS: Final = re.compile(r"\d[\d,.:-]*")
"""A problem whose numbers change is the same problem."""


class Herald:
    """Remembers what it has told; one for each thread that has something to tell (w55)."""

    def __init__(self) -> None:
        self._state: State | None = None
        self._snapshot: Snapshot | None = None
        self._told: dict[tuple[str, str], Problem] = {}

    def look(self, engine: Engine) -> bool:
        """Tell what the engine's last turn has changed; False, for it is not to stop for that."""
        snapshot = engine.snapshot
        if snapshot is self._snapshot:
            return False
        self._snapshot = snapshot
        state = state_word(snapshot, ())  # problems have lines of their own
        if state is not self._state:
            before = self._state.value if self._state else None
            _log.info("state", action="state", status="ok", state=state.value, before=before)
            self._state = state
        self.problems((*snapshot.problems, *full_disks(snapshot)))
        return False

    def problems(self, found: Iterable[Problem]) -> None:
        """Tell which problems are new, and which are over."""
        now = {(each.kind.value, _NUMBERS.sub("#", each.what)): each for each in found}
        for key in now.keys() - self._told.keys():
            new = now[key]
            _log.warning(
                "problem",
                action="state",
                status="warn",
                kind=new.kind.value,
                message=new.what,
                fix=new.fix,
            )
        for key in self._told.keys() - now.keys():
            over = self._told[key]
            _log.info(
                "problem over",
                action="state",
                status="ok",
                kind=over.kind.value,
                message=over.what,
            )
        self._told = now
