"""Device numbers that change under the records."""

from dataclasses import replace

from pacd.store.database import Store
from tests.integration.store.examples import INTACT, NOW, PATH, SEEN, TRACK


def test_disks_may_change_places(store: Store, library: int) -> None:
    """P4: two disks that swap numbers keep what is known of each, though their inodes are alike."""
    other = replace(SEEN, device=SEEN.device + 1, size_bytes=1)
    for path, seen in ((PATH, SEEN), (PATH.with_name("b.flac"), other)):
        store.tracks.described(library, path, TRACK, seen, now=NOW)
        store.verdicts.record(INTACT, TRACK, seen)
    store.devices.renumber({SEEN.device: other.device, other.device: SEEN.device})
    first, second = (
        replace(SEEN, device=other.device),
        replace(other, device=SEEN.device),
    )

    known = {file.path: file.observation for file in store.tracks.in_folder(library, PATH.parent)}
    assert {PATH: first, PATH.with_name("b.flac"): second} == known
    assert [INTACT, INTACT] == [store.verdicts.check_of(seen) for seen in (first, second)]
    assert [None, None] == [store.verdicts.check_of(seen) for seen in (SEEN, other)]


def test_a_number_that_was_another_disks_is_overtaken(store: Store, library: int) -> None:
    """P4: what is on record of a disk long gone does not stand in the way."""
    gone = replace(SEEN, device=7, size_bytes=1)
    for seen in (gone, SEEN):
        store.verdicts.record(INTACT, TRACK, seen)
    store.devices.renumber({SEEN.device: 7})

    assert [None, INTACT] == [
        store.verdicts.check_of(seen) for seen in (gone, replace(SEEN, device=7))
    ]
