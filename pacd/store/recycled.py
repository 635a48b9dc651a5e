"""What lies in the recycle bins of the libraries, and what became of it (``recycled``)."""

import sqlite3
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from pacd.domain.recycled import Recycled
from pacd.store.columns import blob, from_ms, nanoseconds, plain, relative, signed, to_ms
from pacd.store.connection import Connection

_WORD: Final = 1 << 64

# A clock that was set back must not shorten a retention: nothing new is older than the history.
_ADD: Final = """
    INSERT INTO recycled (
        library_id, entry, path, path_text, recycled_at, reason,
        inode, file_size, mtime_ns, md5, made_md5
    ) VALUES (
        :library, :entry, :path, :path_text,
        max(:at, coalesce(
            (SELECT time FROM observations WHERE :fresh ORDER BY id DESC LIMIT 1), :at)),
        :reason, :inode, :file_size, :mtime_ns, :md5, :made_md5
    )
    ON CONFLICT (library_id, entry) DO UPDATE SET ended_at = NULL, ended_how = NULL
"""

_LYING: Final = """
    SELECT * FROM recycled INDEXED BY idx_recycled_lying
    WHERE library_id = :library AND ended_at IS NULL
    ORDER BY id
"""

_DUE: Final = """
    UPDATE recycled SET due_since = :now
    WHERE library_id = :library AND ended_at IS NULL AND recycled_at < :before
        AND (due_since IS NULL OR due_since > :now)
"""

_NOT_DUE: Final = """
    UPDATE recycled SET due_since = NULL
    WHERE library_id = :library AND ended_at IS NULL AND due_since IS NOT NULL
        AND recycled_at >= :before
"""

_OVERDUE: Final = """
    SELECT * FROM recycled INDEXED BY idx_recycled_lying
    WHERE library_id = :library AND ended_at IS NULL AND due_since <= :since
    ORDER BY id LIMIT :most
"""

_END: Final = """
    UPDATE recycled SET ended_at = :now, ended_how = :how WHERE id = :id AND ended_at IS NULL
"""

_RESTORED: Final = """
    SELECT 1 FROM recycled INDEXED BY idx_recycled_restored
    WHERE ended_how = 'restored' AND md5 = :md5
"""

_ORIGIN: Final = """
    SELECT md5 FROM recycled INDEXED BY idx_recycled_made
    WHERE made_md5 = :md5 AND made_md5 <> '' ORDER BY id DESC LIMIT 1
"""

_ABOVE_CD: Final = """
    SELECT count(*) FROM flac_checks AS checks INDEXED BY idx_checks_above_cd
    CROSS JOIN library_files AS files INDEXED BY idx_files_content
        ON files.library_id = :library
        AND files.device = checks.device AND files.inode = checks.inode
        AND files.file_size = checks.file_size AND files.mtime_ns = checks.mtime_ns
        AND files.is_valid = 1
    WHERE checks.test_ok = 1
        AND (checks.sample_rate > 44100 OR checks.bit_depth > 16 OR checks.channels > 2)
        AND (checks.sample_rate > 44100 OR checks.bit_depth % 8 <> 0)
        AND NOT EXISTS (
            SELECT 1 FROM recycled INDEXED BY idx_recycled_restored
            WHERE recycled.ended_how = 'restored' AND recycled.md5 = checks.md5)
"""


class Leaving(StrEnum):
    """
    How a file left the bin.

    The value is what the store keeps: never rename one.
    """

    RESTORED = "restored"
    EXPIRED = "expired"
    EMPTIED = "emptied"


class Lying(NamedTuple):
    """A file in a bin, by its number; left is None while it lies there."""

    id: int
    library_id: int
    recycled: Recycled
    left: Leaving | None = None


class RecycleBin:
    """The bins of all libraries; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, library_id: int, recycled: Recycled, *, fresh: bool = True) -> None:
        """
        Record that a file lies in the bin; one that had left it and is back is the same.

        Args:
            fresh: Whether it was put there just now; otherwise it was found there.
        """
        self._connection.run(
            _ADD,
            {
                "library": library_id,
                "entry": plain(recycled.entry),
                "path": blob(recycled.path),
                "path_text": plain(str(recycled.path)),
                "at": to_ms(recycled.at),
                "reason": plain(recycled.reason),
                "inode": signed(recycled.inode),
                "file_size": recycled.size_bytes,
                "mtime_ns": signed(recycled.mtime_ns),
                "md5": plain(recycled.audio_md5),
                "made_md5": plain(recycled.made_md5),
                "fresh": fresh,
            },
        )

    def lying(self, library_id: int) -> tuple[Lying, ...]:
        """What lies in a library's bin, as far as is known, the oldest first."""
        return tuple(map(_lying, self._connection.rows(_LYING, {"library": library_id})))

    def get(self, number: int) -> Lying | None:
        """The file with this number, wherever it is now."""
        row = self._connection.row("SELECT * FROM recycled WHERE id = :id", {"id": number})
        return None if row is None else _lying(row)

    def mark_due(self, library_id: int, *, before: datetime, now: datetime) -> None:
        """Note which files have been there since before a moment, and which have not."""
        moments = {"library": library_id, "before": to_ms(before), "now": to_ms(now)}
        self._connection.run(_NOT_DUE, {name: moments[name] for name in ("library", "before")})
        self._connection.run(_DUE, moments)

    def overdue(self, library_id: int, *, since: datetime, most: int) -> tuple[Lying, ...]:
        """The files that were found due by then already, the oldest first."""
        asked = {"library": library_id, "since": to_ms(since), "most": most}
        return tuple(map(_lying, self._connection.rows(_OVERDUE, asked)))

    def end(self, number: int, how: Leaving, *, now: datetime) -> None:
        """Record that a file has left the bin; when it is there no longer, that stays so."""
        self._connection.run(_END, {"id": number, "how": how.value, "now": to_ms(now)})

    def restored(self, md5: str) -> bool:
        """Whether somebody brought this audio back."""
        return bool(md5) and self._connection.row(_RESTORED, {"md5": md5}) is not None

    def origin(self, md5: str) -> str:
        """The audio that this was made of, as far as a bin knows or knew it; "" for none."""
        found = self._connection.value(_ORIGIN, {"md5": md5}) if md5 else None
        return str(found or "")

    def waiting_for_resampler(self, library_id: int) -> int:
        """How many sound masters only a program can bring to CD form (planning.rules)."""
        return int(self._connection.value(_ABOVE_CD, {"library": library_id}))


def _lying(row: sqlite3.Row) -> Lying:
    left = row["ended_how"]
    recycled = Recycled(
        entry=row["entry"],
        path=relative(row["path"]),
        at=from_ms(row["recycled_at"]),
        reason=row["reason"],
        inode=row["inode"] % _WORD,
        size_bytes=row["file_size"],
        mtime_ns=nanoseconds(row["mtime_ns"]),
        audio_md5=row["md5"],
        made_md5=row["made_md5"],
    )
    return Lying(row["id"], row["library_id"], recycled, Leaving(left) if left else None)
