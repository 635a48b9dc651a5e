"""Whether covers and pictures may lie among left-overs, where no walk looks; outlives a daemon."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action
from pacd.store.database import Store

_KEY: Final = "left_over"
_BESIDE: Final = frozenset({Action.EXPORT_ARTWORK, Action.AUTHENTICATE})
"""What writes where no walk looks."""


def note(store: Store, failed: Failed, *, now: datetime) -> None:
    """Remember a failure that may have left a file: a disk that fails may not remove it either."""
    if failed.item.action in _BESIDE:
        store.memory.set(_KEY, now.isoformat())


class Leavings:
    """The libraries whose left-overs are still to be removed by a walk; of the engine's thread."""

    def __init__(self, store: Store, libraries: Iterable[str], *, after_crash: bool) -> None:
        """
        Args:
            after_crash: Whether the daemon before this one did not end by itself.
        """
        self._store = store
        self._noted = store.memory.get(_KEY)
        self._libraries = set(libraries) if after_crash or self._noted else set[str]()

    def __contains__(self, library: str) -> bool:
        return library in self._libraries

    def walked(self, library: str, *, swept: bool) -> None:
        """Take note of a whole walk; what workers of this very run have left waits for the next."""
        if not swept or library not in self._libraries:
            return
        self._libraries.remove(library)
        if not self._libraries and self._noted and self._store.memory.get(_KEY) == self._noted:
            self._store.memory.delete(_KEY)
