"""Folders that PAC's own code has failed at: left alone and told, while all others go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from pacd.engine.audits import Audit
from pacd.errors import PacError
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.protocol.documents import Problem

_log = structlog.get_logger()

MOST: Final = 100
"""With more folders than this the fault is not theirs: then the daemon ends, and begins anew."""


class Aside:
    """
    A fault at one folder must not stop the others, nor the daemon at each of its starts.

    What failed is tried again when the folder changes, at the next audit and by
    `pacctl scan`.  All methods belong to the engine's thread.
    """

    def __init__(self, abandon: Callable[[Place], None]) -> None:
        """
        Args:
            abandon: Called with a folder that is not to be gone on with.
        """
        self._abandon = abandon
        self._faults: dict[Place, str] = {}

    @contextmanager
    def trying(self, place: Place | None) -> Iterator[None]:
        """
        Do what concerns one folder; a fault sets it aside and goes no further.

        Args:
            place: None for what concerns none: its faults are raised.
        """
        try:
            yield
        except (PacError, MemoryError):
            raise  # the database, the disk, the machine: no folder can help it
        except Exception as error:
            if place is None or (len(self._faults) >= MOST and place not in self._faults):
                raise
            self._faults[place] = f"{type(error).__name__}: {error}"
            _log.exception(
                "fault",
                action="visit",
                status="error",
                library=place.library,
                path=str(place.folder),
                reason=self._faults[place],
            )
            self._abandon(place)

    def around(
        self, found: Callable[[Audit, FolderView], None]
    ) -> Callable[[Audit, FolderView], None]:
        """Return what tries it with each folder that a walk has found."""

        def tried(audit: Audit, view: FolderView) -> None:
            with self.trying(Place(audit.policy.name, view.path)):
                found(audit, view)

        return tried

    def forget(self, place: Place) -> None:
        """It has come to rest after all."""
        self._faults.pop(place, None)

    def clear(self) -> None:
        """Wishes are others: what failed is looked at anew."""
        self._faults.clear()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should know, and report."""
        if not self._faults:
            return ()
        place, fault = next(iter(self._faults.items()))
        more = f" (and at {len(self._faults) - 1} more)" if len(self._faults) > 1 else ""
        return (
            Problem(
                what=f"PAC failed at the folder {place.folder} of library {place.library}{more}: "
                f"{fault}. It is left alone; all others go on.",
                fix="This is a fault of PAC's: please report it with what `journalctl -u pacd` "
                "says. `pacctl scan` tries again, as each audit does.",
            ),
        )
