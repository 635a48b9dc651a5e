"""The files of each library (``library_files``): where they are and what their headers said."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from pacd.domain.change import Observation
from pacd.domain.media import Track
from pacd.domain.verdict import Authenticity
from pacd.store.columns import (
    blob,
    content_columns,
    observation_columns,
    observation_of,
    plain,
    relative,
    to_ms,
    track_json,
    track_of,
)
from pacd.store.connection import Connection

_KNOWN: Final = """
    SELECT id, path, metadata, device, inode, file_size, mtime_ns, ctime_ns, is_valid,
        authenticity, rewritten
    FROM library_files
    WHERE library_id = :library AND path = :path
"""

_IN_FOLDER: Final = """
    SELECT id, path, metadata, device, inode, file_size, mtime_ns, ctime_ns, is_valid,
        authenticity, rewritten
    FROM library_files INDEXED BY idx_files_folder
    WHERE library_id = :library AND folder = :folder
    ORDER BY path
"""

_BY_CONTENT: Final = """
    SELECT id, path, metadata, device, inode, file_size, mtime_ns, ctime_ns, is_valid,
        authenticity, rewritten
    FROM library_files
    WHERE library_id = :library AND device = :device AND inode = :inode
        AND file_size = :file_size AND mtime_ns = :mtime_ns
    ORDER BY is_valid, id
    LIMIT 1
"""

_SAME_BYTES: Final = """
    UPDATE library_files
    SET ctime_ns = :ctime_ns, is_valid = 1, gone_at = NULL, scanned_at = :now
    WHERE library_id = :library AND path = :path AND device = :device AND inode = :inode
        AND file_size = :file_size AND mtime_ns = :mtime_ns
"""

_OTHER_BYTES: Final = """
    INSERT INTO library_files (
        library_id, path, path_text, folder, file_size, modified_time,
        device, inode, mtime_ns, ctime_ns, scanned_at
    ) VALUES (
        :library, :path, :path_text, :folder, :file_size, :modified_time,
        :device, :inode, :mtime_ns, :ctime_ns, :now
    )
    ON CONFLICT (library_id, path) DO UPDATE SET
        file_size = excluded.file_size, modified_time = excluded.modified_time,
        device = excluded.device, inode = excluded.inode,
        mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns,
        metadata = NULL, audio_md5 = NULL, duration = NULL, artist = NULL, album = NULL,
        title = NULL, compression = NULL, rewritten = 0, authenticity = '',
        is_valid = 1, gone_at = NULL, scanned_at = excluded.scanned_at
"""

_DESCRIBED: Final = """
    INSERT INTO library_files (
        library_id, path, path_text, folder, file_size, modified_time,
        device, inode, mtime_ns, ctime_ns, scanned_at,
        metadata, audio_md5, duration, artist, album, title, compression, rewritten
    ) VALUES (
        :library, :path, :path_text, :folder, :file_size, :modified_time,
        :device, :inode, :mtime_ns, :ctime_ns, :now,
        :metadata, :audio_md5, :duration, :artist, :album, :title, :compression,
        coalesce(:rewritten, 0)
    )
    ON CONFLICT (library_id, path) DO UPDATE SET
        rewritten = coalesce(:rewritten, rewritten),
        file_size = excluded.file_size, modified_time = excluded.modified_time,
        device = excluded.device, inode = excluded.inode,
        mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns,
        metadata = excluded.metadata, audio_md5 = excluded.audio_md5,
        duration = excluded.duration, artist = excluded.artist, album = excluded.album,
        title = excluded.title, compression = excluded.compression,
        is_valid = 1, gone_at = NULL, scanned_at = excluded.scanned_at
"""

_OVERTAKEN: Final = """
    DELETE FROM library_files
    WHERE path = :path AND id <> :id
        AND library_id = (SELECT library_id FROM library_files WHERE id = :id)
"""

_MOVED: Final = """
    UPDATE library_files
    SET path = :path, path_text = :path_text, folder = :folder,
        file_size = :file_size, modified_time = :modified_time,
        device = :device, inode = :inode, mtime_ns = :mtime_ns, ctime_ns = :ctime_ns,
        is_valid = 1, gone_at = NULL, scanned_at = :now
    WHERE id = :id
"""

_STANDS: Final = """
    UPDATE library_files SET authenticity = :status
    WHERE library_id = :library AND path = :path
"""

_GONE: Final = """
    UPDATE library_files SET is_valid = 0, gone_at = :now
    WHERE library_id = :library AND path = :path AND is_valid = 1
"""

_VALID_COUNT: Final = """
    SELECT count(*) FROM library_files INDEXED BY idx_files_content
    WHERE library_id = :library AND is_valid = 1
"""

_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class KnownFile:
    """
    A file as it was last recorded.

    Attributes:
        path: Relative to the library root.
        track: From the header of exactly these bytes; None while nobody read it.
        is_valid: Whether it was there when last looked for (L5).
        authenticity: How it stands, by what was last known of these bytes; None if not at all.
        rewritten: Whether PAC has made it smaller.
    """

    id: int
    path: PurePosixPath
    observation: Observation
    track: Track | None
    is_valid: bool
    authenticity: Authenticity | None = None
    rewritten: bool = False


class Tracks:
    """The files of the libraries; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_folder(self, library_id: int, folder: PurePosixPath) -> tuple[KnownFile, ...]:
        """All files on record directly in a folder, also those that are gone, by path."""
        rows = self._connection.rows(_IN_FOLDER, {"library": library_id, "folder": blob(folder)})
        return tuple(_known(row) for row in rows)

    def known(self, library_id: int, path: PurePosixPath) -> KnownFile | None:
        """The file on record at a path."""
        row = self._connection.row(_KNOWN, {"library": library_id, "path": blob(path)})
        return None if row is None else _known(row)

    def by_content(self, library_id: int, observation: Observation) -> KnownFile | None:
        """
        The file on record with these bytes, by device, inode, size and mtime.

        Of several (hard links) one that is gone comes first: it is what was moved.
        """
        row = self._connection.row(
            _BY_CONTENT, {"library": library_id, **content_columns(observation)}
        )
        return None if row is None else _known(row)

    def seen(
        self, library_id: int, path: PurePosixPath, observation: Observation, *, now: datetime
    ) -> bool:
        """
        Record that a file is there; return whether it is new or has other bytes.

        Other bytes make what the header said unknown.
        """
        columns = _columns(library_id, path, observation, now)
        if self._connection.run(_SAME_BYTES, columns):
            return False
        self._connection.run(_OTHER_BYTES, columns)
        return True

    def described(
        self,
        library_id: int,
        path: PurePosixPath,
        track: Track,
        observation: Observation,
        *,
        rewritten: bool | None = None,
        now: datetime,
    ) -> None:
        """
        Record a file together with what its header says.

        Args:
            rewritten: Whether PAC has made it smaller; None leaves that as it is.
        """
        self._connection.run(
            _DESCRIBED,
            {
                **_columns(library_id, path, observation, now),
                "metadata": track_json(track),
                "audio_md5": track.audio_md5,
                "duration": track.audio.duration_s,
                "artist": plain(track.tags.first("ARTIST", "ALBUMARTIST")),
                "album": plain(track.tags.first("ALBUM")),
                "title": plain(track.tags.first("TITLE")),
                "compression": plain(track.compression),
                "rewritten": rewritten,
            },
        )

    def stands(
        self, library_id: int, path: PurePosixPath, authenticity: Authenticity | None
    ) -> None:
        """Record how a file's authenticity stands; it is so until its bytes change."""
        status = authenticity.value if authenticity else ""
        asked = {"library": library_id, "path": blob(path), "status": status}
        self._connection.run(_STANDS, asked)

    def moved(
        self, file_id: int, path: PurePosixPath, observation: Observation, *, now: datetime
    ) -> None:
        """
        Record that a file has a new path and keep everything else known of it (L6).

        A record that stood at the new path is overtaken: its file was replaced.
        """
        columns = {"id": file_id, **_place(path), **_sight(observation), "now": to_ms(now)}
        with self._connection.transaction():
            self._connection.run(_OVERTAKEN, columns)
            self._connection.run(_MOVED, columns)

    def gone(self, library_id: int, paths: Iterable[PurePosixPath], *, now: datetime) -> int:
        """Record that files are missing, keep what is known of them; return how many were there."""
        moment = to_ms(now)
        return self._connection.run_many(
            _GONE,
            [{"library": library_id, "path": blob(path), "now": moment} for path in paths],
        )

    def valid_count(self, library_id: int) -> int:
        """How many files are there."""
        return int(self._connection.value(_VALID_COUNT, {"library": library_id}))


def _columns(
    library_id: int, path: PurePosixPath, observation: Observation, now: datetime
) -> dict[str, Any]:
    return {"library": library_id, **_place(path), **_sight(observation), "now": to_ms(now)}


def _place(path: PurePosixPath) -> dict[str, Any]:
    return {"path": blob(path), "path_text": plain(str(path)), "folder": blob(path.parent)}


def _sight(observation: Observation) -> dict[str, int]:
    return {
        **observation_columns(observation),
        "modified_time": observation.mtime_ns // _NS_PER_MS,
    }


def _known(row: sqlite3.Row) -> KnownFile:
    return KnownFile(
        id=row["id"],
        path=relative(row["path"]),
        observation=observation_of(row),
        track=track_of(row["metadata"]),
        is_valid=bool(row["is_valid"]),
        authenticity=Authenticity(row["authenticity"]) if row["authenticity"] else None,
        rewritten=bool(row["rewritten"]),
    )
