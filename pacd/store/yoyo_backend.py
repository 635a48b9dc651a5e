"""Carries out migration files through yoyo; heavy to import, so only migration.py does, late."""

import glob
import io
import os
import sqlite3
from contextlib import redirect_stdout
from pathlib import Path
from urllib.parse import quote

from yoyo import read_migrations
from yoyo.backends import SQLiteBackend
from yoyo.connections import parse_uri
from yoyo.exceptions import BadMigration, LockTimeout, MigrationConflict
from yoyo.migrations import Migration, default_migration_table

from pacd.errors import StoreError


class _Backend(SQLiteBackend):  # type: ignore[misc]  # yoyo ships no types
    """yoyo's own, but it keeps no log of people and machines."""

    def log_migration(self, migration: Migration, operation: str) -> None:
        """
        Do nothing.

        yoyo 9.0.0 asks getpass.getuser, which fails where the uid has no name, and
        socket.getfqdn, which may wait for a name server.
        """


def apply(file: Path, directory: Path) -> None:
    """
    Apply to a database file what it lacks of a directory's migrations.

    Raises:
        StoreError: One failed; the file is to be thrown away.
    """
    # yoyo puts the path into a URI and the directory into a glob as they are.
    uri = parse_uri(f"sqlite:///{quote(os.fsencode(file.absolute()))}")
    try:
        # SQLite 3.40 checks a STRICT table with a query of its own when a column is added, and
        # yoyo prints what a statement returns: into what a one-shot run says on its stdout.
        unheard = redirect_stdout(io.StringIO())
        with unheard, _Backend(uri, default_migration_table) as backend:
            backend.init_database()
            migrations = read_migrations(glob.escape(str(directory)))
            backend.apply_migrations(backend.to_apply(migrations))
    except (sqlite3.Error, BadMigration, LockTimeout, MigrationConflict, OSError) as error:
        raise StoreError(f"a migration failed: {error}", words=str(error)) from error
    except AssertionError as error:
        # yoyo 9.0.0 passes over a commit of its own tables that fails, and finds it open later.
        raise StoreError("a migration failed: the disk did not take it") from error
