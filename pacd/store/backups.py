"""Makes backups of the database, each with people's decisions as JSON (S4); writes beside it."""

import json
import shutil
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pacd.errors import StoreError
from pacd.files.ownership import make_folder
from pacd.store import connection, copies, decisions, shelf
from pacd.store.checking import faults
from pacd.store.shelf import Kept

KEPT: Final = 7
"""Backups that are kept, the last ones (S4)."""

EVERY: Final = timedelta(days=1)
"""One is due when the last is as old as this (S4)."""

_exporting = threading.Lock()
"""Decisions are exported by whoever took one: the last to write must be the last to have read."""


def due(database: Path, *, now: datetime) -> bool:
    """Whether it is time for the next backup; where none is, it is."""
    last = shelf.newest(database, now=now)
    return last is None or now - last >= EVERY


def sweep(database: Path) -> None:
    """Remove what was killed in the middle: there is one pacd at a time on a state directory."""
    with _exporting, suppress(OSError):  # the next backup tells of a disk that fails
        for left in shelf.folder_of(database).glob(f".*{copies.SCRATCH_MARK}*"):
            left.unlink(missing_ok=True)


def make(database: Path, *, now: datetime, reserve_bytes: int) -> Kept:
    """
    Back up a database that may be in use; beside it what people have decided, as of that moment.

    The copy bears its name only when it is whole, on the disk, and sound.  The oldest beyond KEPT
    go.  It may take seconds where the database is large, nearly all of them outside the
    interpreter's lock; nobody who writes waits for it.  Any thread, one at a time.

    Args:
        reserve_bytes: What must stay free on the disk.

    Raises:
        StoreError: There is no room, or the database is damaged; all backups are as they were.
    """
    folder = _folder(database)
    sweep(database)
    _require_room(database, folder, reserve_bytes)
    stamp = shelf.stamp_of(now)
    made = Kept(now.astimezone(UTC).replace(microsecond=0), shelf.daily(database, stamp))
    with copies.publishing(made.file) as scratch:
        with closing(connection.reader(database)) as source:
            source.copy_to(scratch)
        _write(shelf.decided(database, stamp), _checked(scratch, database, now=now))
    export(database, now=now)
    _thin_out(database, now=now)
    return made


def export(database: Path, *, now: datetime) -> None:
    """
    Write what people have decided so far, for the day when the database is lost; any thread.

    What stands there already is not written again.

    Raises:
        StoreError: It cannot be written; the document of before stands.
    """
    folder = _folder(database)
    with _exporting:
        with closing(connection.reader(database)) as source, source.transaction():
            document = decisions.decided(source, now=now)
        if not _says(folder / shelf.CURRENT, document):
            _write(folder / shelf.CURRENT, document)


def _folder(database: Path) -> Path:
    folder = shelf.folder_of(database)
    try:
        make_folder(folder, 0o700)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror or error}.") from error
    return folder


def _require_room(database: Path, folder: Path, reserve_bytes: int) -> None:
    files = (database, Path(f"{database}-wal"))
    size_bytes = sum(each.stat().st_size for each in files if each.exists())
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes - size_bytes < reserve_bytes:
        raise StoreError(
            f"A backup of {size_bytes >> 20} MiB would leave less than the reserve of "
            f"{reserve_bytes >> 20} MiB on the disk of {folder}: {free_bytes >> 20} MiB are free.",
            fix="Free some space there, or lower min_free_mib in [audit].",
        )


def _checked(scratch: Path, database: Path, *, now: datetime) -> Mapping[str, Any]:
    """Look at every page of the copy, and return what people have decided as it has it."""
    with closing(connection.bare(scratch)) as copy:
        findings = faults(copy)
        if findings:
            raise StoreError(
                f"{database} is damaged: {findings.splitlines()[0]}. A backup of it was thrown "
                "away; those of before stand.",
                fix=f"Stop pacd, then {shelf.way_back(database)}.",
                words=findings,
            )
        return decisions.decided(copy, now=now)


def _says(file: Path, document: Mapping[str, Any]) -> bool:
    """Whether a file says the same, whenever it was written; what cannot be read does not."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {**found, "made": document["made"]} == document


def _write(target: Path, document: Mapping[str, Any]) -> None:
    with copies.publishing(target) as scratch:
        scratch.write_bytes(decisions.text_of(document))


def _thin_out(database: Path, *, now: datetime) -> None:
    """Remove the oldest; those that bear a date to come are the first to go, not the last."""
    for found in (shelf.backups(database), shelf.exports(database)):
        worth = sorted(found, key=lambda each: (each.made_at <= now, each), reverse=True)
        for each in worth[KEPT:]:
            each.file.unlink(missing_ok=True)
