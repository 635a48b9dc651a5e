"""What stands in the mirrors (``mirror_outputs``): a cache of the outputs' own tags (M4)."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.output import Output, OutputState
from pacd.store.columns import (
    blob,
    from_ms,
    inside,
    observation_columns,
    observation_of,
    plain,
    relative,
    to_ms,
)
from pacd.store.connection import Connection

_COLUMNS: Final = """path, state, src_md5, quality, src_tags, encoder, source,
        device, inode, file_size, mtime_ns, ctime_ns, orphaned_at"""

_IN_FOLDER: Final = f"""
    SELECT {_COLUMNS}
    FROM mirror_outputs INDEXED BY idx_outputs_folder
    WHERE library_id = :library AND mirror = :mirror AND folder = :folder
    ORDER BY path
"""  # noqa: S608  # columns of ours

_STRANGE_FOLDERS: Final = """
    SELECT DISTINCT folder FROM mirror_outputs INDEXED BY idx_outputs_folder
    WHERE library_id = :library AND mirror = :mirror
        AND folder NOT IN (SELECT folder FROM folders WHERE library_id = :library)
"""

_WITH_AUDIO: Final = f"""
    SELECT {_COLUMNS}
    FROM mirror_outputs INDEXED BY idx_outputs_md5
    WHERE library_id = :library AND mirror = :mirror AND src_md5 = :md5 AND state = 'ours'
    ORDER BY path
"""  # noqa: S608  # columns of ours

_ORPHANS: Final = f"""
    SELECT {_COLUMNS}
    FROM mirror_outputs INDEXED BY idx_outputs_orphans
    WHERE library_id = :library AND mirror = :mirror AND orphaned_at IS NOT NULL
    ORDER BY path
"""  # noqa: S608  # columns of ours

_RECORD: Final = """
    INSERT INTO mirror_outputs (
        library_id, mirror, path, path_text, source, folder, state, src_md5, quality,
        src_tags, encoder, device, inode, file_size, mtime_ns, ctime_ns, orphaned_at
    ) VALUES (
        :library, :mirror, :path, :path_text, :source, :folder, :state, :src_md5, :quality,
        :src_tags, :encoder, :device, :inode, :file_size, :mtime_ns, :ctime_ns, NULL
    )
    ON CONFLICT (library_id, mirror, path) DO UPDATE SET
        source = excluded.source, folder = excluded.folder, state = excluded.state,
        src_md5 = excluded.src_md5, quality = excluded.quality, src_tags = excluded.src_tags,
        encoder = excluded.encoder, device = excluded.device, inode = excluded.inode,
        file_size = excluded.file_size, mtime_ns = excluded.mtime_ns,
        ctime_ns = excluded.ctime_ns,
        orphaned_at = iif(excluded.state = 'ours', orphaned_at, NULL)
"""

_FORGET: Final = """
    DELETE FROM mirror_outputs
    WHERE library_id = :library AND mirror = :mirror AND path = :path
"""

_ORPHANED: Final = """
    UPDATE mirror_outputs SET orphaned_at = :now
    WHERE library_id = :library AND mirror = :mirror AND path = :path
        AND orphaned_at IS NULL AND state = 'ours'
"""

_WANTED: Final = """
    UPDATE mirror_outputs SET orphaned_at = NULL
    WHERE library_id = :library AND mirror = :mirror AND path = :path
        AND orphaned_at IS NOT NULL
"""

_COUNT_KEPT: Final = """
    SELECT count(*) FROM mirror_outputs INDEXED BY idx_outputs_kept
    WHERE library_id = :library AND mirror = :mirror AND orphaned_at IS NULL AND state = 'ours'
"""

_COUNT_ORPHANS: Final = """
    SELECT count(*) FROM mirror_outputs INDEXED BY idx_outputs_orphans
    WHERE library_id = :library AND mirror = :mirror AND orphaned_at IS NOT NULL
"""

_COUNT_OF: Final = f"{_COUNT_KEPT} AND source > :first AND source < :last"

_NOTHING_SEEN: Final = dict.fromkeys(("device", "inode", "file_size", "mtime_ns", "ctime_ns"))


@dataclass(frozen=True, slots=True)
class OutputRow:
    """
    One file of a mirror as it was last seen.

    Attributes:
        orphaned_at: Since when no master wants it; None where one does.
    """

    output: Output
    orphaned_at: datetime | None


class Outputs:
    """The files of the mirrors; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_folder(
        self, library_id: int, mirror: str, folder: PurePosixPath
    ) -> Mapping[PurePosixPath, OutputRow]:
        """What is on record in a folder of a mirror, by path."""
        rows = self._connection.rows(
            _IN_FOLDER, {"library": library_id, "mirror": mirror, "folder": blob(folder)}
        )
        return {found.output.path: found for found in map(_row, rows)}

    def strange_folders(self, library_id: int, mirror: str) -> frozenset[PurePosixPath]:
        """Folders with something on record whose path no folder of the library on record has."""
        asked = {"library": library_id, "mirror": mirror}
        rows = self._connection.rows(_STRANGE_FOLDERS, asked)
        return frozenset(relative(row["folder"]) for row in rows)

    def with_audio(self, library_id: int, mirror: str, md5: str) -> tuple[OutputRow, ...]:
        """The outputs that were made of audio with this MD5, by path."""
        asked = {"library": library_id, "mirror": mirror, "md5": md5}
        return tuple(map(_row, self._connection.rows(_WITH_AUDIO, asked)))

    def orphans(self, library_id: int, mirror: str) -> tuple[OutputRow, ...]:
        """The outputs that no master wants, by path."""
        asked = {"library": library_id, "mirror": mirror}
        return tuple(map(_row, self._connection.rows(_ORPHANS, asked)))

    def record(self, library_id: int, mirror: str, output: Output) -> None:
        """
        Keep what stands at an output's path.

        Whether a master wants it stays as it was; what is not PAC's own is nobody's orphan.
        """
        seen = output.observation
        self._connection.run(
            _RECORD,
            {
                "library": library_id,
                "mirror": mirror,
                "path": blob(output.path),
                "path_text": plain(str(output.path)),
                "source": blob(output.source_rel),
                "folder": blob(output.path.parent),
                "state": output.state,
                "src_md5": plain(output.src_md5),
                "quality": plain(output.quality),
                "src_tags": plain(output.src_tags),
                "encoder": plain(output.encoder),
                **(observation_columns(seen) if seen else _NOTHING_SEEN),
            },
        )

    def forget(self, library_id: int, mirror: str, paths: Iterable[PurePosixPath]) -> int:
        """Drop the records of outputs; return how many there were."""
        return self._connection.run_many(_FORGET, _each(library_id, mirror, paths))

    def orphaned(
        self, library_id: int, mirror: str, paths: Iterable[PurePosixPath], *, now: datetime
    ) -> int:
        """Note that no master wants these any more; return how many were wanted until now."""
        moment = to_ms(now)
        asked = [{**each, "now": moment} for each in _each(library_id, mirror, paths)]
        return self._connection.run_many(_ORPHANED, asked)

    def wanted(self, library_id: int, mirror: str, paths: Iterable[PurePosixPath]) -> int:
        """Note that masters want these; return how many were orphans until now."""
        return self._connection.run_many(_WANTED, _each(library_id, mirror, paths))

    def count(self, library_id: int, mirror: str, folder: PurePosixPath | None = None) -> int:
        """
        How many outputs stand there that a master wants.

        Args:
            folder: Only of masters in this folder of the library, or below it.
        """
        wanted = {"library": library_id, "mirror": mirror}
        if folder is None or not folder.parts:
            return int(self._connection.value(_COUNT_KEPT, wanted))
        first, last = inside(folder)
        return int(self._connection.value(_COUNT_OF, {**wanted, "first": first, "last": last}))

    def count_orphans(self, library_id: int, mirror: str) -> int:
        """How many outputs stand there that no master wants."""
        return int(
            self._connection.value(_COUNT_ORPHANS, {"library": library_id, "mirror": mirror})
        )


def _each(library_id: int, mirror: str, paths: Iterable[PurePosixPath]) -> list[dict[str, object]]:
    return [{"library": library_id, "mirror": mirror, "path": blob(path)} for path in paths]


def _row(row: sqlite3.Row) -> OutputRow:
    output = Output(
        path=relative(row["path"]),
        state=OutputState(row["state"]),
        src_md5=row["src_md5"],
        quality=row["quality"],
        src_tags=row["src_tags"],
        encoder=row["encoder"],
        source_rel=relative(row["source"]),
        observation=None if row["inode"] is None else observation_of(row),
    )
    orphaned = row["orphaned_at"]
    return OutputRow(output, None if orphaned is None else from_ms(orphaned))
