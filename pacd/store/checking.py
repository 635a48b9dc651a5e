"""Looks at every page of a database; changes nothing."""

from pacd.errors import StoreError
from pacd.store.connection import Connection


def faults(connection: Connection) -> str:
    """What SQLite finds wrong with a database, line by line; empty when it is sound."""
    try:
        lines = [row[0] for row in connection.rows("PRAGMA integrity_check") if row[0] != "ok"]
        lines += [
            f"{row['table']} row {row['rowid']} has no {row['parent']}"
            for row in connection.rows("PRAGMA foreign_key_check")
        ]
    except StoreError as error:
        if not error.words:
            raise  # the disk, not the file
        return error.words
    return "\n".join(lines)
