"""What stands in the mirrors (``mirror_outputs``): a cache of the outputs' own tags (M4)."""

import sqlite3
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
)
from pacd.store.connection import Connection
from pacd.store.mirrored import Mirrored, Statements, key

_COLUMNS: Final = """path, state, src_md5, quality, src_tags, encoder, source,
        device, inode, file_size, mtime_ns, ctime_ns, orphaned_at"""

_STATEMENTS: Final = Statements.of("mirror_outputs", _COLUMNS, "idx_outputs")

_WITH_AUDIO: Final = f"""
    SELECT {_COLUMNS}
    FROM mirror_outputs INDEXED BY idx_outputs_md5
    WHERE library_id = :library AND mirror = :mirror AND src_md5 = :md5 AND state = 'ours'
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

_COUNT_OF: Final = f"{_STATEMENTS.count} AND source > :first AND source < :last"

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

    @property
    def path(self) -> PurePosixPath:
        """The output's."""
        return self.output.path


class Outputs(Mirrored[OutputRow]):
    """The files of the mirrors; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _STATEMENTS, _row)

    def with_audio(self, library_id: int, mirror: str, md5: str) -> tuple[OutputRow, ...]:
        """The outputs that were made of audio with this MD5, by path."""
        asked = {"library": library_id, "mirror": mirror, "md5": md5}
        return tuple(map(_row, self._connection.rows(_WITH_AUDIO, asked)))

    def record(self, library_id: int, mirror: str, output: Output) -> None:
        """
        Keep what stands at an output's path.

        Whether a master wants it stays as it was; what is not PAC's own is nobody's orphan.
        """
        seen = output.observation
        self._connection.run(
            _RECORD,
            {
                **key(library_id, mirror, output.path),
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

    def count_of(self, library_id: int, mirror: str, folder: PurePosixPath) -> int:
        """How many stand there that masters in this folder of the library, or below it, want."""
        first, last = inside(folder)
        asked = {"library": library_id, "mirror": mirror, "first": first, "last": last}
        return int(self._connection.value(_COUNT_OF, asked))


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
