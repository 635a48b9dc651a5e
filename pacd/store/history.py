"""The append-only log of observations and actions (``observations``)."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from pacd.store.columns import blob, from_ms, inside, plain, relative, to_json, to_ms
from pacd.store.connection import Connection

_ADD: Final = """
    INSERT INTO observations (time, library_id, path, path_text, md5, event, details_json)
    VALUES (:now, :library, :path, :path_text, :md5, :event, :details)
"""

_OF: Final = """
    SELECT * FROM observations
    WHERE library_id = :library AND path = :path
    ORDER BY id DESC
    LIMIT :limit
"""

_BELOW: Final = """
    SELECT * FROM observations
    WHERE library_id = :library AND path >= :first AND path < :last
    ORDER BY id DESC
    LIMIT :limit
"""

_LATEST: Final = "SELECT * FROM observations ORDER BY id DESC LIMIT :limit"

_SINCE: Final = "SELECT * FROM observations WHERE id > :id ORDER BY id LIMIT :limit"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """
    One thing that happened.

    Attributes:
        path: Relative to the library root.
        md5: Of the audio, hex; "" where it is not known.
        event: As facts/schema.md spells them, like ``flac_test_ok``.
    """

    id: int
    time: datetime
    library_id: int
    path: PurePosixPath
    md5: str
    event: str
    details: Mapping[str, Any] = field(default_factory=dict)


class History:
    """The history; nothing in it is ever changed or removed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        library_id: int,
        path: PurePosixPath,
        md5: str,
        event: str,
        details: Mapping[str, Any],
        *,
        now: datetime,
    ) -> int:
        """Append one entry; return its id."""
        return self._connection.insert(
            _ADD,
            {
                "now": to_ms(now),
                "library": library_id,
                "path": blob(path),
                "path_text": plain(str(path)),
                "md5": md5,
                "event": event,
                "details": to_json(details),
            },
        )

    def of(self, library_id: int, path: PurePosixPath, *, limit: int) -> tuple[HistoryEntry, ...]:
        """What happened to one file, the latest first."""
        return self._entries(_OF, {"library": library_id, "path": blob(path), "limit": limit})

    def below(
        self, library_id: int, folder: PurePosixPath, *, limit: int
    ) -> tuple[HistoryEntry, ...]:
        """What happened to all files below a folder, the latest first."""
        first, last = inside(folder)
        bounds = {"library": library_id, "first": first, "last": last, "limit": limit}
        return self._entries(_BELOW, bounds)

    def latest(self, *, limit: int) -> tuple[HistoryEntry, ...]:
        """What happened, the latest first."""
        return self._entries(_LATEST, {"limit": limit})

    def since(self, entry_id: int, *, limit: int) -> tuple[HistoryEntry, ...]:
        """What happened after an entry, the earliest first."""
        return self._entries(_SINCE, {"id": entry_id, "limit": limit})

    def _entries(self, sql: str, parameters: Mapping[str, Any]) -> tuple[HistoryEntry, ...]:
        return tuple(_entry(row) for row in self._connection.rows(sql, parameters))


def _entry(row: sqlite3.Row) -> HistoryEntry:
    return HistoryEntry(
        id=row["id"],
        time=from_ms(row["time"]),
        library_id=row["library_id"],
        path=relative(row["path"]),
        md5=row["md5"],
        event=row["event"],
        details=json.loads(row["details_json"]),
    )
