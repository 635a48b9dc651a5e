"""The exported covers."""

from dataclasses import replace
from pathlib import PurePosixPath

from pacd.store.database import Store
from pacd.store.exports import ExportRow
from tests.integration.store.examples import EXPORTED, MD5, NOW, PATH, SEEN

TARGET = EXPORTED.target
ROW = ExportRow(TARGET, PATH, MD5, "a" * 32, 1000, "image/jpeg", 51_200, SEEN.mtime_ns, NOW)


def test_a_cover_is_found_by_its_target(store: Store, library: int) -> None:
    """F7: recorded with mime, size, path and time; only what is on record is returned."""
    store.exports.record(library, PATH, "", EXPORTED, max_px=0, now=NOW)
    store.exports.record(library, PATH, MD5, EXPORTED, max_px=1000, now=NOW)

    assert {TARGET: ROW} == store.exports.at(library, [TARGET, PurePosixPath("none.jpg")])


def test_all_covers_in_order(store: Store, library: int) -> None:
    """F7: every cover of a library, by target; a forgotten one is gone."""
    for name in ("b.jpg", "a.png"):
        exported = replace(EXPORTED, target=PurePosixPath(name))
        store.exports.record(library, PATH, MD5, exported, max_px=0, now=NOW)
    names = [export.target.name for export in store.exports.all(library)]
    store.exports.forget(library, PurePosixPath("a.png"))

    assert ["a.png", "b.jpg"] == names
    assert ["b.jpg"] == [export.target.name for export in store.exports.all(library)]
