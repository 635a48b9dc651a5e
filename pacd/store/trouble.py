"""What SQLite finds wrong with a file or a disk, as sentences; does nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pacd.errors import DamagedError, StoreError, UnwritableError
from pacd.store import shelf

_PRIMARY_CODE: Final = 0xFF  # sqlite.org/rescode.html: the low byte of an extended result code
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_HELD: Final = "Another program holds it; close that program, then try again."
_ADVICE: Final = {
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_FULL: "Make room on its file system, then start pacd again.",
    sqlite3.SQLITE_IOERR: "Look for disk errors in the system's log, then start pacd again.",
    sqlite3.SQLITE_READONLY: "Give the daemon's user the right to write it and its directory.",
    sqlite3.SQLITE_CANTOPEN: "Give the daemon's user the right to use it and its directory.",
}
# What has nothing to do with what the file holds, and passes.
_OF_THE_DISK: Final = frozenset(_ADVICE)


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StoreErrors; a statement used wrongly is a mistake of ours."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
        if code in _DAMAGED:
            raise damaged(path, str(error)) from error
        advice = _ADVICE.get(code, "Please report this.")
        kind = UnwritableError if code in _OF_THE_DISK else StoreError
        raise kind(f"SQLite cannot work on {path}: {error}. {advice}") from error


def damaged(path: Path, finding: str) -> DamagedError:
    """What to tell the owner of a file that is no sound database."""
    backups = shelf.candidates(path)
    restore = (
        f"{shelf.way_back(path)} (and --config, if pacd is given one) puts the backup of "
        f"{backups[0].made_at:%Y-%m-%d %H:%M} UTC in its place"
        if backups
        else "there is no backup to restore"
    )
    return DamagedError(
        f"{path} is not a sound database: {finding}. Stop pacd, then {restore}; "
        "or move the file away and start without it: PAC rebuilds everything but the history, "
        "and takes people's decisions over from backups/decisions.json.",
        words=finding,
    )
