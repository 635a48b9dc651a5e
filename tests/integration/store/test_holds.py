"""What needs a person."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from pacd.domain.change import Observation
from pacd.domain.hold import Cause, Hold, Severity
from pacd.store.database import Store
from pacd.store.holds import Ending
from tests.integration.store.examples import FOLDER, MD5, NOW, PATH, REPLACED, SEEN

LATER = NOW + timedelta(hours=1)
OTHER_MD5 = "e" * 32


def _open(
    store: Store,
    library: int,
    cause: Cause = Cause.CORRUPT,
    path: PurePosixPath = PATH,
    *,
    audio_md5: str = MD5,
    observation: Observation | None = SEEN,
    mirror: str = "",
    evidence: Mapping[str, Any] | None = None,
    now: datetime = NOW,
) -> tuple[Hold, bool]:
    return store.holds.open(
        library,
        path,
        cause,
        reason="frame 7 is damaged",
        audio_md5=audio_md5,
        observation=observation,
        mirror=mirror,
        evidence=evidence or {},
        now=now,
    )


def test_a_hold_is_kept_whole(store: Store, library: int) -> None:
    """H1: cause, reason, evidence, the tool's words and the bytes it was made for."""
    evidence = {"words": "ERROR\n\udcff", "rates": [1, 2.5], "floor_db": None}
    hold, newly = _open(store, library, evidence=evidence, mirror="phone")

    assert newly
    assert (
        Hold(1, PATH, Cause.CORRUPT, "frame 7 is damaged", NOW, MD5, SEEN, "phone", evidence)
        == hold
    )
    assert {PATH: (hold,)} == store.holds.in_folder(library, FOLDER)
    assert (library, hold, None, None) == store.holds.get(1)


def test_holding_twice_is_one_hold(store: Store, library: int) -> None:
    """H1: the same path, cause and mirror keeps its id and start; the findings are the new."""
    _open(store, library)
    again, newly = _open(
        store, library, observation=REPLACED, audio_md5="", evidence={"frame": 9}, now=LATER
    )
    _, other_mirror = _open(store, library, mirror="phone")
    _, other_cause = _open(store, library, Cause.PERMISSION, observation=None)

    assert (False, True, True) == (newly, other_mirror, other_cause)
    assert (1, NOW, REPLACED, "", {"frame": 9}) == (
        again.id,
        again.since,
        again.observation,
        again.audio_md5,
        again.evidence,
    )
    assert 3 == len(store.holds.in_folder(library, FOLDER)[PATH])


def test_a_hold_ends_once(store: Store, library: int) -> None:
    """H2: an ended hold is no longer open, keeps how it ended, and may come anew."""
    hold, _ = _open(store, library)

    assert store.holds.end(hold.id, Ending.REPLACED, now=LATER)
    assert not store.holds.end(hold.id, Ending.GONE, now=LATER)
    assert (library, hold, LATER, Ending.REPLACED) == store.holds.get(hold.id)
    assert {} == store.holds.in_folder(library, FOLDER)
    again, newly = _open(store, library)
    assert (2, True) == (again.id, newly)
    assert store.holds.get(99) is None


def test_the_list_is_worst_first(store: Store, library: int) -> None:
    """H3: errors before notices, the oldest first among equals, of every library."""
    _open(store, library, Cause.HARDLINKED)
    _open(store, library, Cause.CORRUPT, now=LATER)
    _open(store, library, Cause.ENCODE_FAILED, now=NOW)
    ended, _ = _open(store, library, Cause.PERMISSION)
    store.holds.end(ended.id, Ending.RELEASED, now=LATER)

    causes = [hold.cause for _, hold in store.holds.all_open()]
    assert [Cause.ENCODE_FAILED, Cause.CORRUPT, Cause.HARDLINKED] == causes
    counted = store.holds.counts({library})
    assert {Severity.ERROR: 2, Severity.SUSPECT: 0, Severity.NOTICE: 1} == counted


def test_accepting_goes_with_the_audio(store: Store, library: int) -> None:
    """H2: accepted for that audio MD5, wherever the file goes, whatever its tags become."""
    hold, _ = _open(store, library, Cause.HARDLINKED)
    assert frozenset() == store.holds.accepted(MD5, SEEN)
    store.holds.end(hold.id, Ending.ACCEPTED, now=LATER)

    assert {Cause.HARDLINKED} == store.holds.accepted(MD5, REPLACED)
    assert {Cause.HARDLINKED} == store.holds.accepted("", SEEN)
    assert frozenset() == store.holds.accepted(OTHER_MD5, REPLACED)


def test_accepting_without_md5_goes_with_the_bytes(store: Store, library: int) -> None:
    """H2: without an MD5 the very bytes are accepted, also once their MD5 is known."""
    hold, _ = _open(store, library, audio_md5="")
    store.holds.end(hold.id, Ending.ACCEPTED, now=LATER)
    released, _ = _open(store, library, Cause.PERMISSION)
    store.holds.end(released.id, Ending.RELEASED, now=LATER)

    assert {Cause.CORRUPT} == store.holds.accepted("", SEEN)
    assert {Cause.CORRUPT} == store.holds.accepted(MD5, SEEN)
    assert frozenset() == store.holds.accepted("", replace(SEEN, mtime_ns=1))
