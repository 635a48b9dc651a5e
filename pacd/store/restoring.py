"""Puts a backup in the place of a lost or damaged database; what was there is kept beside it."""

from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pacd.errors import DamagedError, StoreError
from pacd.store import connection, copies, shelf
from pacd.store.checking import faults
from pacd.store.decisions import PAUSE
from pacd.store.folders import Folders
from pacd.store.inheriting import inherit
from pacd.store.libraries import Libraries
from pacd.store.memory import Memory
from pacd.store.migration import RELEASED, Migrations, known_version

_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restoration:
    """
    What a restore has done.

    Attributes:
        backup: What now stands in the database's place.
        schema: Of the backup, before it was brought to this version's.
        aside: Where the database of before lies; None when there was none.
        decisions: Those that people took after the backup, which were added.
        refused: Newer backups that could not be used, each with the reason.
    """

    backup: Path
    schema: int
    aside: Path | None
    decisions: int
    refused: tuple[str, ...] = ()


def restore(
    database: Path,
    wanted: Path | None = None,
    *,
    now: datetime,
    migrations: Migrations = RELEASED,
) -> Restoration:
    """
    Put a backup in the database's place, checked and migrated; nobody may have it open.

    Killed at any moment, there is the old database, or none and the old one beside its place,
    or the restored one; the same command again brings it to its end.

    Args:
        wanted: The backup; None for the newest that is sound.

    Raises:
        StoreError: There is no sound backup; the database is as it was.
    """
    found = [wanted] if wanted else [each.file for each in shelf.candidates(database)]
    refused: list[str] = []
    for backup in found:
        try:
            schema, aside, added = _restored(database, backup, now=now, migrations=migrations)
        except StoreError as error:
            refused.append(f"{backup}: {error}")
        else:
            return Restoration(backup, schema, aside, added, tuple(refused))
    if not refused:
        raise StoreError(
            f"There is no backup in {shelf.folder_of(database)}.",
            fix="Move the database away and start pacd: it rebuilds all but the history.",
        )
    raise StoreError(f"No backup could be restored, the database is as it was. {refused[0]}")


def _restored(
    database: Path, backup: Path, *, now: datetime, migrations: Migrations
) -> tuple[int, Path | None, int]:
    """Return the backup's schema, where the old database lies, how many decisions were added."""
    if not backup.is_file():
        raise StoreError("it is not there.")
    aside: Path | None = None
    try:
        with copies.publishing(database) as scratch:
            try:
                schema = _copied(backup, scratch, migrations)
            except DamagedError as error:  # its advice is for the database
                raise StoreError(f"it is not a sound backup of pacd: {error.words}.") from error
            added = _brought_up(scratch, database)
            copies.sync(scratch)
            aside = _put_aside(database, now=now)
    except StoreError:
        _put_back(database, aside)
        raise
    return schema, aside, added


def _copied(backup: Path, scratch: Path, migrations: Migrations) -> int:
    """Copy a backup and bring the copy to this version's schema; return which it had."""
    with closing(connection.reader(backup)) as source:
        schema = known_version(source, backup, migrations)
        if not schema:
            raise StoreError("it is empty.")
        source.copy_to(scratch)
    with closing(connection.bare(scratch)) as copy:
        findings = faults(copy)
    if findings:
        raise StoreError(f"it is damaged: {findings.splitlines()[0]}.", words=findings)
    if schema < migrations.version:
        migrations.apply(scratch)
    return schema


def _brought_up(scratch: Path, database: Path) -> int:
    """Add what people decided since, and have every folder looked at: the disk has gone on."""
    with closing(connection.bare(scratch)) as copy, copy.transaction():
        for library in Libraries(copy).all():
            Folders(copy).disturb(library.id)
        Memory(copy).delete(PAUSE)  # as it was exported last
        return inherit(copy, database)


def _put_aside(database: Path, *, now: datetime) -> Path | None:
    """
    Rename the database and its log; return its new name, None when there was no database.

    The database goes first: one without its log would be taken for whole.
    """
    aside = database.with_name(f"{database.name}.replaced-{shelf.stamp_of(now)}")
    there = database.exists()
    try:
        for companion in _COMPANIONS:
            with suppress(FileNotFoundError):
                Path(f"{database}{companion}").rename(f"{aside}{companion}")
    except OSError as error:
        raise StoreError(f"{database} cannot be renamed: {error.strerror or error}.") from error
    return aside if there else None


def _put_back(database: Path, aside: Path | None) -> None:
    if aside:
        for companion in reversed(_COMPANIONS):
            with suppress(FileNotFoundError):
                Path(f"{aside}{companion}").rename(f"{database}{companion}")
