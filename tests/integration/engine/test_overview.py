"""Counts of large libraries, and of busy ones, keep nobody waiting."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.change import Observation
from pacd.domain.hold import Cause
from pacd.domain.policy import ArtworkPolicy, DaemonPolicy, LibraryPolicy
from pacd.engine import overview
from pacd.engine.overview import Overview
from pacd.engine.snapshot import Snapshot
from pacd.intake.debounce import Place
from pacd.protocol.documents import HoldCounts
from pacd.store.database import Store
from tests.builders import NOW

IDLE = Snapshot()


def busy() -> Snapshot:
    return Snapshot(folders_waiting=1, folders=(Place("music", PurePosixPath("a")),))


class Shelf:
    """A database, and how a status reads it: as slowly as it is told to."""

    def __init__(self, place: Path) -> None:
        self.path = place / "pacd.db"
        self.store = Store.open(self.path, now=NOW)
        self.may_read = threading.Event()
        self.may_read.set()
        self.policy = DaemonPolicy(
            libraries=(LibraryPolicy("music", place, ArtworkPolicy(enabled=False, root=place)),)
        )
        self.library = self.store.libraries.sync({"music": place})["music"]
        self.overview = Overview(self.reading, lambda: self.policy)

    @contextmanager
    def reading(self) -> Iterator[Store]:
        store = Store.read_only(self.path)
        try:
            assert self.may_read.wait(30)
            yield store
        finally:
            store.close()

    def add(self, name: str) -> None:
        seen = Observation(1, len(name), 1, 1, 1, 1)
        self.store.tracks.seen(self.library, PurePosixPath(name), seen, now=NOW)

    def scanned(self, snapshot: Snapshot) -> int:
        return self.overview.at(snapshot).libraries[0].counts["scanned"]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.may_read.set()
    made.store.close()


def test_an_idle_daemon_counts_anew_after_each_turn(shelf: Shelf) -> None:
    """B5: after work is over the numbers are those of now; without a turn nothing is counted."""
    assert 0 == shelf.scanned(IDLE)
    shelf.add("a")
    assert 0 == shelf.scanned(IDLE)
    assert 1 == shelf.scanned(Snapshot())


def test_a_library_that_was_taken_out_needs_nobody(shelf: Shelf) -> None:
    """1.3, H2: only holds that `holds` lists and `release` ends are counted."""
    both = shelf.store.libraries.sync({"music": shelf.path.parent, "attic": Path("/srv/attic")})
    for number in both.values():
        shelf.store.holds.open(
            number, PurePosixPath("a.flac"), Cause.CORRUPT, reason="cut", evidence={}, now=NOW
        )
    counted = shelf.overview.at(IDLE)

    assert (HoldCounts(error=1), ["music"]) == (
        counted.holds,
        [each.name for each in counted.libraries],
    )


def test_w49_a_busy_daemon_does_not_wait_for_its_counts(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B5, w49: a status has the numbers of a moment ago; the next has those counted meanwhile."""
    monkeypatch.setattr(overview, "MOMENT_S", 0.0)
    monkeypatch.setattr(overview, "SPARING", 0)
    shelf.scanned(IDLE)
    shelf.add("a")
    shelf.may_read.clear()

    assert [0, 0] == [shelf.scanned(busy()), shelf.scanned(busy())]
    shelf.may_read.set()
    while shelf.scanned(busy()) != 1:
        pass


def test_the_counts_of_a_very_large_library_are_not_waited_for(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B5, w49: not even when nothing runs, unless they are older than a minute."""
    monkeypatch.setattr(overview, "LONG_S", 0.0)
    shelf.scanned(IDLE)
    shelf.add("a")
    shelf.may_read.clear()

    assert 0 == shelf.scanned(Snapshot())
    shelf.may_read.set()
    monkeypatch.setattr(overview, "STALE_S", 0.0)
    assert 1 == shelf.scanned(Snapshot())
