"""The copies of sidecars in the mirrors (``sidecars``), which bear no tags to tell them by."""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.change import Observation
from pacd.domain.output import Output, OutputState
from pacd.store.columns import (
    blob,
    from_ms,
    observation_columns,
    observation_of,
    plain,
    relative,
    signed,
)
from pacd.store.connection import Connection
from pacd.store.mirrored import Mirrored, Statements, key

_COLUMNS: Final = """path, source, source_inode, source_size, source_mtime_ns, source_ctime_ns,
        state, md5, device, inode, file_size, mtime_ns, ctime_ns, orphaned_at"""

_STATEMENTS: Final = Statements.of("sidecars", _COLUMNS, "idx_sidecars")

_MOVED: Final = """
    UPDATE OR IGNORE sidecars SET path = :new_path, path_text = :new_text, folder = :new_folder
    WHERE library_id = :library AND mirror = :mirror AND path = :path
"""

_OF_FILE: Final = f"""
    SELECT {_COLUMNS}
    FROM sidecars INDEXED BY idx_sidecars_source
    WHERE library_id = :library AND mirror = :mirror AND source_inode = :source_inode
        AND source_size = :source_size AND source_mtime_ns = :source_mtime_ns AND state = 'ours'
    ORDER BY path
"""  # noqa: S608  # columns of ours

_RECORD: Final = """
    INSERT INTO sidecars (
        library_id, mirror, path, path_text, folder, source, source_inode, source_size,
        source_mtime_ns, source_ctime_ns, state, md5, device, inode, file_size, mtime_ns,
        ctime_ns, orphaned_at
    ) VALUES (
        :library, :mirror, :path, :path_text, :folder, :source, :source_inode, :source_size,
        :source_mtime_ns, :source_ctime_ns, :state, :md5, :device, :inode, :file_size, :mtime_ns,
        :ctime_ns, NULL
    )
    ON CONFLICT (library_id, mirror, path) DO UPDATE SET
        source = excluded.source, source_inode = excluded.source_inode,
        source_size = excluded.source_size, source_mtime_ns = excluded.source_mtime_ns,
        source_ctime_ns = excluded.source_ctime_ns, state = excluded.state, md5 = excluded.md5,
        device = excluded.device, inode = excluded.inode, file_size = excluded.file_size,
        mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, orphaned_at = NULL
"""

_SourceSeen = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class SidecarRow:
    """
    A copy as it was left, or a file that PAC did not make where one belongs.

    Attributes:
        source: What it is a copy of, relative to the library root.
        copy: OURS, with the MD5 of its bytes as src_md5, or FOREIGN.
        orphaned_at: Since when no sidecar wants it; None where one does.
    """

    source: PurePosixPath
    copy: Output
    source_seen: _SourceSeen
    orphaned_at: datetime | None

    @property
    def path(self) -> PurePosixPath:
        """The copy's."""
        return self.copy.path

    @property
    def output(self) -> Output:
        """The copy, as an output that tells what it was made of."""
        return replace(self.copy, source_rel=self.source)

    @property
    def is_ours(self) -> bool:
        """Whether PAC has made it."""
        return self.copy.state is OutputState.OURS

    def is_of(self, source: Observation) -> bool:
        """Whether the sidecar is as it was when it was copied; its disk may be another."""
        return self.source_seen == _seen(source)

    def is_of_file(self, source: Observation) -> bool:
        """Whether it is the same file, whatever it holds now."""
        return self.source_seen[0] == _seen(source)[0]


class Sidecars(Mirrored[SidecarRow]):
    """The copies of sidecars; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _STATEMENTS, _row)

    def respelt(self, library_id: int, mirror: str, old: PurePosixPath, new: PurePosixPath) -> None:
        """Keep a folder's records by another spelling of its name; what is there by it stays."""
        for path in self.in_folder(library_id, mirror, old):
            place = new / path.name
            self._connection.run(
                _MOVED,
                {
                    **key(library_id, mirror, path),
                    "new_path": blob(place),
                    "new_text": plain(str(place)),
                    "new_folder": blob(new),
                },
            )
            self.forget(library_id, mirror, [path])

    def of_file(self, library_id: int, mirror: str, source: Observation) -> tuple[SidecarRow, ...]:
        """The copies that were made of this very file, whatever it was named then, by path."""
        asked = {"library": library_id, "mirror": mirror, **_source_columns(source)}
        del asked["source_ctime_ns"]  # a rename changes it
        return tuple(map(_row, self._connection.rows(_OF_FILE, asked)))

    def record(
        self,
        library_id: int,
        mirror: str,
        source: PurePosixPath,
        seen: Observation,
        copy: Output,
    ) -> None:
        """Keep what was copied where, or what stands in the way there; it is wanted."""
        if copy.observation is None:
            raise ValueError(f"{copy.path}: nothing stands there")
        self._connection.run(
            _RECORD,
            {
                **key(library_id, mirror, copy.path),
                "path_text": plain(str(copy.path)),
                "folder": blob(copy.path.parent),
                "source": blob(source),
                **_source_columns(seen),
                "state": copy.state.value,
                "md5": copy.src_md5,
                **observation_columns(copy.observation),
            },
        )


def _source_columns(source: Observation) -> dict[str, object]:
    names = ("source_inode", "source_size", "source_mtime_ns", "source_ctime_ns")
    return dict(zip(names, _seen(source), strict=True))


def _seen(source: Observation) -> _SourceSeen:
    """As its columns hold it."""
    mtime_ns, ctime_ns = signed(source.mtime_ns), signed(source.ctime_ns)
    return (signed(source.inode), source.size_bytes, mtime_ns, ctime_ns)


def _row(row: sqlite3.Row) -> SidecarRow:
    copy = Output(
        path=relative(row["path"]),
        state=OutputState(row["state"]),
        src_md5=row["md5"],
        observation=observation_of(row),
    )
    orphaned = row["orphaned_at"]
    return SidecarRow(
        source=relative(row["source"]),
        copy=copy,
        source_seen=(
            row["source_inode"],
            row["source_size"],
            row["source_mtime_ns"],
            row["source_ctime_ns"],
        ),
        orphaned_at=None if orphaned is None else from_ms(orphaned),
    )
