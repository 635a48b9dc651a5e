"""The counts of 1.4: what was done so far, and how the libraries stand."""

from collections.abc import Mapping
from typing import Final

from pacd.store.connection import Connection

_ADD: Final = """
    INSERT INTO counters (library_id, mirror, name, value)
    VALUES (:library, :mirror, :name, :n)
    ON CONFLICT (library_id, mirror, name) DO UPDATE SET value = value + excluded.value
"""

_SCANNED: Final = """
    SELECT count(*) FROM library_files INDEXED BY idx_files_content
    WHERE library_id = :library AND is_valid = 1
"""

_TESTED: Final = """
    SELECT coalesce(sum(checks.test_ok), 0) AS ok, count(*) AS tested
    FROM library_files AS files INDEXED BY idx_files_content
    CROSS JOIN flac_checks AS checks
        ON checks.device = files.device AND checks.inode = files.inode
        AND checks.file_size = files.file_size AND checks.mtime_ns = files.mtime_ns
    WHERE files.library_id = :library AND files.is_valid = 1
"""

_HELD: Final = "SELECT count(*) FROM holds WHERE library_id = :library AND ended_at IS NULL"

_AT_TARGET: Final = """
    SELECT count(*) FROM library_files
    WHERE library_id = :library AND is_valid = 1 AND compression <> ''
"""


class Counters:
    """The counts; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, library_id: int, mirror: str, name: str, n: int = 1) -> None:
        """Count something that was done; mirror "" is the library itself."""
        self._connection.run(_ADD, {"library": library_id, "mirror": mirror, "name": name, "n": n})

    def of(self, library_id: int) -> Mapping[tuple[str, str], int]:
        """All that was ever counted, by (mirror, name)."""
        rows = self._connection.rows(
            "SELECT mirror, name, value FROM counters WHERE library_id = :library",
            {"library": library_id},
        )
        return {(row["mirror"], row["name"]): row["value"] for row in rows}

    def state(self, library_id: int) -> Mapping[str, int]:
        """
        How the library stands now, counted from the rows.

        scanned: files that are there; tested_ok and tested_err: those of them with a
        verdict on their present bytes; held: open holds; at_target: files that
        say how they were compressed.
        """
        library = {"library": library_id}
        ok, tested = self._connection.rows(_TESTED, library)[0]
        return {
            "scanned": self._connection.value(_SCANNED, library),
            "tested_ok": ok,
            "tested_err": tested - ok,
            "held": self._connection.value(_HELD, library),
            "at_target": self._connection.value(_AT_TARGET, library),
        }
