"""Daemons that are held up while they start."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.e2e.running import Pacd, Site, until


@contextmanager
def started(site: Site, **more: str) -> Iterator[Pacd]:
    """A daemon that need not get as far as its socket."""
    daemon = Pacd(site, site.environment(**more))
    try:
        yield daemon
    finally:
        daemon.end()


@contextmanager
def locked(database: Path) -> Iterator[sqlite3.Connection]:
    """Another program works on the database: whoever opens it has to wait."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def waits_for(daemon: Pacd, database: Path) -> None:
    """Wait until it has opened the database."""

    def opened() -> bool:
        assert daemon.process.poll() is None, daemon.said()
        return database in set(_open_files(daemon.pid))

    until(opened, what="for it to open the database")


def _open_files(pid: int) -> Iterator[Path]:
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            yield each.readlink()


def hears(daemon: Pacd) -> None:
    """Wait until it says that it was told to stop."""

    def said() -> bool:
        assert daemon.process.poll() is None, daemon.said()
        return bool(daemon.events("stopping"))

    until(said, what="for it to hear a signal")
