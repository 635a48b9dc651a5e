"""One connection to SQLite: its pragmas, its transactions, its statements."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pacd.errors import StoreError
from pacd.store.trouble import in_words

Parameters = Mapping[str, Any] | tuple[Any, ...]

OLDEST_SQLITE: Final = (3, 37, 0)  # STRICT tables: sqlite.org/stricttables.html, section 1

# S1.  A negative cache size counts KiB: sqlite.org/pragma.html#pragma_cache_size.
_WRITER: Final = (
    "PRAGMA cache_size = -12000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 33554432",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
)
# Readers come on top of the writer in one process: they keep little in memory (B4).
_READER: Final = (
    "PRAGMA cache_size = -2000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA query_only = ON",
)

_WRITER_PATIENCE_S: Final = 10.0
_READER_PATIENCE_S: Final = 5.0

_PAGE: Final = 500  # rows of a long query in memory at once


class Connection:
    """
    A connection without implicit transactions.

    Statements outside a transaction are committed one by one.  What SQLite
    finds wrong with the file or the disk becomes a StoreError.
    """

    def __init__(self, raw: sqlite3.Connection, path: Path, *, begin: str) -> None:
        raw.row_factory = sqlite3.Row
        self._raw = raw
        self._path = path
        self._begin = begin
        self._depth = 0

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Carry out one statement; return how many rows it changed."""
        with in_words(self._path):
            return self._raw.execute(sql, parameters).rowcount

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Carry out one INSERT; return the new row's id."""
        with in_words(self._path):
            return self._raw.execute(sql, parameters).lastrowid or 0

    def run_many(self, sql: str, rows: Iterable[Parameters]) -> int:
        """Carry out one statement for each row, all or none; return the rows changed."""
        with self.transaction(), in_words(self._path):
            return max(0, self._raw.executemany(sql, rows).rowcount)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with in_words(self._path):
            return self._raw.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with in_words(self._path):
            found: sqlite3.Row | None = self._raw.execute(sql, parameters).fetchone()
        return found

    def pages(
        self, sql: str, parameters: Mapping[str, Any], *, key: str, after: bytes = b""
    ) -> Iterator[sqlite3.Row]:
        """
        The rows of a query that may be long, in bounded memory.

        Each page is a query of its own, so anything may be written meanwhile.

        Args:
            sql: Ordered by key, a BLOB, with ``key > :after`` and ``LIMIT :page``.
            after: Where to begin.
        """
        while found := self.rows(sql, {**parameters, "after": after, "page": _PAGE}):
            yield from found
            after = found[-1][key]

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, parameters)
        return None if found is None else found[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        All or nothing; one inside another joins it.

        An inner block that raises takes back its own statements; the outer one
        decides about the rest.
        """
        inner = self._depth > 0
        finished = False
        self.run("SAVEPOINT inner_block" if inner else self._begin)
        self._depth += 1
        try:
            yield
            self.run("RELEASE inner_block" if inner else "COMMIT")
            finished = True
        finally:
            self._depth -= 1
            if not finished:
                self._take_back(inner=inner)

    def _take_back(self, *, inner: bool) -> None:
        if not self._raw.in_transaction:  # a full disk makes SQLite roll back by itself
            return
        if inner:
            self.run("ROLLBACK TO inner_block")
            self.run("RELEASE inner_block")
        else:
            self.run("ROLLBACK")

    def copy_to(self, file: Path) -> None:
        """Copy everything into an existing empty file, by SQLite's backup API."""
        with in_words(file), closing(_connect(file, mode="rw")) as copy:
            self._raw.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        with in_words(self._path):
            self._raw.close()


def writer(path: Path) -> Connection:
    """The one connection that writes; bound to the thread that opens it."""
    connection = bare(path)
    with ExitStack() as undo:
        undo.callback(connection.close)
        for pragma in _WRITER:
            connection.run(pragma)
        mode = connection.value("PRAGMA journal_mode = WAL")
        if mode != "wal":
            raise StoreError(
                f"{path} cannot have a write-ahead log (SQLite stays in mode {mode}). "
                "Set [daemon] state_dir to a directory on a local disk."
            )
        undo.pop_all()
    return connection


def reader(path: Path) -> Connection:
    """A connection that cannot write; for one thread at a time, any thread."""
    if not path.is_file():
        raise StoreError(f"There is no database at {path}. Start pacd once: it makes one.")
    with in_words(path):
        raw = _connect(path, mode="ro", timeout=_READER_PATIENCE_S, check_same_thread=False)
    connection = Connection(raw, path, begin="BEGIN")
    with ExitStack() as undo:
        undo.callback(connection.close)
        for pragma in _READER:
            connection.run(pragma)
        undo.pop_all()
    return connection


def bare(path: Path) -> Connection:
    """A writing connection as SQLite sets it up; the file must exist."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"This Python comes with SQLite {sqlite3.sqlite_version}; PAC needs {needed} "
            "or newer. Use a newer Python or distribution."
        )
    with in_words(path):
        raw = _connect(path, mode="rw")
    return Connection(raw, path, begin="BEGIN IMMEDIATE")


def _connect(
    path: Path,
    *,
    mode: str,
    timeout: float = _WRITER_PATIENCE_S,
    check_same_thread: bool = True,
) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=timeout,
        check_same_thread=check_same_thread,
    )
