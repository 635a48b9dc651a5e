"""The covers in the art root (``art_exports``) and whose they are."""

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


@dataclass(frozen=True, slots=True)
class ExportRow:
    """
    One exported cover as it was left.

    Attributes:
        target: Relative to the art root.
        source: The master whose cover it is, relative to the library root.
        audio_md5: Of that master, hex; "" where it had none.
        picture_md5: Of the picture it was made from, hex.
        max_px: The limit it was made under.
        size_bytes, mtime_ns: Of the file that was written.
    """

    target: PurePosixPath
    source: PurePosixPath
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
        source=relative(row["source"]),
        audio_md5=row["md5"],
        picture_md5=row["picture_md5"],
        max_px=row["max_px"],
        mime=row["mime"],
        size_bytes=row["size"],
        mtime_ns=nanoseconds(row["mtime_ns"]),
        exported_at=from_ms(row["last_export_ts"]),
    )
