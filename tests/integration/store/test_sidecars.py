"""The copies of sidecars on record."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from pacd.domain.output import Output, OutputState
from pacd.store.database import Store
from tests.integration.store.examples import FOLDER, MD5, NOW, ODD_PATH, RENAMED, REPLACED, SEEN

SOURCE = FOLDER / "cover.jpg"
COPY = Output(SOURCE, OutputState.OURS, src_md5=MD5, observation=replace(SEEN, inode=500))


@pytest.mark.parametrize("path", [SOURCE, ODD_PATH])
def test_a_copy_is_found_in_its_folder(store: Store, library: int, path: PurePosixPath) -> None:
    """M11: with what it was made of, whatever its disk is numbered; the last record counts."""
    copy = replace(COPY, path=path)
    store.sidecars.record(library, "phone", path, SEEN, replace(copy, src_md5="x"))
    store.sidecars.record(library, "phone", path, SEEN, copy)
    found = store.sidecars.in_folder(library, "phone", path.parent)
    row = found[path]

    assert ([path], copy, path) == ([*found], row.copy, row.source)
    assert (True, False) == (row.is_of(replace(SEEN, device=1)), row.is_of(RENAMED))
    assert (True, False) == (row.is_of_file(RENAMED), row.is_of_file(REPLACED))
    assert {} == store.sidecars.in_folder(library, "car", path.parent)


def test_a_copy_is_found_by_the_file_it_was_made_of(store: Store, library: int) -> None:
    """M11: whatever the file is named now; what PAC did not make is no copy."""
    store.sidecars.record(library, "phone", SOURCE, SEEN, COPY)
    foreign = replace(COPY, path=FOLDER / "b", state=OutputState.FOREIGN)
    store.sidecars.record(library, "phone", SOURCE, SEEN, foreign)
    found = store.sidecars.of_file(library, "phone", RENAMED)

    assert [COPY] == [row.copy for row in found]
    assert () == store.sidecars.of_file(library, "phone", REPLACED)


def test_orphans_are_counted_apart(store: Store, library: int) -> None:
    """M9: since when stays as it was; a foreign file is none; one that is copied again is none."""
    store.sidecars.record(library, "phone", SOURCE, SEEN, COPY)
    foreign = replace(COPY, path=FOLDER / "b", state=OutputState.FOREIGN)
    store.sidecars.record(library, "phone", SOURCE, SEEN, foreign)
    paths = [SOURCE, foreign.path]
    store.sidecars.orphaned(library, "phone", paths, now=NOW)
    store.sidecars.orphaned(library, "phone", paths, now=NOW.replace(year=2030))
    counted = (
        store.sidecars.count(library, "phone"),
        store.sidecars.count_orphans(library, "phone"),
    )
    since = [row.orphaned_at for row in store.sidecars.orphans(library, "phone")]
    store.sidecars.wanted(library, "phone", paths)

    assert ((0, 1), [NOW]) == (counted, since)
    assert (1, ()) == (
        store.sidecars.count(library, "phone"),
        store.sidecars.orphans(library, "phone"),
    )
    store.sidecars.orphaned(library, "phone", paths, now=NOW)
    store.sidecars.record(library, "phone", SOURCE, SEEN, COPY)
    assert 0 == store.sidecars.count_orphans(library, "phone")
    store.sidecars.forget(library, "phone", paths)
    assert {} == store.sidecars.in_folder(library, "phone", FOLDER)


def test_copies_follow_their_disk(store: Store, library: int) -> None:
    """P4: a disk that got another number keeps its copies."""
    store.sidecars.record(library, "phone", SOURCE, SEEN, COPY)
    store.devices.renumber({SEEN.device: 7})
    (row,) = store.sidecars.in_folder(library, "phone", FOLDER).values()

    assert replace(SEEN, inode=500, device=7) == row.copy.observation
