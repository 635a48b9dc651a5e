"""`pacd --restore-backup`: a backup takes the place of a lost or damaged database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pacd.assembly import DATABASE, LOCK
from pacd.domain.words import several
from pacd.files.lock import Lock
from pacd.store.restoring import Restoration, restore


def run_rescue(state_dir: Path, backup: Path | None) -> str:
    """
    Restore a backup, or the newest sound one when None; return what to tell the person.

    Raises:
        BusyError: A pacd works on this state directory: stop it first.
        StoreError: No backup can be restored; the database is as it was.
    """
    lock = Lock.take(state_dir / LOCK, "restore")
    try:
        database = state_dir / DATABASE
        return "\n".join(_told(database, restore(database, backup, now=datetime.now(UTC))))
    finally:
        lock.release()


def _told(database: Path, done: Restoration) -> Iterator[str]:
    yield from (f"Passed over {each}" for each in done.refused)
    yield f"{done.backup} is in the place of {database} now."
    if done.aside:
        yield f"What stood there is kept as {done.aside}; remove it once all is well."
    if done.decisions:
        yield f"Added: {several(done.decisions, 'decision')} that people took since."
    yield "Start pacd: it looks at every folder once; nothing is encoded anew that is in order."
