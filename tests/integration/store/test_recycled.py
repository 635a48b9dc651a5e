"""What lies in the recycle bins, on record."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pacd.domain.media import AudioFormat
from pacd.store.database import Store
from pacd.store.recycled import Leaving
from tests.integration.store.examples import INTACT, NOW, ODD_PATH, PATH, RECYCLED, SEEN, TRACK

DAY = timedelta(days=1)


@pytest.mark.parametrize("path", [PATH, ODD_PATH])
def test_what_lies_there(store: Store, library: int, path: object) -> None:
    """C4: all of it comes back, whatever its name; nothing of another library."""
    known = replace(RECYCLED, path=path)  # type: ignore[arg-type]  # a path
    store.recycled.add(library, known)

    (found,) = store.recycled.lying(library)

    assert (1, library, known, None) == found
    assert found == store.recycled.get(1)
    assert () == store.recycled.lying(library + 1)
    assert store.recycled.get(99) is None


def test_what_has_left(store: Store, library: int) -> None:
    """C4: it stays on record with the way it left; that is told once."""
    store.recycled.add(library, RECYCLED)

    store.recycled.end(1, Leaving.RESTORED, now=NOW)
    store.recycled.end(1, Leaving.EMPTIED, now=NOW)

    assert () == store.recycled.lying(library)
    found = store.recycled.get(1)
    assert found
    assert Leaving.RESTORED == found.left
    assert store.recycled.restored(RECYCLED.audio_md5)
    assert not store.recycled.restored(RECYCLED.made_md5)
    assert not store.recycled.restored("")


def test_what_is_there_again(store: Store, library: int) -> None:
    """S4: an entry that was missed and is seen again is the same one."""
    store.recycled.add(library, RECYCLED)
    store.recycled.end(1, Leaving.EMPTIED, now=NOW)

    store.recycled.add(library, RECYCLED, fresh=False)

    assert [1] == [each.id for each in store.recycled.lying(library)]


def test_when_it_is_due(store: Store, library: int) -> None:
    """F6: not before it was found due, and found due for a while; a finding can be taken back."""
    store.recycled.add(library, RECYCLED)
    before, now = NOW + DAY, NOW + 31 * DAY
    store.recycled.mark_due(library, before=before, now=now)

    assert () == store.recycled.overdue(library, since=now - DAY, most=9)
    assert 1 == len(store.recycled.overdue(library, since=now, most=9))

    store.recycled.mark_due(library, before=NOW - DAY, now=NOW)

    assert () == store.recycled.overdue(library, since=now, most=9)


def test_a_finding_from_the_future_begins_anew(store: Store, library: int) -> None:
    """F6: it was made by a clock that has been set back since."""
    store.recycled.add(library, RECYCLED)
    store.recycled.mark_due(library, before=NOW + DAY, now=NOW + 999 * DAY)
    store.recycled.mark_due(library, before=NOW + DAY, now=NOW + 40 * DAY)

    assert 1 == len(store.recycled.overdue(library, since=NOW + 40 * DAY, most=9))


@pytest.mark.parametrize(
    ("audio", "waits"),
    [
        (AudioFormat(96_000, 24, 2, 1), 1),
        (AudioFormat(48_000, 16, 2, 1), 1),
        (AudioFormat(44_100, 20, 2, 1), 1),
        (AudioFormat(44_100, 24, 6, 1), 0),
        (AudioFormat(44_100, 16, 2, 1), 0),
    ],
)
def test_masters_that_wait_for_a_resampler(
    store: Store, library: int, audio: AudioFormat, waits: int
) -> None:
    """F6: those whose rate or odd depth takes a program, and that nobody wants left so."""
    track = replace(TRACK, audio=audio)
    store.tracks.described(library, PATH, track, SEEN, now=NOW)
    store.verdicts.record(INTACT, track, SEEN)

    assert waits == store.recycled.waiting_for_resampler(library)

    store.recycled.add(library, RECYCLED)
    store.recycled.end(1, Leaving.RESTORED, now=NOW)

    assert 0 == store.recycled.waiting_for_resampler(library)
