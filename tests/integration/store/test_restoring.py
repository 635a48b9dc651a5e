"""S4: a backup comes back with one command, checked, migrated, and never over what stands there."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pacd.domain.hold import Cause
from pacd.errors import StoreError
from pacd.store import backups, shelf
from pacd.store.database import Store
from pacd.store.holds import Ending
from pacd.store.migration import RELEASED
from pacd.store.recycled import Leaving
from pacd.store.restoring import restore
from tests.integration.store.examples import MD5, NOW, PATH, RECYCLED, SEEN
from tests.integration.store.spoiling import REPOSITORY, killed_at, spoil
from tests.machine import NOBODY

DAY = timedelta(days=1)


@pytest.fixture
def backed_up(filled: Path) -> Path:
    """A closed database with a row in every table, and a backup of it."""
    store = Store.open(filled, now=NOW)
    backups.make(filled, now=NOW, reserve_bytes=0)
    store.close()
    return filled


@contextmanager
def _opened(database: Path) -> Iterator[Store]:
    store = Store.open(database, now=NOW)
    yield store
    store.close()


def _decide(database: Path, cause: Cause, how: Ending = Ending.ACCEPTED, *, md5: str = MD5) -> None:
    """A person decides something, and it is exported."""
    with _opened(database) as store:
        hold, _ = store.holds.open(
            1, PATH, cause, reason="", audio_md5=md5, observation=SEEN, evidence={}, now=NOW + DAY
        )
        store.holds.end(hold.id, how, now=NOW + DAY)
    backups.export(database, now=NOW + DAY)


def _exported(database: Path) -> tuple[object, object]:
    document = json.loads((shelf.folder_of(database) / shelf.CURRENT).read_bytes())
    return document["holds"], document["restored"]


def _known(database: Path) -> bool:
    store = Store.open(database, now=NOW)
    found = store.tracks.known(1, PATH) is not None and store.integrity() == "ok"
    store.close()
    return found


def test_a_damaged_database_is_replaced_and_kept(backed_up: Path) -> None:
    """S4: the backup is in its place, the damaged one beside it, with its log."""
    os.truncate(backed_up, backed_up.stat().st_size // 2)
    damaged = backed_up.read_bytes()
    Path(f"{backed_up}-wal").write_bytes(b"its log")
    done = restore(backed_up, now=NOW + DAY)

    assert done.aside == backed_up.with_name("pacd.db.replaced-20261122T120000Z")
    assert damaged == done.aside.read_bytes()
    assert b"its log" == Path(f"{done.aside}-wal").read_bytes()
    assert (RELEASED.version, 0, ()) == (done.schema, done.decisions, done.refused)
    assert 0o600 == backed_up.stat().st_mode & 0o777
    assert _known(backed_up)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_restores_belongs_to_the_daemon(backed_up: Path) -> None:
    """S4: the owner of the state directory gets it, or the daemon could not open it."""
    os.chown(backed_up.parent, NOBODY, NOBODY)
    restore(backed_up, now=NOW)
    status = backed_up.stat()

    assert (NOBODY, NOBODY, 0o600) == (status.st_uid, status.st_gid, status.st_mode & 0o777)


def test_a_lost_database_comes_back(backed_up: Path) -> None:
    """S4: where nothing stands, nothing is put aside."""
    backed_up.unlink()

    assert restore(backed_up, now=NOW).aside is None
    assert _known(backed_up)


def test_decisions_since_the_backup_are_added(backed_up: Path) -> None:
    """S4: what was accepted after the backup stays accepted; a pause is as it was last."""
    _decide(backed_up, Cause.SUSPECT)
    done = restore(backed_up, now=NOW + DAY)
    store = Store.open(backed_up, now=NOW)

    assert 1 == done.decisions
    assert Cause.SUSPECT in store.holds.accepted(MD5, SEEN)
    assert Cause.HARDLINKED in store.holds.accepted(MD5, SEEN)  # of the backup itself
    store.close()


@pytest.mark.parametrize("how", [Ending.ACCEPTED, Ending.RELEASED])
@pytest.mark.parametrize("md5", [MD5, "f" * 32])
def test_a_hold_that_is_open_in_the_backup_was_decided_since(
    backed_up: Path, how: Ending, md5: str
) -> None:
    """S4, w59: it is not listed again, also where its file had changed by then; and exported."""
    _decide(backed_up, Cause.CORRUPT, how, md5=md5)
    before = _exported(backed_up)
    done = restore(backed_up, now=NOW + DAY)
    again = restore(backed_up, now=NOW + DAY)
    with _opened(backed_up) as store:
        listed = store.holds.all_open()
        accepted = Cause.CORRUPT in store.holds.accepted(md5, replace(SEEN, inode=1))
    backups.export(backed_up, now=NOW + DAY)

    assert (1, 1) == (done.decisions, again.decisions)
    assert ((), how is Ending.ACCEPTED) == (listed, accepted)
    assert before == _exported(backed_up)


def test_what_came_after_a_decision_stays_open(backed_up: Path) -> None:
    """S4: a hold of the backup that began later is another one, and still needs a person."""
    with _opened(backed_up) as store:
        ((_, first),) = store.holds.all_open()
        store.holds.end(first.id, Ending.RELEASED, now=NOW + DAY)
        backups.export(backed_up, now=NOW + DAY)
        reopened, _ = store.holds.open(
            1, PATH, Cause.CORRUPT, reason="", audio_md5=MD5, evidence={}, now=NOW + 2 * DAY
        )
    backups.make(backed_up, now=NOW + 2 * DAY, reserve_bytes=0)
    done = restore(backed_up, now=NOW + 2 * DAY)
    with _opened(backed_up) as store:
        listed = [hold.since for _, hold in store.holds.all_open()]

    assert (0, [reopened.since]) == (done.decisions, listed)


def test_what_lies_in_the_bin_of_the_backup_was_brought_back_since(backed_up: Path) -> None:
    """S4, w59: PAC does not do again what a person undid, nor forgets it with the next export."""
    with _opened(backed_up) as store:
        store.recycled.end(store.recycled.lying(1)[0].id, Leaving.RESTORED, now=NOW + DAY)
    backups.export(backed_up, now=NOW + DAY)
    before = _exported(backed_up)
    done = restore(backed_up, now=NOW + DAY)
    with _opened(backed_up) as store:
        restored, lying = store.recycled.restored(RECYCLED.audio_md5), store.recycled.lying(1)
    backups.export(backed_up, now=NOW + DAY)

    assert (1, True, ()) == (done.decisions, restored, lying)
    assert before == _exported(backed_up)
    backups.make(backed_up, now=NOW + 2 * DAY, reserve_bytes=0)
    assert 0 == restore(backed_up, now=NOW + 2 * DAY).decisions


def test_every_folder_is_looked_at_after_a_restore(backed_up: Path) -> None:
    """S4: the disk has gone on since the backup: nothing is taken for being at rest."""
    restore(backed_up, now=NOW)
    store = Store.open(backed_up, now=NOW)

    assert {None} == set(store.folders.all(1, {"policy"}).values())
    store.close()


def test_the_newest_sound_backup_is_taken(backed_up: Path) -> None:
    """S4: one that is damaged is passed over, and it is said why."""
    backups.make(backed_up, now=NOW + DAY, reserve_bytes=0)
    newer, older = (each.file for each in shelf.backups(backed_up))
    spoil(newer, "library_files")
    done = restore(backed_up, now=NOW + DAY)

    assert older == done.backup
    assert [True] == [str(newer) in each and "damaged" in each for each in done.refused]


def test_w59_a_backup_of_any_released_schema(database: Path, tmp_path: Path) -> None:
    """w59, S4: an old backup is brought to this version's schema before it takes the place."""
    dump = (REPOSITORY / "tests/data/state_v1.sql").read_text("utf-8")
    database.parent.mkdir()
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.executescript(dump)
    done = restore(database, tmp_path / "old.db", now=NOW)

    assert 1 == done.schema
    assert _known(database)


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        pytest.param("PRAGMA user_version = 99", "schema 99", id="newer"),
        pytest.param("PRAGMA application_id = 7", "another program's", id="not PAC's"),
    ],
)
def test_w59_what_cannot_serve_is_refused(backed_up: Path, spoilt: str, words: str) -> None:
    """w59, S4: a newer or a strange database is refused; the one that stands is as it was."""
    (backup,) = shelf.backups(backed_up)
    with closing(sqlite3.connect(backup.file)) as connection:
        connection.execute(spoilt)
    before = backed_up.read_bytes()
    with pytest.raises(StoreError, match=words):
        restore(backed_up, now=NOW)

    assert before == backed_up.read_bytes()
    assert ["backups", "pacd.db"] == sorted(each.name for each in backed_up.parent.iterdir())


@pytest.mark.parametrize("content", [b"no database at all\n" * 100, b"SQLite format 3\0" * 100])
def test_a_file_that_is_no_backup_is_called_so(backed_up: Path, content: bytes) -> None:
    """S4: the advice for a damaged database is none for a wrong name."""
    wrong, before = backed_up.with_name("wrong"), backed_up.read_bytes()
    wrong.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        restore(backed_up, wrong, now=NOW)

    assert f"{wrong}: it is not a sound backup of pacd: " in str(caught.value)
    assert "Stop pacd" not in str(caught.value)
    assert before == backed_up.read_bytes()


def test_no_backup_at_all(database: Path) -> None:
    """S4: the sentence says what else there is to do."""
    database.parent.mkdir()
    with pytest.raises(StoreError, match=r"There is no backup in .*rebuilds all but the history"):
        restore(database, now=NOW)
    with pytest.raises(StoreError, match="not there"):
        restore(database, database.with_name("none.db"), now=NOW)


_RESTORE = """
import sys
from pathlib import Path
from pacd.store.restoring import restore
from tests.integration.store.examples import NOW
restore(Path(sys.argv[1]), now=NOW)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_kill_9_during_a_restore(backed_up: Path, nth: int) -> None:
    """S4, D3: old, or none and the old one aside, or restored; once more brings it to its end."""
    before = backed_up.read_bytes()
    Path(f"{backed_up}-wal").touch()
    code = killed_at("rename", nth, _RESTORE, backed_up)
    aside = list(backed_up.parent.glob("pacd.db.replaced-*Z"))
    kept = backed_up if backed_up.exists() and not aside else aside[0]

    assert code != 0
    assert before == kept.read_bytes()
    restore(backed_up, now=NOW + DAY)
    assert _known(backed_up)
    assert [] == list(backed_up.parent.glob(".*"))
