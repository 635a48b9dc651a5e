"""The database of the state directory: one writer, many readers, one file."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from pacd.errors import StoreError, UnwritableError
from pacd.files.ownership import make_folder
from pacd.store import connection, copies, migration, shelf
from pacd.store.authenticity import Judgements
from pacd.store.checking import faults
from pacd.store.connection import Connection
from pacd.store.counters import Counters
from pacd.store.devices import Devices
from pacd.store.exports import Exports
from pacd.store.folders import Folders
from pacd.store.history import History
from pacd.store.holds import Holds
from pacd.store.jobs import Jobs
from pacd.store.libraries import Libraries
from pacd.store.memory import Memory
from pacd.store.outputs import Outputs
from pacd.store.recycled import RecycleBin
from pacd.store.sidecars import Sidecars
from pacd.store.tracks import Tracks
from pacd.store.verdicts import Verdicts

_LOGS: Final = ("-wal", "-shm")
"""What SQLite keeps beside a database that is open (sqlite.org/wal.html, section 2.2)."""

_Identity = tuple[int, int] | None


def _identity(path: Path) -> _Identity:
    """Which file a name stands for, by device and inode; None for none that can be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Store:
    """
    Everything PAC remembers, by noun.

    What is open for writing belongs to the thread that opened it.  What is
    read-only may be made in any thread and is used by one at a time.
    """

    def __init__(self, opened: Connection, path: Path) -> None:
        self._connection = opened
        self._path = path
        self._file = _identity(path)
        self._logs = {each: _identity(each) for each in (Path(f"{path}{end}") for end in _LOGS)}
        self.libraries = Libraries(opened)
        self.tracks = Tracks(opened)
        self.folders = Folders(opened)
        self.verdicts = Verdicts(opened)
        self.authenticity = Judgements(opened)
        self.outputs = Outputs(opened)
        self.sidecars = Sidecars(opened)
        self.exports = Exports(opened)
        self.jobs = Jobs(opened)
        self.holds = Holds(opened)
        self.history = History(opened)
        self.counters = Counters(opened)
        self.memory = Memory(opened)
        self.devices = Devices(opened)
        self.recycled = RecycleBin(opened)

    @classmethod
    def open(cls, path: Path, *, now: datetime) -> Self:
        """
        Open for writing; make the file (0600) and its directory where missing, migrate where due.

        Raises:
            StoreError: The file is damaged, newer or not PAC's; UnwritableError where it cannot
                be written.
        """
        target = path.resolve()
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            migration.bring_up(target, now=now)
        except OSError as error:
            raise UnwritableError(
                f"{target} cannot be opened: {error.strerror or error}. "
                "Set [daemon] state_dir to a directory the daemon's user can write."
            ) from error
        opened = connection.writer(target)
        opened.value("PRAGMA schema_version")  # SQLite opens its log when it first reads
        return cls(opened, target)

    @classmethod
    def read_only(cls, path: Path) -> Self:
        """
        Open for reading what a writer keeps; it sees every transaction once committed.

        Raises:
            StoreError: There is no database of this version's schema.
        """
        reader = connection.reader(path)
        with ExitStack() as undo:
            undo.callback(reader.close)
            found = migration.known_version(reader, path)
            if found != migration.RELEASED.version:
                raise StoreError(
                    f"{path} has the old schema {found}. Start pacd once: it migrates the file."
                )
            undo.pop_all()
        return cls(reader, path)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        All or nothing; one inside another joins it.

        On a read-only store: one unchanging view of everything.
        """
        with self._connection.transaction():
            yield

    def backup(self, target: Path) -> None:
        """
        Write a consistent copy, one file with mode 0600; target appears whole or not at all.

        Raises:
            StoreError: target cannot be written; it is as it was.
        """
        copies.write_copy(self._connection, target)

    @property
    def in_place(self) -> bool:
        """Whether what is open is still the file of its name, and not one that was removed."""
        return _identity(self._path) == self._file

    def put_back(self, *, now: datetime) -> Path:
        """
        Write a copy of what is open where it was removed from; return its name.

        Where another file stands there that one stays, and the copy is among the backups.  The
        log goes in any case: SQLite leaves it where its database was moved away, and would replay
        it over whatever is opened there next.

        Raises:
            StoreError: Nothing can be written there.
        """
        taken = _identity(self._path) is not None
        target = shelf.daily(self._path, shelf.stamp_of(now)) if taken else self._path
        try:
            for folder in (self._path.parent, target.parent):
                make_folder(folder, 0o700)
        except OSError as error:
            raise UnwritableError(
                f"{error.filename} cannot be made: {error.strerror or error}."
            ) from error
        self.backup(target)
        self._drop_logs()
        return target

    def _drop_logs(self) -> None:
        """Remove the log of what is open; not one that has come there since."""
        for path, seen in self._logs.items():
            if seen is None or _identity(path) != seen:
                continue
            try:
                path.unlink()
            except OSError as error:
                raise UnwritableError(
                    f"{path} cannot be removed: {error.strerror or error}."
                ) from error

    def integrity(self) -> str:
        """``"ok"``, or what SQLite finds wrong, line by line."""
        return faults(self._connection) or "ok"

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._connection.close()
