"""The libraries and how far their scans have come (L1)."""

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pacd.domain.scan import ScanReport, ScanStatus
from pacd.store.columns import blob, from_ms, plain, to_json, to_ms
from pacd.store.connection import Connection

_CONFIGURED: Final = """
    INSERT INTO libraries (name, root_path) VALUES (:name, :root)
    ON CONFLICT (name) DO UPDATE SET root_path = excluded.root_path
"""

_STARTED: Final = """
    UPDATE libraries
    SET scan_status = 'scanning', scan_progress = 0, scan_total = :total,
        scan_started_at = :now, scan_error = ''
    WHERE id = :id
"""

_COMPLETE: Final = """
    UPDATE libraries
    SET scan_status = 'complete', scan_progress = scan_total,
        scanned_at = :now, scan_error = '', scan_report = :report
    WHERE id = :id
"""

_FAILED: Final = """
    UPDATE libraries SET scan_status = 'error', scan_error = :error, scan_failed_at = :now
    WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """
    One library, configured now or once.

    Attributes:
        root: Absolute.
        progress, total: Of the scan that runs or ran last, in the units the scan counts.
        scanned_at: When a scan was last complete; None before the first.
        error: Why the last scan failed; empty unless the status is error.
        report: Of the last complete scan.
    """

    id: int
    name: str
    root: Path
    status: ScanStatus
    progress: int
    total: int
    scanned_at: datetime | None
    error: str
    report: ScanReport | None


class Libraries:
    """The libraries; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sync(self, roots: Mapping[str, Path]) -> Mapping[str, int]:
        """
        Make the rows agree with the settings; return the id of each configured name.

        Rows of libraries that are no longer configured stay, with all they own.
        """
        self._connection.run_many(
            _CONFIGURED, [{"name": name, "root": blob(root)} for name, root in roots.items()]
        )
        rows = self._connection.rows("SELECT id, name FROM libraries")
        return {row["name"]: row["id"] for row in rows if row["name"] in roots}

    def scan_started(self, library_id: int, *, total: int, now: datetime) -> None:
        """Note that a scan of so many units begins."""
        self._connection.run(_STARTED, {"id": library_id, "total": total, "now": to_ms(now)})

    def scan_complete(self, library_id: int, report: ScanReport, *, now: datetime) -> None:
        """Note the end of a scan that saw everything."""
        self._connection.run(
            _COMPLETE,
            {"id": library_id, "report": to_json(asdict(report)), "now": to_ms(now)},
        )

    def scan_failed(self, library_id: int, error: str, *, now: datetime) -> None:
        """Note why a scan could not be finished; the last complete one stays on record."""
        self._connection.run(_FAILED, {"id": library_id, "error": plain(error), "now": to_ms(now)})

    def all(self) -> tuple[LibraryRow, ...]:
        """Every library ever configured, by name."""
        rows = self._connection.rows("SELECT * FROM libraries ORDER BY name")
        return tuple(_library(row) for row in rows)


def _library(row: sqlite3.Row) -> LibraryRow:
    return LibraryRow(
        id=row["id"],
        name=row["name"],
        root=Path(os.fsdecode(row["root_path"])),
        status=ScanStatus(row["scan_status"]),
        progress=row["scan_progress"],
        total=row["scan_total"],
        scanned_at=None if row["scanned_at"] is None else from_ms(row["scanned_at"]),
        error=row["scan_error"],
        report=_report(row["scan_report"]),
    )


def _report(text: str | None) -> ScanReport | None:
    if text is None:
        return None
    kept = json.loads(text)
    return ScanReport(**{**kept, "warnings": tuple(kept["warnings"])})
