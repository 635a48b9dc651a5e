"""Brings a database file to this version's schema: on a copy, backup first, or not at all."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pacd.errors import StoreError
from pacd.store import copies, shelf
from pacd.store.checking import faults
from pacd.store.connection import Connection, bare
from pacd.store.inheriting import inherit
from pacd.store.trouble import damaged

APPLICATION_ID: Final = 0x50414364  # "PACd"; set by migration 0001, so that no other file is taken


@dataclass(frozen=True, slots=True)
class Migrations:
    """A directory of ``NNNN-name.sql`` and ``NNNN-name.rollback.sql`` (decision 0004)."""

    directory: Path

    @property
    def version(self) -> int:
        """The schema they lead to: the highest number."""
        numbered = self.directory.glob("[0-9][0-9][0-9][0-9]-*")
        return max(int(file.name[:4]) for file in numbered)

    def apply(self, file: Path) -> None:
        """
        Bring a database file up to date; on failure it is to be thrown away.

        Raises:
            StoreError: A migration failed, or what it left is not sound.
        """
        from pacd.store import yoyo_backend  # noqa: PLC0415  # 70 ms that most starts can do without

        yoyo_backend.apply(file, self.directory)
        with closing(bare(file)) as connection:
            reached = stated_version(connection)
            if reached != self.version:
                raise StoreError(f"a migration ended at schema {reached}, not {self.version}")
            findings = faults(connection)
        if findings:
            raise StoreError(f"a migration left faults: {findings}", words=findings)


RELEASED: Final = Migrations(Path(__file__).parent / "migrations")


def bring_up(path: Path, *, now: datetime, migrations: Migrations = RELEASED) -> None:
    """
    Make sure that a sound database of this version's schema stands at path.

    A new one appears whole, and knows what people had decided by the one before, if that is lost
    (inheriting).  An old one is backed up beside itself, then a copy
    is migrated and checked and takes its place; when anything fails, or the
    process dies, the old one stands as it was.

    Raises:
        StoreError: It is damaged, newer, not PAC's, or could not be migrated.
    """
    copies.sweep(path)
    unclean = Path(f"{path}-wal").exists()
    if not path.exists() or path.stat().st_size == 0:
        _create(path, migrations)
        return
    with closing(bare(path)) as connection:
        found = known_version(connection, path, migrations)
        if unclean:
            _look_over(connection, path)
        if found == migrations.version:
            return
        backup = backup_name(path, found, now=now)
        _leave_wal(connection)
        copies.write_copy(connection, backup)
        _replace(path, connection, migrations, found=found, backup=backup)


def known_version(connection: Connection, path: Path, migrations: Migrations = RELEASED) -> int:
    """
    The schema version of PAC's own database.

    Raises:
        StoreError: It is damaged, newer than these migrations, or another program's.
    """
    tables = connection.value("SELECT count(*) FROM sqlite_schema")
    found = stated_version(connection)
    if connection.value("PRAGMA application_id") != APPLICATION_ID and (tables or found):
        raise StoreError(
            f"{path} is another program's database; PAC leaves it alone. "
            "Set [daemon] state_dir to a directory of PAC's own."
        )
    if found > migrations.version:
        back = (
            f", or stop pacd and go back to the newest backup that this one knows: "
            f"{shelf.way_back(path)}"
            if shelf.candidates(path)
            else ""
        )
        raise StoreError(
            f"{path} has schema {found}, this pacd knows schemas up to {migrations.version}. "
            f"Install the pacd that wrote it or a newer one{back}."
        )
    return found


def stated_version(connection: Connection) -> int:
    """What the file says its schema is; 0 for an empty one."""
    return int(connection.value("PRAGMA user_version"))


def backup_name(path: Path, version: int, *, now: datetime) -> Path:
    """Where the backup of a schema version goes."""
    return path.with_name(f"{path.name}.backup-v{version}-{shelf.stamp_of(now)}")


def _create(path: Path, migrations: Migrations) -> None:
    # A log without its database would be replayed into the new one.
    for log in (Path(f"{path}-wal"), Path(f"{path}-journal")):
        if log.exists():
            log.replace(f"{log}.orphan")
    with copies.publishing(path) as scratch:
        migrations.apply(scratch)
        with closing(bare(scratch)) as made:
            inherit(made, path)


def _look_over(connection: Connection, path: Path) -> None:
    """Look at every page: a log was left behind, so the last run did not end well."""
    finding = connection.value("PRAGMA quick_check(1)")
    if finding != "ok":
        raise damaged(path, finding)


def _leave_wal(connection: Connection) -> None:
    """Merge the log into the file: replacing the file must leave no log of the old one."""
    connection.run("PRAGMA journal_mode = DELETE")


def _replace(
    path: Path, old: Connection, migrations: Migrations, *, found: int, backup: Path
) -> None:
    try:
        with copies.publishing(path) as scratch:
            old.copy_to(scratch)
            migrations.apply(scratch)
    except StoreError as error:
        raise StoreError(
            f"{path} stays at schema {found}, it could not be brought to {migrations.version}: "
            f"{str(error).rstrip('.')}. Nothing was changed; a backup is {backup.name}. "
            "Install the pacd that worked before, and report this.",
            words=error.words,
        ) from error
