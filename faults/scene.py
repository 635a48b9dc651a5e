"""What a piece of work is that PAC does under a fault; does nothing by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pacd.domain.outcome import Failed

UNWRITABLE: Final = frozenset({"UnwritableError"})
"""On which the daemon begins anew (pacd.endurance); another StoreError would end it."""
UNUSABLE: Final = UNWRITABLE | {"StoreError"}
"""What whoever makes a copy, or starts, passes on in words (engine.backups, pacd.__main__)."""


@dataclass(frozen=True, slots=True)
class Scene:
    """
    A piece of work.

    Attributes:
        set_up: Makes all that it needs below a folder, which is then copied for each fault.
        work: Does it there, or raises; once more where a first try broke off, as the daemon
            would after it has looked again: what is done already is not done twice.
        keeps: Whether what was there before is still somewhere afterwards, as in a bin.
        only_reads: Whether the master is but read, so that a right which is refused is one to
            the mirror or the art root (decision 0017), and no fault of the master.
        raises: Types of errors, by name, that whoever asks for this work acts on; empty where
            the disk's own error is told.
    """

    name: str
    set_up: Callable[[Path], None]
    work: Callable[[Path], None]
    keeps: bool = False
    only_reads: bool = False
    raises: frozenset[str] = frozenset()


class StepFailedError(Exception):
    """A step gave up, and said why by type."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(f"{failed.kind}: {failed.message}")
        self.failed = failed
