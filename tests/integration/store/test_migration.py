"""S3: a change of the schema has a backup first, is whole or nothing, and has a way back."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from yoyo import get_backend, read_migrations

from pacd.errors import StoreError
from pacd.store import backups, migration
from pacd.store.database import Store
from pacd.store.migration import RELEASED, Migrations
from pacd.store.restoring import restore
from tests.integration.store.examples import NOW, PATH, TRACK, fill
from tests.integration.store.spoiling import spoil

REPOSITORY = Path(__file__).parents[3]
NEXT = f"{RELEASED.version + 1:04}-next"
NEXT_VERSION = RELEASED.version + 1
BACKUP = f"pacd.db.backup-v{RELEASED.version}-20261121T120000Z"

_GOOD = """
ALTER TABLE libraries ADD COLUMN note TEXT NOT NULL DEFAULT 'new';
UPDATE memory SET value = '2' WHERE key = 'number';
PRAGMA user_version = NEXT;
""".replace("NEXT", str(NEXT_VERSION))


def _migrations(directory: Path, sql: str) -> Migrations:
    """The released migrations and one more."""
    shutil.copytree(RELEASED.directory, directory)
    (directory / f"{NEXT}.sql").write_text(sql)
    return Migrations(directory)


def _content(database: Path) -> Mapping[str, list[str]]:
    """Every row of every table of ours."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%yoyo%'"
        ).fetchall()
        return {
            name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))  # noqa: S608
            for (name,) in names
        }


def _objects(database: Path) -> list[object]:
    """The schema: every table, index and trigger of ours."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(
            "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '%yoyo%' "
            "AND name NOT LIKE 'sqlite%' ORDER BY name"
        ).fetchall()


def test_a_backup_comes_before_any_migration(filled: Path, tmp_path: Path) -> None:
    """S3: the old file lies beside the new one, whole, private and named by version and time."""
    before = _content(filled)
    migration.bring_up(filled, now=NOW, migrations=_migrations(tmp_path / "m", _GOOD))

    assert ["pacd.db", BACKUP] == sorted(each.name for each in filled.parent.iterdir())
    assert before == _content(filled.with_name(BACKUP))
    assert 0o600 == filled.with_name(BACKUP).stat().st_mode & 0o777
    assert 0o600 == filled.stat().st_mode & 0o777


def test_a_migration_keeps_every_row(filled: Path, tmp_path: Path) -> None:
    """S3: what the migration does not touch is as it was; what it does is done."""
    before = _content(filled)
    migration.bring_up(filled, now=NOW, migrations=_migrations(tmp_path / "m[1]*", _GOOD))
    after = _content(filled)

    untouched = before.keys() - {"libraries", "memory"}
    assert {name: before[name] for name in untouched} == {name: after[name] for name in untouched}
    assert before["libraries"] == [str(row).replace(", 'new')", ")") for row in after["libraries"]]
    assert "('number', '2')" in after["memory"]


def test_what_the_log_holds_is_migrated_too(filled: Path, tmp_path: Path) -> None:
    """S3: rows that only the log of a killed daemon holds are in backup and result."""
    script = (
        "import os, sys; from pathlib import Path; from pacd.store.database import Store\n"
        "from tests.integration.store.examples import NOW\n"
        "Store.open(Path(sys.argv[1]), now=NOW).memory.set('late', 1); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, filled], cwd=REPOSITORY, check=True)
    assert filled.with_name("pacd.db-wal").stat().st_size > 0
    migration.bring_up(filled, now=NOW, migrations=_migrations(tmp_path / "m", _GOOD))

    assert "('late', '1')" in _content(filled)["memory"]
    assert "('late', '1')" in _content(filled.with_name(BACKUP))["memory"]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        pytest.param([_GOOD, "INSERT INTO nowhere VALUES (1);"], "no such table", id="fails"),
        pytest.param(["DROP TABLE holds;"], "ended at schema", id="forgets-its-version"),
        pytest.param(
            ["UPDATE library_files SET library_id = 99;", _GOOD], "has no libraries", id="orphans"
        ),
    ],
)
def test_a_migration_that_fails_changes_nothing(
    filled: Path, tmp_path: Path, sql: list[str], words: str
) -> None:
    """S3: whatever goes wrong, the old file stands, opens, and the sentence says all that."""
    before = _content(filled)
    migrations = _migrations(tmp_path / "m", "\n".join(sql))
    with pytest.raises(StoreError, match=words) as raised:
        migration.bring_up(filled, now=NOW, migrations=migrations)

    assert before == _content(filled)
    assert str(filled) in str(raised.value)
    assert BACKUP in str(raised.value)
    assert ["pacd.db", BACKUP] == sorted(each.name for each in filled.parent.iterdir())
    Store.open(filled, now=NOW).close()


_BRING_UP = """
import sys
from pathlib import Path
from pacd.store.migration import Migrations, bring_up
from tests.integration.store.examples import NOW
bring_up(Path(sys.argv[1]), now=NOW, migrations=Migrations(Path(sys.argv[2])))
"""

_SUICIDE = """
import os, signal
from yoyo import step
step("ALTER TABLE libraries ADD COLUMN note TEXT")
step(lambda connection: os.kill(os.getpid(), signal.SIGKILL))
step("PRAGMA user_version = {version}")
"""


def test_w59_kill_9_inside_a_migration_changes_nothing(filled: Path, tmp_path: Path) -> None:
    """w59: a daemon killed between two statements of a migration left the old file whole."""
    before = _content(filled)
    directory = tmp_path / "m"
    shutil.copytree(RELEASED.directory, directory)
    (directory / f"{NEXT}.py").write_text(_SUICIDE.format(version=NEXT_VERSION))
    died = subprocess.run(
        [sys.executable, "-c", _BRING_UP, filled, directory], cwd=REPOSITORY, check=False
    )

    assert -signal.SIGKILL == died.returncode
    assert before == _content(filled)
    store = Store.open(filled, now=NOW)
    assert "ok" == store.integrity()
    store.close()
    assert ["pacd.db", BACKUP] == sorted(each.name for each in filled.parent.iterdir())


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
@pytest.mark.parametrize(
    ("syscall", "nth"),
    [("rename", 1), ("rename", 2), ("fsync", 1), ("fsync", 2), ("fsync", 3), ("fsync", 4)]
    + [("pwrite64", nth) for nth in (1, 5, 20, 60, 100)],
)
def test_w59_kill_9_at_any_moment_leaves_old_or_new(
    filled: Path, tmp_path: Path, syscall: str, nth: int
) -> None:
    """w59: killed at any syscall that matters, the file is the old or the new one, and whole."""
    before = _content(filled)
    migrations = _migrations(tmp_path / "m", _GOOD)
    inject = f"inject=/^{syscall}:signal=KILL:when={nth}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace=/^{syscall}", "-e", inject]
    died = subprocess.run(
        [*command, sys.executable, "-B", "-c", _BRING_UP, filled, migrations.directory],
        cwd=REPOSITORY,
        check=False,
    )

    assert died.returncode != 0
    with closing(sqlite3.connect(filled)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
    assert version == NEXT_VERSION or before == _content(filled)
    migration.bring_up(filled, now=NOW, migrations=migrations)
    assert "('number', '2')" in _content(filled)["memory"]
    names = {each.name for each in filled.parent.iterdir()}
    assert names == {"pacd.db", BACKUP}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_w59_kill_9_while_the_first_file_is_made(database: Path) -> None:
    """w59: killed before the first database is whole, there is none; the next start makes it."""
    database.parent.mkdir()
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=/^rename"]
    command += ["-e", "inject=/^rename:signal=KILL:when=1:error=EIO"]
    died = subprocess.run(
        [*command, sys.executable, "-B", "-c", _BRING_UP, database, RELEASED.directory],
        cwd=REPOSITORY,
        check=False,
    )

    assert died.returncode != 0
    assert not database.exists()
    Store.open(database, now=NOW).close()
    assert [database] == list(database.parent.iterdir())


def test_no_migration_while_another_program_reads(filled: Path, tmp_path: Path) -> None:
    """S3: a file that somebody has open is not replaced under their hands."""
    migrations = _migrations(tmp_path / "m", _GOOD)
    reader = Store.read_only(filled)
    with pytest.raises(StoreError, match=r"locked\. Another program holds it"):
        migration.bring_up(filled, now=NOW, migrations=migrations)
    reader.close()
    migration.bring_up(filled, now=NOW, migrations=migrations)

    assert "('number', '2')" in _content(filled)["memory"]


def test_w59_a_newer_database_is_refused(filled: Path) -> None:
    """w59: a database from a later pacd is left alone; the sentence names both versions."""
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = filled.read_bytes()
    with pytest.raises(StoreError, match=rf"schema 99.*up to {RELEASED.version}.*newer"):
        Store.open(filled, now=NOW)

    assert before == filled.read_bytes()
    with pytest.raises(StoreError, match="schema 99"):
        Store.read_only(filled)


def test_the_way_back_from_an_upgrade_can_be_typed_as_it_is_told(filled: Path) -> None:
    """w59, S4: the command names the state directory, and finds what was kept by itself."""
    kept = migration.backup_name(filled, RELEASED.version, now=NOW)
    shutil.copy(filled, kept)
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("PRAGMA user_version = 99")
    backups.make(filled, now=NOW + timedelta(days=1), reserve_bytes=0)
    with pytest.raises(StoreError, match="schema 99") as raised:
        Store.open(filled, now=NOW)
    done = restore(filled, now=NOW)

    assert f"`STATE_DIRECTORY={filled.parent} pacd --restore-backup`" in str(raised.value)
    assert (kept, 1) == (done.backup, len(done.refused))
    assert "STATE_DIRECTORY=" not in done.refused[0]  # of a backup: the command is under way


def test_a_reader_does_not_migrate(filled: Path) -> None:
    """S3: only the writer migrates."""
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("PRAGMA user_version = 0")

    with pytest.raises(StoreError, match=r"old schema 0.*Start pacd"):
        Store.read_only(filled)


def test_w59_another_programs_database_is_left_alone(database: Path) -> None:
    """w59: a file that PAC did not make is not migrated over."""
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = database.read_bytes()
    with pytest.raises(StoreError, match="another program's"):
        Store.open(database, now=NOW)

    assert before == database.read_bytes()


def test_a_file_that_is_no_database(database: Path) -> None:
    """S3: text under the database's name is named and kept, with the way back."""
    database.parent.mkdir()
    database.write_text("no database " * 1_000)
    with pytest.raises(StoreError, match=r"not a sound database.*move the file away") as raised:
        Store.open(database, now=NOW)

    assert str(database) in str(raised.value)
    assert "no database " * 1_000 == database.read_text()


def test_a_truncated_database_names_its_backup(filled: Path) -> None:
    """S3: a file cut short is found at once; the way back and the backup's age are told."""
    backups.make(filled, now=NOW, reserve_bytes=0)
    os.truncate(filled, filled.stat().st_size // 2)
    with pytest.raises(StoreError, match="not a sound database") as raised:
        Store.open(filled, now=NOW)

    assert f"`STATE_DIRECTORY={filled.parent} pacd --restore-backup`" in str(raised.value)
    assert "2026-11-21 12:00 UTC" in str(raised.value)


def test_damage_is_looked_for_after_a_crash(filled: Path) -> None:
    """S3: after a run that did not end well every page is looked at before work begins."""
    spoil(filled, "library_files")
    filled.with_name("pacd.db-wal").touch()

    with pytest.raises(StoreError, match="not a sound database"):
        Store.open(filled, now=NOW)


def test_damage_found_at_work_is_the_same_sentence(filled: Path) -> None:
    """S3: damage that shows itself later is named with the way back as well."""
    spoil(filled, "library_files")
    store = Store.open(filled, now=NOW)

    with pytest.raises(StoreError, match=r"not a sound database.*move the file away"):
        store.tracks.known(1, PATH)
    store.close()


def test_the_log_of_a_lost_database_is_not_replayed(filled: Path) -> None:
    """D3: a log without its database is put aside, never mixed into a new one."""
    log = filled.with_name("pacd.db-wal")
    log.write_bytes(b"what the old one had")
    filled.unlink()
    store = Store.open(filled, now=NOW)

    assert () == store.libraries.all()
    assert b"what the old one had" == filled.with_name("pacd.db-wal.orphan").read_bytes()
    store.close()


def test_up_down_up(filled: Path) -> None:
    """S3: each migration has its way back; down leaves nothing, up again is the same schema."""
    schema = _objects(filled)
    backend = get_backend(f"sqlite:///{quote(str(filled))}")
    with backend:
        migrations = read_migrations(str(RELEASED.directory))
        backend.rollback_migrations(backend.to_rollback(migrations))
    assert [] == _objects(filled)
    store = Store.open(filled, now=NOW)
    fill(store, store.libraries.sync({"main": Path("/music")})["main"])
    store.close()

    assert schema == _objects(filled)


def test_a_migration_prints_nothing(filled: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """1.1: the summary of a one-shot run is all that stands on its stdout."""
    Store.open(filled.with_name("new.db"), now=NOW).close()

    assert ("", "") == capfd.readouterr()


def test_every_migration_has_its_way_back() -> None:
    """S3: numbers without gaps, one rollback each, plain ASCII (yoyo reads by locale)."""
    names = sorted(each.name for each in RELEASED.directory.iterdir())
    up = [name for name in names if not name.endswith(".rollback.sql")]

    assert [f"{number:04}" for number in range(1, len(up) + 1)] == [name[:4] for name in up]
    assert names == sorted([*up, *(name.replace(".sql", ".rollback.sql") for name in up)])
    assert all(each.read_bytes().isascii() for each in RELEASED.directory.iterdir())


@pytest.mark.parametrize("dump", sorted((REPOSITORY / "tests/data").glob("state_v*.sql")))
def test_every_released_schema_opens(dump: Path, database: Path) -> None:
    """S3: a database of every released schema opens and keeps its rows."""
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    before = _content(database)
    store = Store.open(database, now=NOW)
    library = store.libraries.all()[0]
    known = store.tracks.known(library.id, PATH)
    store.close()
    after = _content(database)

    assert "main" == library.name
    assert known is not None
    assert TRACK == known.track
    assert {name: len(rows) for name, rows in before.items()} == {
        name: len(after[name]) for name in before
    }


def test_the_present_schema_has_a_fixture(filled: Path, tmp_path: Path) -> None:
    """S3: the schema of this version is among the fixtures, unchanged (tests/data/README.md)."""
    dump = REPOSITORY / f"tests/data/state_v{RELEASED.version}.sql"
    with closing(sqlite3.connect(tmp_path / "fixture.db")) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))

    assert _objects(tmp_path / "fixture.db") == _objects(filled)
    assert all(_content(tmp_path / "fixture.db").values())


def test_yoyo_is_loaded_only_when_something_is_due(filled: Path) -> None:
    """B5: opening a database that is up to date imports neither yoyo nor what it needs."""
    script = (
        "import sys; from pathlib import Path; from pacd.store.database import Store\n"
        "from tests.integration.store.examples import NOW\n"
        "Store.open(Path(sys.argv[1]), now=NOW).close(); sys.exit('yoyo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, filled], cwd=REPOSITORY, check=False)

    assert 0 == done.returncode


def test_no_record_of_people_and_machines(filled: Path) -> None:
    """X2: neither user nor host name is asked for or kept."""
    with closing(sqlite3.connect(filled)) as connection:
        assert [] == connection.execute("SELECT * FROM _yoyo_log").fetchall()
