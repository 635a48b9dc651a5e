"""The counts of 1.4: what was done so far, and how the libraries stand."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.verdict import Authenticity
from pacd.store.columns import inside
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

# A file's metadata is kept from its last sound test until its bytes change.
_UNTESTED: Final = """
    SELECT count(*) FROM library_files
    WHERE library_id = :library AND is_valid = 1 AND metadata IS NULL
"""

# Failed verdicts are few: they lead to the files.
_DAMAGED: Final = """
    FROM flac_checks AS checks INDEXED BY idx_checks_failed
    CROSS JOIN library_files AS files INDEXED BY idx_files_content
        ON files.library_id = :library
        AND files.device = checks.device AND files.inode = checks.inode
        AND files.file_size = checks.file_size AND files.mtime_ns = checks.mtime_ns
        AND files.is_valid = 1
    WHERE checks.test_ok = 0
"""

# What a damaged file says of its compression is no reason to leave it alone.
_FAILED: Final = f"""
    SELECT count(*) AS failed, count(files.metadata) AS readable,
        count(CASE WHEN files.compression <> '' THEN 1 END) AS at_target,
        count(CASE WHEN files.rewritten = 1 THEN 1 END) AS rewritten
    {_DAMAGED}
"""

_HELD: Final = "SELECT count(*) FROM holds WHERE library_id = :library AND ended_at IS NULL"

_REWRITTEN: Final = """
    SELECT count(*) FROM library_files INDEXED BY idx_files_rewritten
    WHERE library_id = :library AND is_valid = 1 AND rewritten = 1
"""

_AT_TARGET: Final = """
    SELECT count(*) FROM library_files
    WHERE library_id = :library AND is_valid = 1 AND compression <> ''
"""


_AUTHENTICITY: Final = """
    SELECT authenticity, count(*) AS files
    FROM library_files INDEXED BY idx_files_authenticity
    WHERE library_id = :library AND is_valid = 1 AND authenticity <> ''
    GROUP BY authenticity
"""

_STANDING: Final = f"""
    SELECT
        count(*) AS scanned,
        count(CASE WHEN compression <> '' THEN 1 END) - (
            SELECT count(*) {_DAMAGED}
                AND files.path > :first AND files.path < :last AND files.compression <> ''
        ) AS at_target,
        (SELECT count(*) FROM holds INDEXED BY idx_holds_folder
            WHERE library_id = :library AND ended_at IS NULL
                AND path > :first AND path < :last) AS held
    FROM library_files
    WHERE library_id = :library AND is_valid = 1 AND path > :first AND path < :last
"""  # noqa: S608  # a clause of ours


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
        verdict on their present bytes; held: open holds; at_target: files not damaged
        that say how they were compressed; rewritten: those of them that PAC made smaller;
        auth_…: files whose authenticity stands so.
        """
        library = {"library": library_id}
        scanned = self._connection.value(_SCANNED, library)
        untested = self._connection.value(_UNTESTED, library)
        damaged = self._connection.rows(_FAILED, library)[0]
        return {
            "scanned": scanned,
            "tested_ok": scanned - untested - damaged["readable"],
            "tested_err": damaged["failed"],
            "held": self._connection.value(_HELD, library),
            "at_target": self._connection.value(_AT_TARGET, library) - damaged["at_target"],
            "rewritten": self._connection.value(_REWRITTEN, library) - damaged["rewritten"],
            **{f"auth_{each}": 0 for each in Authenticity},
            **{
                f"auth_{row['authenticity']}": row["files"]
                for row in self._connection.rows(_AUTHENTICITY, library)
            },
        }

    def standing(self, library_id: int, folder: PurePosixPath) -> Mapping[str, int]:
        """Of `state`, what is asked of a part: scanned, held and at_target, below a folder."""
        first, last = inside(folder)
        bounds = {"library": library_id, "first": first, "last": last}
        return dict(self._connection.rows(_STANDING, bounds)[0])
