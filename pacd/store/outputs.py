"""What stands in the mirrors (``mirror_outputs``): a cache of the outputs' own tags (M4)."""

import sqlite3
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.output import Output, OutputState
from pacd.store.columns import blob, inside, observation_columns, observation_of, plain, relative
from pacd.store.connection import Connection

_FOR_FOLDER: Final = """
    SELECT path, state, src_md5, quality, src_tags, encoder,
        device, inode, file_size, mtime_ns, ctime_ns
    FROM mirror_outputs INDEXED BY idx_outputs_folder
    WHERE library_id = :library AND mirror = :mirror AND folder = :folder
    ORDER BY path
"""

_RECORD: Final = """
    INSERT INTO mirror_outputs (
        library_id, mirror, path, path_text, source, folder, state, src_md5, quality,
        src_tags, encoder, device, inode, file_size, mtime_ns, ctime_ns
    ) VALUES (
        :library, :mirror, :path, :path_text, :source, :folder, :state, :src_md5, :quality,
        :src_tags, :encoder, :device, :inode, :file_size, :mtime_ns, :ctime_ns
    )
    ON CONFLICT (library_id, mirror, path) DO UPDATE SET
        source = excluded.source, folder = excluded.folder, state = excluded.state,
        src_md5 = excluded.src_md5, quality = excluded.quality, src_tags = excluded.src_tags,
        encoder = excluded.encoder, device = excluded.device, inode = excluded.inode,
        file_size = excluded.file_size, mtime_ns = excluded.mtime_ns,
        ctime_ns = excluded.ctime_ns
"""

_FORGET: Final = """
    DELETE FROM mirror_outputs
    WHERE library_id = :library AND mirror = :mirror AND path = :path
"""

_COUNT: Final = """
    SELECT count(*) FROM mirror_outputs WHERE library_id = :library AND mirror = :mirror
"""

_COUNT_WITHIN: Final = f"{_COUNT} AND folder = :folder"

_COUNT_BELOW: Final = f"{_COUNT} AND folder > :first AND folder < :last"

_NOTHING_SEEN: Final = dict.fromkeys(("device", "inode", "file_size", "mtime_ns", "ctime_ns"))


class Outputs:
    """The outputs of the mirrors; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def for_folder(
        self, library_id: int, mirror: str, source_folder: PurePosixPath
    ) -> Mapping[PurePosixPath, Output]:
        """What was recorded for the masters of a library folder, by the output's path."""
        rows = self._connection.rows(
            _FOR_FOLDER,
            {"library": library_id, "mirror": mirror, "folder": blob(source_folder)},
        )
        return {output.path: output for output in map(_output, rows)}

    def record(self, library_id: int, mirror: str, source: PurePosixPath, output: Output) -> None:
        """Keep what stands at an output's path, made from the master at source."""
        seen = output.observation
        self._connection.run(
            _RECORD,
            {
                "library": library_id,
                "mirror": mirror,
                "path": blob(output.path),
                "path_text": plain(str(output.path)),
                "source": blob(source),
                "folder": blob(source.parent),
                "state": output.state,
                "src_md5": plain(output.src_md5),
                "quality": plain(output.quality),
                "src_tags": plain(output.src_tags),
                "encoder": plain(output.encoder),
                **(observation_columns(seen) if seen else _NOTHING_SEEN),
            },
        )

    def forget(self, library_id: int, mirror: str, path: PurePosixPath) -> None:
        """Drop the record of an output."""
        self._connection.run(_FORGET, {"library": library_id, "mirror": mirror, "path": blob(path)})

    def count(self, library_id: int, mirror: str, folder: PurePosixPath | None = None) -> int:
        """How many outputs are on record; with a folder, those of masters in it or below it."""
        wanted = {"library": library_id, "mirror": mirror}
        if folder is None or not folder.parts:
            return int(self._connection.value(_COUNT, wanted))
        first, last = inside(folder)
        within = self._connection.value(_COUNT_WITHIN, {**wanted, "folder": blob(folder)})
        below = self._connection.value(_COUNT_BELOW, {**wanted, "first": first, "last": last})
        return int(within) + int(below)


def _output(row: sqlite3.Row) -> Output:
    return Output(
        path=relative(row["path"]),
        state=OutputState(row["state"]),
        src_md5=row["src_md5"],
        quality=row["quality"],
        src_tags=row["src_tags"],
        encoder=row["encoder"],
        observation=None if row["inode"] is None else observation_of(row),
    )
