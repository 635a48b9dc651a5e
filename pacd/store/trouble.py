"""What SQLite finds wrong with a file or a disk, as sentences; does nothing."""

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Final

from pacd.errors import StoreError

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
        raise StoreError(f"SQLite cannot work on {path}: {error}. {advice}") from error


def damaged(path: Path, finding: str) -> StoreError:
    """What to tell the owner of a file that is no sound database."""
    backups = sorted(path.parent.glob(f"{escape(path.name)}.backup-*"), key=_age_ns)
    quoted = shlex.quote(str(path))
    restore = (
        f"restore the last backup (rm -f {quoted}-wal {quoted}-shm; "
        f"cp -p {shlex.quote(str(backups[-1]))} {quoted})"
        if backups
        else "restore a backup of it"
    )
    return StoreError(
        f"{path} is not a sound database: {finding}. Stop pacd, move the file away, then "
        f"either {restore} or start without it: "
        "PAC rebuilds everything but the history and your decisions.",
        words=finding,
    )


def _age_ns(backup: Path) -> int:
    return backup.stat().st_mtime_ns
