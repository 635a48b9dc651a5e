"""What a walk of a library reports."""

from dataclasses import dataclass
from enum import StrEnum


class ScanStatus(StrEnum):
    """How far a library's scan has come (L1).  The value is what the store keeps."""

    NEVER_SCANNED = "never_scanned"
    SCANNING = "scanning"
    COMPLETE = "complete"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ScanReport:
    """
    What one walk found (L3); added + updated + moved + skipped + failed = discovered.

    Attributes:
        files_skipped: Unchanged since the last scan.
        files_failed: Could not be looked at; each has a warning.
        drift: Of the changes, those the watcher had missed.
        warnings: Sentences, each naming its file; cut after a hundred.
    """

    files_discovered: int = 0
    files_added: int = 0
    files_updated: int = 0
    files_moved: int = 0
    files_removed: int = 0
    files_skipped: int = 0
    files_failed: int = 0
    drift: int = 0
    scan_duration_s: float = 0.0
    warnings: tuple[str, ...] = ()
