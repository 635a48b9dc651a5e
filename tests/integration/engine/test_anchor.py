"""A state directory that is removed under a running engine: nothing is lost, nothing begun."""

import shutil
from pathlib import Path

import pytest

from pacd.engine.engine import Engine
from pacd.errors import UnwritableError
from pacd.protocol.documents import ProblemKind
from tests.integration.engine.site import Site
from tests.integration.rights import no_override


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library at rest."""
    made = Site.make(tmp_path)
    made.album("A", 2)
    made.run()
    return made


def look(engine: Engine) -> None:
    engine.anchor.next_s = 0.0


def test_w23_a_state_directory_that_was_removed_is_put_back(site: Site) -> None:
    """w23, S4: the engine ends, to begin anew with all that it knew: nothing is tested again."""

    def removed(engine: Engine) -> bool:
        if engine.idle:
            shutil.rmtree(site.database.parent)
            look(engine)
            engine.inbox.post(lambda: None)
        return False

    with pytest.raises(UnwritableError, match="was removed"):
        site.run(until=removed)

    assert 0o600 == site.database.stat().st_mode & 0o777
    assert 0o700 == site.database.parent.stat().st_mode & 0o777
    assert {} == site.run().actions


def test_w23_while_it_cannot_be_put_back_nothing_is_begun(site: Site) -> None:
    """w23, w57: it is said, with what to do, and done by itself as soon as it can be."""
    said: list[str] = []
    parent = site.database.parent.parent

    def removed(engine: Engine) -> bool:
        if engine.idle and not said and site.database.parent.exists():
            shutil.rmtree(site.database.parent)
            parent.chmod(0o555)
            site.album("B", 1, seed=7)
            engine.auditor.audit_all()
            look(engine)
            engine.inbox.post(lambda: None)
        if engine.anchor.problems and not said:
            assert [ProblemKind.STATE_GONE] == [each.kind for each in engine.anchor.problems]
            said.extend(each.what for each in engine.snapshot.problems)
            parent.chmod(0o755)
            look(engine)
            engine.inbox.post(lambda: None)
        return False

    with no_override(), pytest.raises(UnwritableError, match="was removed"):
        site.run(until=removed)
    later = site.run()

    assert f"{site.database} was removed while pacd has it open" in said[0]
    assert {"test": 1, "recompress": 1} == later.actions


def test_w23_another_database_in_its_place_stays(site: Site) -> None:
    """w23, S4: somebody has put it there; what was open is among the backups."""

    def replaced(engine: Engine) -> bool:
        if engine.idle:
            site.database.unlink()
            site.database.write_bytes(b"another")
            look(engine)
            engine.inbox.post(lambda: None)
        return False

    with pytest.raises(UnwritableError, match="another put in its place"):
        site.run(until=replaced)

    assert b"another" == site.database.read_bytes()
    assert 1 == len(list((site.database.parent / "backups").glob("pacd-*.db")))


def test_w23_a_backup_in_its_place_is_what_is_opened_next(site: Site) -> None:
    """w23, S4: SQLite would replay the log of the database before it over the one put there."""
    kept = site.base / "kept.db"
    with site.store() as store:
        store.backup(kept)
    site.album("B", 2, seed=7)
    content = kept.read_bytes()

    def replaced(engine: Engine) -> bool:
        if engine.idle and kept.exists():
            kept.replace(site.database)
            look(engine)
            engine.inbox.post(lambda: None)
        return False

    with pytest.raises(UnwritableError, match="another put in its place"):
        site.run(until=replaced)

    assert content == site.database.read_bytes()
    assert [site.database] == list(site.database.parent.glob("pacd.db*"))
    assert site.known("B/01.flac") is None
    with site.store() as store:
        assert "ok" == store.integrity()
    assert 2 == site.run().actions["test"]


def test_w23_a_database_that_was_moved_there_keeps_its_own_log(site: Site) -> None:
    """w23: only the log of the one that was open goes."""
    log = site.database.with_name("pacd.db-wal")

    def replaced(engine: Engine) -> bool:
        if engine.idle:
            for path in (site.database, log):
                path.unlink()
                path.write_bytes(b"another")
            look(engine)
            engine.inbox.post(lambda: None)
        return False

    with pytest.raises(UnwritableError, match="another put in its place"):
        site.run(until=replaced)

    assert b"another" == log.read_bytes()
