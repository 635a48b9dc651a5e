"""Whether the owner has asked PAC to rest; survives a restart."""

import time
from datetime import UTC, datetime
from typing import Final

from pacd.store.database import Store
from pacd.store.decisions import PAUSE

_FOREVER: Final = "resume"


class Pause:
    """Belongs to the engine's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._until: str | float | None = store.memory.get(PAUSE)

    def begin(self, until: datetime | None) -> None:
        """Pause until a moment, or until resumed when None."""
        self._until = until.timestamp() if until else _FOREVER
        with self._store.transaction():
            self._store.memory.set(PAUSE, self._until)

    def end(self) -> None:
        """Go on; harmless when not paused."""
        self._until = None
        with self._store.transaction():
            self._store.memory.delete(PAUSE)

    def active(self, now: datetime) -> bool:
        """Whether nothing new may be started."""
        if isinstance(self._until, float) and self._until <= now.timestamp():
            self.end()
        return self._until is not None

    @property
    def until(self) -> datetime | None:
        """When it ends by itself; None when it does not, or there is no pause."""
        if isinstance(self._until, float):
            return datetime.fromtimestamp(self._until, UTC)
        return None

    def ends_s(self, now: datetime) -> float | None:
        """When it ends by itself (monotonic); None when it does not."""
        if not isinstance(self._until, float):
            return None
        return time.monotonic() + max(0.0, self._until - now.timestamp())
