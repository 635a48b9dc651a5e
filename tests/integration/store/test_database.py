"""One writer, many readers, one file: S1, and what a crash leaves."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest

from pacd.errors import StoreError
from pacd.store.database import Store
from tests.integration.store.examples import NOW, PATH, SEEN, fill

REPOSITORY = Path(__file__).parents[3]


def _write_and_fail(store: Store, write: Callable[[], None]) -> None:
    """Raise inside a transaction, after writing."""
    with store.transaction():
        write()
        raise ZeroDivisionError


def test_pragmas_are_in_force(store: Store) -> None:
    """S1: WAL, synchronous NORMAL, 12 MB of cache, temporaries in memory, 32 MiB of mmap."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": 1,
        "cache_size": -12_000,
        "temp_store": 2,
        "mmap_size": 32 * 1024 * 1024,
        "foreign_keys": 1,
    }

    assert wanted == {name: store._connection.value(f"PRAGMA {name}") for name in wanted}


def test_only_the_owner_may_read_it(database: Path, store: Store, library: int) -> None:
    """S1: database and log are 0600 in a directory of 0700, whatever the umask."""
    modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}

    assert {"pacd.db": 0o600, "pacd.db-wal": 0o600, "pacd.db-shm": 0o600} == modes
    assert 0o700 == database.parent.stat().st_mode & 0o777


def test_rows_outlive_the_process(database: Path) -> None:
    """S1: what was committed is there when the file is opened again."""
    first = Store.open(database, now=NOW)
    library = first.libraries.sync({"main": Path("/music")})["main"]
    fill(first, library)
    first.close()
    first.close()
    again = Store.open(database, now=NOW)

    assert again.tracks.known(library, PATH) is not None
    assert "ok" == again.integrity()
    again.close()


def test_readers_see_what_is_committed(database: Path, store: Store, library: int) -> None:
    """S1: a reader in another thread sees whole transactions while the writer writes."""
    reader = Store.read_only(database)

    def seen_by_reader() -> int:
        with ThreadPoolExecutor(1) as other:
            return other.submit(reader.tracks.valid_count, library).result()

    with store.transaction():
        store.tracks.seen(library, PATH, SEEN, now=NOW)
        assert 0 == seen_by_reader()
        store.tracks.seen(library, PurePosixPath("b.flac"), SEEN, now=NOW)
    assert 2 == seen_by_reader()
    reader.close()


def test_a_reader_can_keep_one_view(database: Path, store: Store, library: int) -> None:
    """S1: inside a reader's transaction nothing changes."""
    reader = Store.read_only(database)
    with reader.transaction():
        assert 0 == reader.tracks.valid_count(library)
        store.tracks.seen(library, PATH, SEEN, now=NOW)
        assert 0 == reader.tracks.valid_count(library)

    assert 1 == reader.tracks.valid_count(library)
    reader.close()


def test_a_reader_cannot_write(database: Path, store: Store) -> None:
    """S1: there is one writer."""
    reader = Store.read_only(database)

    with pytest.raises(StoreError, match="readonly"):
        reader.memory.set("key", 1)
    reader.close()


def test_the_writer_belongs_to_its_thread(store: Store) -> None:
    """S1: another thread that writes is a mistake, found at once."""
    found: list[str] = []

    def intrude() -> None:
        try:
            store.memory.set("key", 1)
        except Exception as error:  # noqa: BLE001  # sqlite3 is the store's own
            found.append(str(error))

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()

    assert ["thread" in text for text in found] == [True]


def test_a_transaction_is_all_or_nothing(store: Store, library: int) -> None:
    """S1: what raises leaves nothing behind."""
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(store, lambda: fill(store, library))

    assert store.tracks.known(library, PATH) is None
    assert () == store.history.latest(limit=1)


def test_an_inner_transaction_joins_the_outer(store: Store) -> None:
    """S1: an inner block is undone with the outer one, and alone when it fails alone."""
    with store.transaction():
        store.memory.set("outer", 1)
        with pytest.raises(ZeroDivisionError):
            _write_and_fail(store, lambda: store.memory.set("failed", 1))

    def write_inside() -> None:
        with store.transaction():
            store.memory.set("inner", 1)

    with pytest.raises(ZeroDivisionError):
        _write_and_fail(store, write_inside)

    assert (1, None, None) == tuple(map(store.memory.get, ("outer", "failed", "inner")))


_DIES_HALFWAY = """
import os, signal, sys
from pathlib import Path
from pacd.store.database import Store
from tests.integration.store.examples import NOW, PATH, SEEN, fill
store = Store.open(Path(sys.argv[1]), now=NOW)
library = store.libraries.sync({"main": Path("/music")})["main"]
store.memory.set("before", 1)
store._connection.run("PRAGMA cache_size = 1")  # what is not committed reaches the log, too
with store.transaction():
    fill(store, library)
    store.memory.set("large", "x" * 1_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_crash_leaves_nothing_half(database: Path) -> None:
    """D3: kill -9 between two statements of a transaction leaves none of them."""
    died = subprocess.run(
        [sys.executable, "-c", _DIES_HALFWAY, str(database)], cwd=REPOSITORY, check=False
    )

    assert -signal.SIGKILL == died.returncode
    store = Store.open(database, now=NOW)
    assert 1 == store.memory.get("before")
    assert store.memory.get("paused") is None
    assert 0 == store.tracks.valid_count(1)
    assert "ok" == store.integrity()
    store.close()


def test_a_backup_is_one_whole_file(tmp_path: Path, store: Store, library: int) -> None:
    """S4: a backup needs no log beside it, is private, and opens as a store."""
    fill(store, library)
    target = tmp_path / "daily.db"
    store.backup(target)

    assert 0o600 == target.stat().st_mode & 0o777
    assert [target] == sorted(tmp_path.glob("*daily*"))
    copy = Store.open(target, now=NOW)
    assert store.tracks.known(library, PATH) == copy.tracks.known(library, PATH)
    copy.close()


def test_a_backup_while_a_transaction_runs(
    database: Path, tmp_path: Path, store: Store, library: int
) -> None:
    """S4: a reader backs up what is committed while the writer is busy."""
    reader = Store.read_only(database)
    with store.transaction():
        store.memory.set("uncommitted", 1)
        reader.backup(tmp_path / "daily.db")
    reader.close()
    copy = Store.open(tmp_path / "daily.db", now=NOW)

    assert copy.memory.get("uncommitted") is None
    assert copy.libraries.all() == store.libraries.all()
    copy.close()


def test_a_backup_that_cannot_be_written(tmp_path: Path, store: Store) -> None:
    """S4: the sentence names the target; an older backup stands."""
    with pytest.raises(StoreError, match=r"missing/daily\.db cannot be written"):
        store.backup(tmp_path / "missing" / "daily.db")


def test_no_database_to_read(database: Path) -> None:
    """S3: a reader makes nothing; it says what to do."""
    with pytest.raises(StoreError, match=r"There is no database at .*Start pacd once"):
        Store.read_only(database)

    assert not database.exists()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """S3: the sentence names the path and the setting."""
    (tmp_path / "file").write_text("not a directory")

    with pytest.raises(StoreError, match="state_dir"):
        Store.open(tmp_path / "file" / "pacd.db", now=NOW)


def test_a_full_disk_is_a_sentence(store: Store, library: int) -> None:
    """D3: when the file may not grow, the transaction is undone and the sentence says so."""
    pages = store._connection.value("PRAGMA page_count")
    store._connection.run(f"PRAGMA max_page_count = {pages}")

    def write() -> None:
        store.memory.set("small", 1)
        store.memory.set("large", "x" * 100_000)

    with pytest.raises(StoreError, match=r"full\. Make room"):
        _write_and_fail(store, write)

    assert store.memory.get("small") is None
    store.memory.set("small", 2)
    assert 2 == store.memory.get("small")


def test_w53_names_that_uris_and_globs_would_mangle(tmp_path: Path) -> None:
    """w53: a state directory may have any name."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a?b#c%20d[e]*\xff")) / "pacd.db"
    store = Store.open(odd, now=NOW)
    store.memory.set("key", 1)
    store.backup(odd.with_name("copy.db"))
    reader = Store.read_only(odd)

    assert 1 == reader.memory.get("key")
    reader.close()
    store.close()
    assert ["copy.db", "pacd.db"] == sorted(each.name for each in odd.parent.iterdir())
