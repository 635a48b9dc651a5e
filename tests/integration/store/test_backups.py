"""S4: a daily backup that is whole and sound, or none; the last seven are kept."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.errors import StoreError
from pacd.store import backups, connection, shelf
from pacd.store.database import Store
from pacd.store.holds import Ending
from pacd.store.inheriting import inherit
from pacd.store.recycled import Leaving
from tests.integration.rights import give_away
from tests.integration.store.examples import (
    MD5,
    NOW,
    ODD_PATH,
    PATH,
    RECYCLED,
    SEEN,
)
from tests.integration.store.spoiling import killed_at, spoil
from tests.machine import as_nobody, shared_folder, small_disk

DAY = timedelta(days=1)
STAMP = "20261121T120000Z"


def _make(database: Path, *, now: datetime = NOW, reserve_bytes: int = 0) -> Path:
    return backups.make(database, now=now, reserve_bytes=reserve_bytes).file


def _names(database: Path) -> list[str]:
    return sorted(each.name for each in shelf.folder_of(database).iterdir())


def _is_sound(file: Path) -> bool:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _decided(database: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads(
        (shelf.folder_of(database) / shelf.CURRENT).read_bytes()
    )
    return document


def test_a_backup_is_whole_private_and_comes_with_the_decisions(filled: Path) -> None:
    """S4: one file without a log, sound, 0600 in a folder of 0700; the decisions beside it."""
    made = _make(filled)
    folder = shelf.folder_of(filled)

    assert [f"decisions-{STAMP}.json", "decisions.json", f"pacd-{STAMP}.db"] == _names(filled)
    assert {0o600} == {each.stat().st_mode & 0o777 for each in folder.iterdir()}
    assert 0o700 == folder.stat().st_mode & 0o777
    copy = Store.open(made, now=NOW)
    assert copy.tracks.known(1, PATH) is not None
    assert "ok" == copy.integrity()
    copy.close()


def test_one_a_day(filled: Path) -> None:
    """S4: the first is due at once, the next a day later, also after a longer downtime."""
    first = backups.due(filled, now=NOW)
    _make(filled)
    soon, later, much_later = (
        backups.due(filled, now=NOW + after) for after in (0 * DAY, DAY, 40 * DAY)
    )

    assert (True, False, True, True) == (first, soon, later, much_later)


def test_the_last_seven_are_kept(filled: Path) -> None:
    """S4: the oldest go, with their decisions; the document of now stays."""
    for day in range(9):
        _make(filled, now=NOW + day * DAY)
    kept = [each.made_at for each in shelf.backups(filled)]

    assert [NOW + day * DAY for day in range(8, 1, -1)] == kept
    assert 15 == len(_names(filled))
    assert (
        {each.made_at for each in shelf.exports(filled)},
        "decisions.json" in _names(filled),
    ) == (set(kept), True)


def test_a_clock_that_was_wrong_displaces_nothing(filled: Path) -> None:
    """S4: backups dated ahead do not stop the daily ones, and go before good ones do."""
    _make(filled, now=NOW + 4_000 * DAY)
    ahead = backups.due(filled, now=NOW)
    for day in range(7):
        _make(filled, now=NOW + day * DAY)
    kept = [each.made_at for each in shelf.backups(filled)]

    assert ahead
    assert [NOW + day * DAY for day in range(6, -1, -1)] == kept


def test_nobody_waits_for_a_backup(filled: Path) -> None:
    """S4: it takes what is committed while the writer is in the middle of a transaction."""
    store = Store.open(filled, now=NOW)
    with store.transaction():
        store.memory.set("uncommitted", 1)
        maker = threading.Thread(target=_make, args=(filled,))
        maker.start()
        maker.join(30)
        store.memory.set("later", 1)
    store.close()
    copy = Store.open(shelf.backups(filled)[0].file, now=NOW)

    assert copy.memory.get("uncommitted") is None
    copy.close()


def test_a_damaged_database_is_not_backed_up(filled: Path) -> None:
    """S4: what the check finds is said; the backups before stand, and nothing half is left."""
    _make(filled)
    before = _names(filled)
    spoil(filled, "library_files")
    with pytest.raises(StoreError, match=r"is damaged: .*--restore-backup"):
        _make(filled, now=NOW + DAY)

    assert before == _names(filled)


def test_no_room_no_backup(filled: Path) -> None:
    """S4: the reserve of the disk stays free; the sentence names both, and the way out."""
    with pytest.raises(StoreError, match=r"would leave less than the reserve.*min_free_mib"):
        _make(filled, reserve_bytes=1 << 62)

    assert [] == _names(filled)


def test_a_disk_that_becomes_full_leaves_the_backups_before(tmp_path: Path) -> None:
    """S4, D3: ENOSPC in the middle, really: the backup before stands, nothing half is left."""
    with small_disk(tmp_path / "disk") as disk:
        database = disk / "pacd.db"
        store = Store.open(database, now=NOW)
        _make(database)
        before = _names(database)
        store.close()
        free_bytes = shutil.disk_usage(disk).free
        (disk / "other").write_bytes(bytes(max(0, free_bytes - database.stat().st_size // 2)))
        with pytest.raises(StoreError):
            _make(database, now=NOW + DAY, reserve_bytes=-1 << 40)

        assert before == _names(database)
        assert _is_sound(shelf.backups(database)[0].file)


_BACK_UP = """
import sys
from datetime import timedelta
from pathlib import Path
from pacd.store import backups
from tests.integration.store.examples import NOW
backups.make(Path(sys.argv[1]), now=NOW + timedelta(days=1), reserve_bytes=0)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
@pytest.mark.parametrize(
    ("syscall", "nth"),
    [("pwrite64", 3), ("fsync", 2), ("rename", 1), ("rename", 2), ("rename", 3)],
)
def test_kill_9_during_a_backup(filled: Path, syscall: str, nth: int) -> None:
    """S4, D3: whatever bears a backup's name is whole and sound; what is left over is swept."""
    _make(filled)
    store = Store.open(filled, now=NOW)
    store.memory.set("paused_until", "resume")  # so that there is something to export
    store.close()
    code = killed_at(syscall, nth, _BACK_UP, filled)

    assert code != 0
    assert all(_is_sound(each.file) for each in shelf.backups(filled))
    _make(filled, now=NOW + 2 * DAY)
    assert [] == [name for name in _names(filled) if name.startswith(".")]
    assert _is_sound(filled)


@pytest.fixture
def decided(database: Path) -> Path:
    """A library where people have decided everything that can be decided; exported."""
    store = Store.open(database, now=NOW)
    library = store.libraries.sync({"main": Path("/music")})["main"]
    held = {
        (PATH, Cause.SUSPECT): (MD5, None),
        (ODD_PATH, Cause.HARDLINKED): ("", SEEN),
        (PurePosixPath("Björk"), Cause.MASS_DISAPPEARANCE): ("", None),
    }
    with store.transaction():
        for (path, cause), (md5, observation) in held.items():
            hold, _ = store.holds.open(
                library,
                path,
                cause,
                reason="odd \udcff",
                audio_md5=md5,
                observation=observation,
                mirror="phone" if cause is Cause.MASS_DISAPPEARANCE else "",
                evidence={"outputs": ["a", "b"]},
                now=NOW - DAY,
            )
            store.holds.end(hold.id, Ending.ACCEPTED, now=NOW)
            told = {"cause": cause.value, "how": "accepted", "who": "uid 1000 pid 7"}
            store.history.add(library, path, md5, "release", told, now=NOW)
        store.recycled.add(library, replace(RECYCLED, path=ODD_PATH))
        store.recycled.end(store.recycled.lying(library)[0].id, Leaving.RESTORED, now=NOW)
        store.memory.set("paused_until", "resume")
        store.memory.set("devices", {"/music": 2049})
    backups.export(database, now=NOW)
    store.close()
    return database


def test_w59_decisions_outlive_the_database(decided: Path) -> None:
    """w59, S4: no user data is only in the database: what was accepted is not held again."""
    before = _decided(decided)
    decided.unlink()
    store = Store.open(decided, now=NOW + DAY)
    library = store.libraries.sync({"main": Path("/elsewhere")})["main"]
    asked = store.holds.last_accepted(library, Cause.MASS_DISAPPEARANCE, "phone")
    restored = store.recycled.restored(RECYCLED.audio_md5)
    history = store.history.of(library, PATH, limit=9)

    assert {Cause.SUSPECT} == store.holds.accepted(MD5, replace(SEEN, inode=1))
    assert {Cause.HARDLINKED} == store.holds.accepted("", SEEN)
    assert asked is not None
    assert ({"outputs": ["a", "b"]}, True) == (asked.evidence, restored)
    assert RECYCLED.audio_md5 == store.recycled.origin(RECYCLED.made_md5)
    assert "resume" == store.memory.get("paused_until")
    assert [("release", NOW, "uid 1000 pid 7")] == [
        (each.event, each.time, each.details["who"]) for each in history
    ]
    store.close()
    backups.export(decided, now=NOW)
    after = _decided(decided)
    assert before["holds"] == after["holds"]
    assert before["restored"] == after["restored"]


def test_m9_roots_outlive_the_database(tmp_path: Path) -> None:
    """M9, S4: an empty one is awaited then, and no new one; libraries are known by their names."""
    database = tmp_path / "state" / "pacd.db"
    with closing(Store.open(database, now=NOW)) as store, store.transaction():
        store.libraries.sync({"z": Path("/z")})
        old = store.libraries.sync({"a": Path("/a"), "z": Path("/z")})
        store.memory.set("roots", ["/phone"])
        store.memory.set("library_roots", {str(old["z"]): "f1:7"})
    backups.export(database, now=NOW)
    database.unlink()
    with closing(Store.open(database, now=NOW)) as store:
        new = store.libraries.sync({"a": Path("/a"), "z": Path("/z")})
        known = [store.memory.get(each) for each in ("roots", "awaited", "library_roots")]

    assert old != new
    assert [["/phone"], ["/a", "/phone", "/z"], {str(new["z"]): "f1:7"}] == known


def test_decisions_can_be_read(decided: Path) -> None:
    """S4: names as they are, times, what, by whom: a person can read the document."""
    document = _decided(decided)
    holds = document["holds"]
    assert isinstance(holds, list)

    assert {"form", "made", "libraries", "holds", "restored", "memory", "roots"} == document.keys()
    assert str(PATH) == holds[0]["path"]
    assert ("suspect", "accepted", "uid 1000 pid 7") == tuple(
        holds[0][name] for name in ("cause", "how", "who")
    )
    assert "2026-11-21T12:00:00.000+00:00" == holds[0]["decided"]


@pytest.mark.parametrize(
    "garbled",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no document"),
        pytest.param(b'{"form": 2}', id="of a later pacd"),
        pytest.param(b'{"form": 1, "libraries": {}}', id="cut"),
        pytest.param(
            b'{"form": 1, "libraries": {"main": "/m"}, "holds": [], "restored": [{"library": '
            b'"main", "path": "a", "decided": "2026-11-21T12:00:00+00:00", "who": null, "recycled":'
            b' "2026-11-21T12:00:00+00:00", "entry": "e", "reason": "", "inode": "seven",'
            b' "file_size": 1, "mtime_ns": 1, "md5": "", "made_md5": ""}], "memory": {}}',
            id="not to be stored",
        ),
    ],
)
def test_a_garbled_export_is_passed_over(decided: Path, garbled: bytes) -> None:
    """S4: what cannot be taken over leaves nothing half; the export before it serves."""
    _make(decided)
    (shelf.folder_of(decided) / shelf.CURRENT).write_bytes(garbled)
    decided.unlink()
    store = Store.open(decided, now=NOW)

    assert {Cause.SUSPECT} == store.holds.accepted(MD5, SEEN) - {Cause.HARDLINKED}
    assert ["main"] == [each.name for each in store.libraries.all()]
    store.close()


def _used_by_the_daemon(database: Path) -> str:
    """What its own user cannot do with the state directory; "" for nothing."""
    try:
        store = Store.open(database, now=NOW)
        store.memory.set("paused_until", "resume")
        _make(database, now=NOW + DAY)
        store.close()
    except StoreError as error:
        return str(error)
    return ""


def test_root_locks_nobody_out() -> None:
    """S4, w59: the daemon can use and replace all that a run of root's makes, also at work."""
    with shared_folder() as folder:
        database = folder / "state" / "pacd.db"
        database.parent.mkdir(mode=0o700)
        give_away(database.parent)
        store = Store.open(database, now=NOW)
        store.memory.set("number", 1)
        _make(database)
        told = as_nobody(lambda: _used_by_the_daemon(database))
        found = {each.name for each in database.parent.iterdir()}
        store.close()

    assert ("", True) == (told, {"pacd.db-wal", "pacd.db-shm", "backups"} <= found)


def _inherited(database: Path) -> int | str:
    """How many decisions are taken over, or why none are."""
    try:
        with closing(connection.bare(database)) as opened:
            return inherit(opened, database)
    except StoreError as error:
        return str(error)


def test_decisions_that_may_not_be_read_are_not_passed_over(decided: Path) -> None:
    """w59, S4: a new database without them would lose them with its first export."""
    with shared_folder() as folder:
        database = folder / "pacd.db"
        Store.open(database, now=NOW).close()
        shutil.copytree(shelf.folder_of(decided), shelf.folder_of(database))
        export = shelf.folder_of(database) / shelf.CURRENT
        export.chmod(0o000)
        give_away(folder)
        refused = as_nobody(lambda: _inherited(database))
        export.chmod(0o600)
        taken = as_nobody(lambda: _inherited(database))

    assert f"{export} may not be read" in refused
    assert 5 == taken  # three holds, a file of the bin, a pause
