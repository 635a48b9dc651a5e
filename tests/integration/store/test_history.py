"""The append-only history, counters and memory."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.verdict import Authenticity
from pacd.errors import StoreError
from pacd.store.database import Store
from pacd.store.history import HistoryEntry
from tests.integration.store.examples import (
    CORRUPT,
    INTACT,
    MD5,
    NOW,
    PATH,
    REPLACED,
    SEEN,
    TRACK,
)

OTHER = PurePosixPath("other.flac")


def test_the_history_is_read_three_ways(store: Store, library: int) -> None:
    """S2: of one file and of all, the latest first; since an entry, the earliest first."""
    store.history.add(library, PATH, MD5, "flac_test_ok", {"tool": "flac 1.4.2"}, now=NOW)
    store.history.add(library, OTHER, "", "hold", {}, now=NOW)
    last = store.history.add(library, PATH, MD5, "recompress_ok", {}, now=NOW)
    first = HistoryEntry(1, NOW, library, PATH, MD5, "flac_test_ok", {"tool": "flac 1.4.2"})

    assert first == store.history.of(library, PATH, limit=9)[1]
    assert [3, 1] == [entry.id for entry in store.history.of(library, PATH, limit=9)]
    assert [last] == [entry.id for entry in store.history.latest(limit=1)]
    assert [2, 3] == [entry.id for entry in store.history.since(1, limit=9)]
    assert [2] == [entry.id for entry in store.history.since(1, limit=1)]


@pytest.mark.parametrize(
    "sql", ["UPDATE observations SET event = 'other'", "DELETE FROM observations"]
)
def test_the_history_cannot_be_changed(store: Store, library: int, sql: str) -> None:
    """S2: observations are append-only, for every program that opens the file."""
    store.history.add(library, PATH, MD5, "hold", {}, now=NOW)
    with pytest.raises(StoreError, match="append-only"):
        store._connection.run(sql)

    assert "hold" == store.history.latest(limit=1)[0].event


def test_counters_add_up(store: Store, library: int) -> None:
    """1.4: counts per library and per mirror, by name."""
    store.counters.add(library, "", "recompressed")
    store.counters.add(library, "", "recompressed", 2)
    store.counters.add(library, "phone", "encoded")

    assert {("", "recompressed"): 3, ("phone", "encoded"): 1} == store.counters.of(library)
    assert {} == store.counters.of(99)


def test_the_state_is_counted_from_the_rows(store: Store, library: int) -> None:
    """1.4: only files that are there count, and only verdicts on their present bytes."""
    other = store.libraries.sync({"other": Path("/o")})["other"]
    counts = ("scanned", "tested_ok", "tested_err", "held", "at_target", "rewritten")
    verdicts = dict.fromkeys([f"auth_{each}" for each in Authenticity], 0)
    nothing = dict.fromkeys(counts, 0) | verdicts
    sights = {
        PATH: (SEEN, INTACT),
        OTHER: (REPLACED, CORRUPT),
        PurePosixPath("gone.flac"): (replace(SEEN, inode=1), INTACT),
        PurePosixPath("changed.flac"): (replace(SEEN, inode=2), INTACT),
    }
    for path, (seen, check) in sights.items():
        store.tracks.described(library, path, TRACK, seen, rewritten=path != OTHER, now=NOW)
        store.verdicts.record(check, TRACK, seen)
        store.tracks.stands(library, path, Authenticity.OK if check is INTACT else None)
    store.tracks.gone(library, [PurePosixPath("gone.flac")], now=NOW)
    changed = replace(SEEN, inode=2, mtime_ns=1)
    store.tracks.seen(library, PurePosixPath("changed.flac"), changed, now=NOW)
    store.tracks.described(library, OTHER, replace(TRACK, compression=""), REPLACED, now=NOW)
    store.holds.open(library, OTHER, Cause.CORRUPT, reason="r", evidence={}, now=NOW)

    assert nothing == store.counters.state(other)
    assert {
        "scanned": 3,
        "tested_ok": 1,
        "tested_err": 1,
        "held": 1,
        "at_target": 1,
        "rewritten": 1,
        **verdicts,
        "auth_ok": 1,
    } == store.counters.state(library)


@pytest.mark.parametrize("rewritten", [False, True], ids=["came small", "made small"])
def test_a_damaged_file_is_not_small_enough(store: Store, library: int, *, rewritten: bool) -> None:
    """1.4, F4, P3: only of sound masters is it said that they need no recompression."""
    for path, seen, check in ((PATH, SEEN, INTACT), (OTHER, REPLACED, CORRUPT)):
        store.tracks.described(library, path, TRACK, seen, rewritten=rewritten, now=NOW)
        store.verdicts.record(check, TRACK, seen)
    state = store.counters.state(library)
    everything = store.counters.standing(library, PurePosixPath())

    assert (1, 1, 1) == (state["tested_ok"], state["tested_err"], state["at_target"])
    assert int(rewritten) == state["rewritten"]
    assert {"scanned": 2, "held": 0, "at_target": 1} == everything
    assert 1 == store.counters.standing(library, PATH.parent)["at_target"]


def test_memory_keeps_plain_values(store: Store) -> None:
    """W5: what must outlive a restart: set, replaced, deleted, with a default for the unknown."""
    store.memory.set("audit", {"finished": 1, "names": ["\udcff"]})
    store.memory.set("paused", None)

    assert {"finished": 1, "names": ["\udcff"]} == store.memory.get("audit")
    assert store.memory.get("paused", "default") is None
    assert "default" == store.memory.get("unknown", "default")
    store.memory.delete("audit")
    store.memory.delete("audit")
    assert store.memory.get("audit") is None


def test_history_of_a_folder_is_that_of_all_below_it(store: Store, library: int) -> None:
    """S2: names that only begin alike are no part of a folder; the root has everything."""
    paths = [PurePosixPath(each) for each in ("a/b.flac", "a/c/d.flac", "ab.flac", "a.flac")]
    for path in paths:
        store.history.add(library, path, "", "flac_test_ok", {}, now=NOW)

    below = [each.path for each in store.history.below(library, PurePosixPath("a"), limit=9)]
    everything = store.history.below(library, PurePosixPath(), limit=9)

    assert (paths[1::-1], 4) == (below, len(everything))
