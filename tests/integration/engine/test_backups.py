"""S4: the daemon's daily backup, in a thread of its own; when it fails a person is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from pacd.domain.hold import Cause
from pacd.engine.backups import Backups
from pacd.protocol.documents import ProblemKind
from pacd.store import shelf
from pacd.store.copies import scratch_of
from pacd.store.holds import Ending
from tests.integration.engine.site import Site
from tests.integration.store.spoiling import spoil


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with a database."""
    made = Site.make(tmp_path)
    with made.store() as store:
        store.libraries.sync({"music": made.library})
    return made


def _looked(backups: Backups) -> list[str]:
    """What a look, and the backup that it may begin, have logged."""
    with capture_logs() as told:
        backups.look()
        if backups._thread:
            backups._thread.join()  # however slow the disk: stop() waits but a while
        backups.stop()
    return [line["event"] for line in told]


def _no_room() -> int:
    """What is to stay free, such that no backup is made, which would export too."""
    return 1 << 62


def test_a_backup_each_day(site: Site) -> None:
    """S4: the first look makes one, the next none; what was missed is made up for."""
    backups = Backups(site.database, lambda: 0)
    first, second = _looked(backups), _looked(backups)
    (kept,) = shelf.backups(site.database)
    kept.file.rename(kept.file.with_name("pacd-20260101T000000Z.db"))
    late = _looked(backups)

    assert (["backup_ok"], [], ["backup_ok"]) == (first, second, late)
    assert 2 == len(shelf.backups(site.database))
    assert ((), True) == (backups.problems(), backups.last is not None)


def test_no_backup_for_two_days_is_a_problem(site: Site) -> None:
    """S4: a failure is logged at once; after two days without one a person is told, and why."""
    backups = Backups(site.database, _no_room)
    told = _looked(backups)
    soon = backups.problems()
    again = _looked(backups)
    backups._since = datetime.now(UTC) - timedelta(days=2)
    (late,) = backups.problems()

    assert (["backup_err"], (), []) == (told, soon, again)  # tried again in an hour, not at once
    assert ProblemKind.NO_BACKUP is late.kind
    assert late.what.startswith("No backup of the state was made ever: A backup of ")
    assert "min_free_mib" in late.fix


def test_a_damaged_database_is_a_problem_at_once(site: Site) -> None:
    """S4: the daily check of every page finds what bad disks do, while the backups are young."""
    spoil(site.database, "holds")
    backups = Backups(site.database, lambda: 0)
    told = _looked(backups)
    found, of_export = backups.problems()

    assert ["export_err", "backup_err"] == told
    assert "Decisions could not be exported" in of_export.what
    assert "is damaged" in found.what
    assert f"STATE_DIRECTORY={site.database.parent} pacd --restore-backup" in found.fix


def _fails() -> NoReturn:
    raise ZeroDivisionError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_backup_that_fails_by_a_fault_is_not_tried_at_once(site: Site) -> None:
    """S4: a copy of the whole database every quarter of a minute would be no help."""
    backups = Backups(site.database, _fails)
    backups.look()
    backups.stop()
    first = backups._thread
    backups.look()

    assert first is backups._thread


def test_w59_decisions_that_cannot_be_exported_are_a_problem_until_they_are(site: Site) -> None:
    """S4, w59: the decision stands; that it is in the database alone is told, and mended."""
    folder = shelf.folder_of(site.database)
    folder.write_text("in the way")
    backups = Backups(site.database, lambda: 0)
    with capture_logs() as told:
        backups.decided()
        backups.decided()
    (found,) = backups.problems()
    folder.unlink()
    _looked(backups)

    assert ["export_err"] == [line["event"] for line in told]
    assert "Decisions could not be exported" in found.what
    assert () == backups.problems()
    assert (folder / shelf.CURRENT).exists()


def test_what_a_run_before_left_unexported_is_exported_at_the_start(site: Site) -> None:
    """S4, w59: it could not, or was killed before it could; told while this run cannot either."""
    folder = shelf.folder_of(site.database)
    folder.write_text("in the way")
    with site.store() as store:
        hold, _ = store.holds.open(
            1, PurePosixPath("a.flac"), Cause.SUSPECT, reason="", evidence={}, now=datetime.now(UTC)
        )
        store.holds.end(hold.id, Ending.ACCEPTED, now=datetime.now(UTC))
    restarted = Backups(site.database, _no_room)
    told = _looked(restarted), _looked(restarted)
    (found,) = restarted.problems()
    folder.unlink()
    _looked(Backups(site.database, _no_room))
    exported = json.loads((folder / shelf.CURRENT).read_bytes())

    assert (["export_err", "backup_err"], []) == told
    assert "Decisions could not be exported" in found.what
    assert ["a.flac"] == [each["path"] for each in exported["holds"]]


def test_an_export_that_says_the_same_is_not_written_again(site: Site) -> None:
    """S4, w17: a start that has nothing to add writes nothing, and tidies up."""
    file = shelf.folder_of(site.database) / shelf.CURRENT
    _looked(Backups(site.database, _no_room))
    before = file.stat()
    scratch_of(file).write_text("a run before was killed")
    _looked(Backups(site.database, _no_room))
    after = file.stat()
    with site.store() as store:
        store.memory.set("paused_until", "resume")
    _looked(Backups(site.database, _no_room))

    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not scratch_of(file).exists()
    assert {"paused_until": "resume"} == json.loads(file.read_bytes())["memory"]
