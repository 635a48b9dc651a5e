"""What the tables of what stands in the mirrors have in common: outputs, and copies of sidecars."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final, Generic, Protocol, Self, TypeVar

from pacd.store.columns import blob, relative, to_ms
from pacd.store.connection import Connection


class Standing(Protocol):
    """A row of such a table."""

    @property
    def path(self) -> PurePosixPath:
        """Where it stands, relative to the mirror's root."""
        ...


Row = TypeVar("Row", bound=Standing)


@dataclass(frozen=True, slots=True)
class Statements:
    """The SQL of one table."""

    in_folder: str
    strange_folders: str
    orphans: str
    forget: str
    orphaned: str
    wanted: str
    count: str
    count_orphans: str

    @classmethod
    def of(cls, table: str, columns: str, index: str) -> Self:
        """
        Args:
            index: What the names of the table's indexes begin with.
        """
        return cls(
            **{
                name: form.format(table=table, columns=columns, index=index, mirror=_MIRROR)
                for name, form in _FORMS.items()
            }
        )


_MIRROR: Final = "library_id = :library AND mirror = :mirror"

_FORMS: Final = {
    "in_folder": """
        SELECT {columns} FROM {table} INDEXED BY {index}_folder
        WHERE {mirror} AND folder = :folder ORDER BY path
    """,
    "strange_folders": """
        SELECT DISTINCT folder FROM {table} INDEXED BY {index}_folder
        WHERE {mirror} AND folder NOT IN (SELECT folder FROM folders WHERE library_id = :library)
    """,
    "orphans": """
        SELECT {columns} FROM {table} INDEXED BY {index}_orphans
        WHERE {mirror} AND orphaned_at IS NOT NULL ORDER BY path
    """,
    "forget": "DELETE FROM {table} WHERE {mirror} AND path = :path",
    "orphaned": """
        UPDATE {table} SET orphaned_at = :now
        WHERE {mirror} AND path = :path AND orphaned_at IS NULL AND state = 'ours'
    """,
    "wanted": """
        UPDATE {table} SET orphaned_at = NULL
        WHERE {mirror} AND path = :path AND orphaned_at IS NOT NULL
    """,
    "count": """
        SELECT count(*) FROM {table} INDEXED BY {index}_kept
        WHERE {mirror} AND orphaned_at IS NULL AND state = 'ours'
    """,
    "count_orphans": """
        SELECT count(*) FROM {table} INDEXED BY {index}_orphans
        WHERE {mirror} AND orphaned_at IS NOT NULL
    """,
}


class Mirrored(Generic[Row]):
    """What stands in the mirrors, by one table; joins the caller's transaction."""

    def __init__(
        self, connection: Connection, statements: Statements, row: Callable[[sqlite3.Row], Row]
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._row = row

    def in_folder(
        self, library_id: int, mirror: str, folder: PurePosixPath
    ) -> Mapping[PurePosixPath, Row]:
        """What is on record in a folder of a mirror, by path."""
        asked = {"library": library_id, "mirror": mirror, "folder": blob(folder)}
        found = map(self._row, self._connection.rows(self._statements.in_folder, asked))
        return {each.path: each for each in found}

    def strange_folders(self, library_id: int, mirror: str) -> frozenset[PurePosixPath]:
        """Folders with something on record whose path no folder of the library on record has."""
        asked = {"library": library_id, "mirror": mirror}
        rows = self._connection.rows(self._statements.strange_folders, asked)
        return frozenset(relative(row["folder"]) for row in rows)

    def orphans(self, library_id: int, mirror: str) -> tuple[Row, ...]:
        """What nothing in the library wants, by path."""
        asked = {"library": library_id, "mirror": mirror}
        return tuple(map(self._row, self._connection.rows(self._statements.orphans, asked)))

    def forget(self, library_id: int, mirror: str, paths: Iterable[PurePosixPath]) -> int:
        """Drop the records of what is gone, or was never PAC's; return how many there were."""
        asked = [key(library_id, mirror, path) for path in paths]
        return self._connection.run_many(self._statements.forget, asked)

    def orphaned(
        self, library_id: int, mirror: str, paths: Iterable[PurePosixPath], *, now: datetime
    ) -> int:
        """Note that nothing wants these any more; return how many were wanted until now."""
        moment = to_ms(now)
        asked = [{**key(library_id, mirror, path), "now": moment} for path in paths]
        return self._connection.run_many(self._statements.orphaned, asked)

    def wanted(self, library_id: int, mirror: str, paths: Iterable[PurePosixPath]) -> int:
        """Note that these are wanted; return how many were orphans until now."""
        asked = [key(library_id, mirror, path) for path in paths]
        return self._connection.run_many(self._statements.wanted, asked)

    def count(self, library_id: int, mirror: str) -> int:
        """How many stand there, of PAC's own, that are wanted."""
        asked = {"library": library_id, "mirror": mirror}
        return int(self._connection.value(self._statements.count, asked))

    def count_orphans(self, library_id: int, mirror: str) -> int:
        """How many stand there that nothing wants."""
        asked = {"library": library_id, "mirror": mirror}
        return int(self._connection.value(self._statements.count_orphans, asked))


def key(library_id: int, mirror: str, path: PurePosixPath) -> dict[str, object]:
    """What tells a row from all others."""
    return {"library": library_id, "mirror": mirror, "path": blob(path)}
