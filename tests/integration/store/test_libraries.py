"""The libraries and their scans."""

from datetime import timedelta
from pathlib import Path

from pacd.domain.scan import ScanReport, ScanStatus
from pacd.store.database import Store
from tests.integration.store.examples import NOW, PATH, SEEN

REPORT = ScanReport(
    files_discovered=5, files_added=4, files_failed=1, scan_duration_s=1.5, warnings=("a", "b")
)


def test_a_new_library_was_never_scanned(store: Store, library: int) -> None:
    """L1: the state before the first scan."""
    (row,) = store.libraries.all()

    assert (library, "main", Path("/music")) == (row.id, row.name, row.root)
    assert (ScanStatus.NEVER_SCANNED, 0, 0) == (row.status, row.progress, row.total)
    assert (None, "", None) == (row.scanned_at, row.error, row.report)


def test_syncing_keeps_ids_and_what_is_no_longer_configured(store: Store, library: int) -> None:
    """L1: a library may move or leave the settings; what is known of it stays."""
    store.tracks.seen(library, PATH, SEEN, now=NOW)
    assert {"other": 2} == store.libraries.sync({"other": Path("/o\udcff")})
    ids = store.libraries.sync({"main": Path("/moved"), "other": Path("/o\udcff")})

    assert {"main": library, "other": 2} == ids
    assert [Path("/moved"), Path("/o\udcff")] == [row.root for row in store.libraries.all()]
    assert 1 == store.tracks.valid_count(library)


def test_a_scan_is_followed_to_its_end(store: Store, library: int) -> None:
    """L1: scanning, then complete with its report."""
    store.libraries.scan_started(library, total=5, now=NOW)
    (running,) = store.libraries.all()
    store.libraries.scan_complete(library, REPORT, now=NOW)
    (done,) = store.libraries.all()

    assert (ScanStatus.SCANNING, 0, 5) == (running.status, running.progress, running.total)
    assert (ScanStatus.COMPLETE, 5, NOW, REPORT) == (
        done.status,
        done.progress,
        done.scanned_at,
        done.report,
    )


def test_a_scan_that_fails_says_why(store: Store, library: int) -> None:
    """L1: the error shows until the next scan begins; the last complete scan stays on record."""
    store.libraries.scan_started(library, total=5, now=NOW)
    store.libraries.scan_complete(library, REPORT, now=NOW)
    store.libraries.scan_started(library, total=6, now=NOW)
    store.libraries.scan_failed(library, "/music/\udcff is gone", now=NOW + timedelta(hours=1))
    (failed,) = store.libraries.all()
    store.libraries.scan_started(library, total=7, now=NOW)
    (again,) = store.libraries.all()

    assert (ScanStatus.ERROR, "/music/\\udcff is gone") == (failed.status, failed.error)
    assert (NOW, REPORT) == (failed.scanned_at, failed.report)
    assert (ScanStatus.SCANNING, "", 0) == (again.status, again.error, again.progress)
