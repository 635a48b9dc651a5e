"""The folders that were found at rest, so that an audit can pass them by (B2)."""

import os
from collections.abc import Collection
from datetime import datetime
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from pacd.store.columns import blob, inside, relative, to_ms
from pacd.store.connection import Connection

_ROOT: Final = PurePosixPath()

_FINGERPRINT: Final = """
    SELECT fingerprint, policy FROM folders
    WHERE library_id = :library AND folder = :folder AND fingerprint IS NOT NULL
"""

_AT_REST: Final = """
    INSERT INTO folders (library_id, folder, fingerprint, policy, files, at_rest_at)
    VALUES (:library, :folder, :fingerprint, :policy, :files, :now)
    ON CONFLICT (library_id, folder) DO UPDATE SET
        fingerprint = excluded.fingerprint, policy = excluded.policy,
        files = excluded.files, at_rest_at = excluded.at_rest_at
"""

_DISTURB_ALL: Final = """
    UPDATE folders SET fingerprint = NULL
    WHERE library_id = :library AND fingerprint IS NOT NULL
"""

_DISTURB_ONE: Final = """
    INSERT INTO folders (library_id, folder, fingerprint, policy, files, at_rest_at)
    VALUES (:library, :folder, NULL, '', 0, NULL)
    ON CONFLICT (library_id, folder) DO UPDATE SET fingerprint = NULL
"""

_ONE: Final = """
    SELECT folder, fingerprint, policy FROM folders
    WHERE library_id = :library AND folder = :folder
"""

_BELOW: Final = """
    SELECT folder, fingerprint, policy FROM folders
    WHERE library_id = :library AND folder > :after AND folder < :last
    ORDER BY folder LIMIT :page
"""

# CROSS JOIN fixes the order: few verdicts are old, so they lead to the files.
_STALE: Final = """
    SELECT DISTINCT files.folder
    FROM flac_checks AS checks
    CROSS JOIN library_files AS files
        ON files.library_id = :library
        AND files.device = checks.device AND files.inode = checks.inode
        AND files.file_size = checks.file_size AND files.mtime_ns = checks.mtime_ns
        AND files.is_valid = 1
    WHERE checks.last_test_ts < :before OR checks.last_test_ts > :after
"""


class Folders:
    """The folders of the libraries; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fingerprint(self, library_id: int, folder: PurePosixPath) -> tuple[bytes, str] | None:
        """The fingerprint and policy under which a folder was at rest; None when it is not."""
        row = self._connection.row(_FINGERPRINT, {"library": library_id, "folder": blob(folder)})
        return None if row is None else (row["fingerprint"], row["policy"])

    def at_rest(
        self,
        library_id: int,
        folder: PurePosixPath,
        fingerprint: bytes,
        policy: str,
        files: int,
        *,
        now: datetime,
    ) -> None:
        """Record that nothing is due in a folder as long as fingerprint and policy stay."""
        self._connection.run(
            _AT_REST,
            {
                "library": library_id,
                "folder": blob(folder),
                "fingerprint": fingerprint,
                "policy": policy,
                "files": files,
                "now": to_ms(now),
            },
        )

    def disturb(self, library_id: int, folder: PurePosixPath | None = None) -> None:
        """Have a folder, on record or not, or all that are, looked at again."""
        if folder is None:
            self._connection.run(_DISTURB_ALL, {"library": library_id})
        else:
            self._connection.run(_DISTURB_ONE, {"library": library_id, "folder": blob(folder)})

    def all(
        self, library_id: int, policies: Collection[str], below: PurePosixPath = _ROOT
    ) -> dict[str, bytes | None]:
        """
        Every folder on record with its fingerprint; None where it is not at rest.

        Args:
            policies: A folder at rest under none of these is not.
            below: Only this one, and those in it.
        """
        first, last = inside(below)
        own = self._connection.rows(_ONE, {"library": library_id, "folder": blob(below)})
        bounds = {"library": library_id, "last": last}
        rows = self._connection.pages(_BELOW, bounds, key="folder", after=first)
        return {
            os.fsdecode(row["folder"]): row["fingerprint"] if row["policy"] in policies else None
            for row in chain(own, rows)
        }

    def forget(self, library_id: int, folder: PurePosixPath) -> None:
        """Drop the record of a folder that is gone."""
        self._connection.run(
            "DELETE FROM folders WHERE library_id = :library AND folder = :folder",
            {"library": library_id, "folder": blob(folder)},
        )

    def stale(
        self, library_id: int, *, tested_before: datetime, tested_after: datetime
    ) -> tuple[PurePosixPath, ...]:
        """Folders with a file whose last test is older than that, or still to come, by path."""
        bounds = {"before": to_ms(tested_before), "after": to_ms(tested_after)}
        rows = self._connection.rows(_STALE, {"library": library_id, **bounds})
        return tuple(sorted(relative(row["folder"]) for row in rows))
