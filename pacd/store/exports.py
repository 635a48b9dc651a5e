"""The covers in the art root (``art_exports``) and whose they are."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.outcome import Exported
from pacd.store.columns import blob, from_ms, nanoseconds, plain, relative, signed, to_ms
from pacd.store.connection import Connection

_AT: Final = """
    SELECT path, md5, source, picture_md5, max_px, mime, size, mtime_ns, last_export_ts
    FROM art_exports
    WHERE library_id = :library AND path = :path
"""

_OF_OTHERS: Final = """
    SELECT libraries.root_path, exports.path, md5, source, picture_md5, max_px, mime, size,
        mtime_ns, last_export_ts
    FROM libraries
    CROSS JOIN art_exports AS exports
        ON exports.library_id = libraries.id AND exports.path = :path
    WHERE libraries.id <> :library
"""

_NEXT: Final = """
    SELECT path, md5, source, picture_md5, max_px, mime, size, mtime_ns, last_export_ts
    FROM art_exports
    WHERE library_id = :library AND path > :after
    ORDER BY path
    LIMIT :page
"""

_RECORD: Final = """
    INSERT INTO art_exports (
        library_id, path, path_text, md5, source, picture_md5, max_px, mime, size,
        mtime_ns, last_export_ts
    ) VALUES (
        :library, :path, :path_text, :md5, :source, :picture_md5, :max_px, :mime, :size,
        :mtime_ns, :now
    )
    ON CONFLICT (library_id, path) DO UPDATE SET
        md5 = excluded.md5, source = excluded.source, picture_md5 = excluded.picture_md5,
        max_px = excluded.max_px, mime = excluded.mime, size = excluded.size,
        mtime_ns = excluded.mtime_ns, last_export_ts = excluded.last_export_ts
"""

_HAND_ON: Final = """
    UPDATE art_exports SET md5 = :md5, source = :source
    WHERE library_id = :library AND path = :path
"""

# A record is kept of files that are gone: it tells their album.
_BEREFT: Final = """
    SELECT export.path, giver.album
    FROM art_exports AS export
    CROSS JOIN library_files AS giver
        ON giver.library_id = export.library_id AND giver.path = export.source
    WHERE export.library_id = :library AND giver.is_valid = 0
"""

_WITH_ALBUMS: Final = """
    SELECT DISTINCT folder
    FROM library_files
    WHERE library_id = :library AND is_valid = 1
        AND album IN (SELECT value FROM json_each(:albums))
"""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """
    One exported cover as it was left.

    Attributes:
        target: Relative to the art root.
        source: The master whose cover it is, relative to the library root; None once that was
            found to be gone.
        audio_md5: Of that master, hex; "" where it had none.
        picture_md5: Of the picture it was made from, hex.
        max_px: The limit it was made under.
        size_bytes, mtime_ns: Of the file that was written.
    """

    target: PurePosixPath
    source: PurePosixPath | None
    audio_md5: str
    picture_md5: str
    max_px: int
    mime: str
    size_bytes: int
    mtime_ns: int
    exported_at: datetime


class Exports:
    """The exported covers; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def at(
        self, library_id: int, targets: Iterable[PurePosixPath]
    ) -> Mapping[PurePosixPath, ExportRow]:
        """What is on record at these targets, by target."""
        rows = (
            self._connection.row(_AT, {"library": library_id, "path": blob(target)})
            for target in targets
        )
        exports = (_export(row) for row in rows if row is not None)
        return {export.target: export for export in exports}

    def of_others(
        self, library_id: int, target: PurePosixPath
    ) -> tuple[tuple[Path, ExportRow], ...]:
        """What other libraries have on record at a target, each with the library's root."""
        rows = self._connection.rows(_OF_OTHERS, {"library": library_id, "path": blob(target)})
        return tuple((Path(os.fsdecode(row["root_path"])), _export(row)) for row in rows)

    def record(
        self,
        library_id: int,
        source: PurePosixPath,
        audio_md5: str,
        exported: Exported,
        *,
        max_px: int,
        now: datetime,
    ) -> None:
        """Keep whose cover was put where."""
        self._connection.run(
            _RECORD,
            {
                "library": library_id,
                "path": blob(exported.target),
                "path_text": plain(str(exported.target)),
                "md5": audio_md5,
                "source": blob(source),
                "picture_md5": exported.picture.md5,
                "max_px": max_px,
                "mime": plain(exported.mime),
                "size": exported.size_bytes,
                "mtime_ns": signed(exported.mtime_ns),
                "now": to_ms(now),
            },
        )

    def hand_on(
        self, library_id: int, target: PurePosixPath, source: PurePosixPath | None, audio_md5: str
    ) -> None:
        """Keep that a cover, as it is, is another master's; does nothing without a record of it."""
        self._connection.run(
            _HAND_ON,
            {
                "library": library_id,
                "path": blob(target),
                "source": blob(source) if source else b"",
                "md5": audio_md5,
            },
        )

    def bereft(self, library_id: int) -> frozenset[PurePosixPath]:
        """
        Note that covers have no master any more; return the folders of those that may be next.

        Each is told once: no master is recorded as the one who gave it until one inherits it.
        """
        rows = list(self._connection.rows(_BEREFT, {"library": library_id}))
        if not rows:
            return frozenset()
        for row in rows:
            self.hand_on(library_id, relative(row["path"]), None, "")
        albums = json.dumps([row["album"] for row in rows])
        heirs = self._connection.rows(_WITH_ALBUMS, {"library": library_id, "albums": albums})
        return frozenset(relative(row["folder"]) for row in heirs)

    def count(self, library_id: int) -> int:
        """How many covers are on record."""
        return int(
            self._connection.value(
                "SELECT count(*) FROM art_exports WHERE library_id = :library",
                {"library": library_id},
            )
        )

    def forget(self, library_id: int, target: PurePosixPath) -> None:
        """Drop the record of a cover."""
        self._connection.run(
            "DELETE FROM art_exports WHERE library_id = :library AND path = :path",
            {"library": library_id, "path": blob(target)},
        )

    def all(self, library_id: int) -> Iterator[ExportRow]:
        """Every cover on record, in the order of their targets' bytes, in bounded memory."""
        rows = self._connection.pages(_NEXT, {"library": library_id}, key="path")
        yield from map(_export, rows)


def _export(row: sqlite3.Row) -> ExportRow:
    return ExportRow(
        target=relative(row["path"]),
        source=relative(row["source"]) if row["source"] else None,
        audio_md5=row["md5"],
        picture_md5=row["picture_md5"],
        max_px=row["max_px"],
        mime=row["mime"],
        size_bytes=row["size"],
        mtime_ns=nanoseconds(row["mtime_ns"]),
        exported_at=from_ms(row["last_export_ts"]),
    )
