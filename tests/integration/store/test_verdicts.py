"""Verdicts belong to bytes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pacd.domain.change import Observation
from pacd.domain.verdict import Integrity
from pacd.store.database import Store
from tests.integration.store.examples import (
    CORRUPT,
    INTACT,
    MD5,
    NOW,
    RENAMED,
    SEEN,
    TRACK,
)


def test_a_verdict_follows_the_bytes(store: Store) -> None:
    """A6: a move or a chmod repeats no test."""
    store.verdicts.record(INTACT, TRACK, SEEN)

    assert INTACT == store.verdicts.check_of(SEEN)
    assert INTACT == store.verdicts.check_of(RENAMED)


@pytest.mark.parametrize(
    "other",
    [
        replace(SEEN, device=1),
        replace(SEEN, inode=1),
        replace(SEEN, size_bytes=1),
        replace(SEEN, mtime_ns=SEEN.mtime_ns + 1),
    ],
    ids=["device", "inode", "size", "mtime"],
)
def test_other_bytes_have_no_verdict(store: Store, other: Observation) -> None:
    """F1: no verdict speaks of bytes it was not made from."""
    store.verdicts.record(INTACT, TRACK, SEEN)

    assert store.verdicts.check_of(other) is None


def test_the_last_verdict_counts(store: Store) -> None:
    """F1: a scrub that finds damage replaces the good verdict; all its words are kept."""
    store.verdicts.record(INTACT, TRACK, SEEN)
    found = replace(CORRUPT, tested_at=NOW + timedelta(days=90))
    store.verdicts.record(found, None, SEEN)

    assert found == store.verdicts.check_of(SEEN)


def test_the_columns_people_query(store: Store) -> None:
    """S2: flac_checks says what was tested and what the header stated; no-md5 is sound."""
    store.verdicts.record(replace(INTACT, integrity=Integrity.NO_MD5), TRACK, SEEN)
    row = store._connection.row(
        "SELECT md5, test_ok, test_msg, streaminfo_md5, bit_depth, sample_rate, channels "
        "FROM flac_checks"
    )

    assert row is not None
    assert (MD5, 1, "", MD5, 16, 44_100, 2) == tuple(row)


def test_two_files_may_claim_one_md5(store: Store) -> None:
    """F1: equal audio does not make one file's damage the other's."""
    copy = replace(SEEN, inode=1)
    store.verdicts.record(INTACT, TRACK, SEEN)
    store.verdicts.record(replace(CORRUPT, audio_md5=MD5), TRACK, copy)

    assert INTACT == store.verdicts.check_of(SEEN)
    assert replace(CORRUPT, audio_md5=MD5) == store.verdicts.check_of(copy)


def test_forgetting_spares_a_newer_verdict(store: Store) -> None:
    """F1: an inode that was used again keeps the verdict on what it holds now."""
    newer = replace(SEEN, size_bytes=5)
    store.verdicts.record(INTACT, TRACK, SEEN)
    store.verdicts.record(CORRUPT, TRACK, newer)
    store.verdicts.forget(SEEN)
    assert CORRUPT == store.verdicts.check_of(newer)
    store.verdicts.forget(newer)

    assert store.verdicts.check_of(newer) is None


def test_how_a_recording_was_compressed(store: Store) -> None:
    """S2: flac_policy keeps the last level and tag of each recording."""
    store.verdicts.recompressed(MD5, 5, "level=5", now=NOW)
    store.verdicts.recompressed(MD5, 8, "level=8", now=NOW)
    rows = store._connection.rows("SELECT md5, compression_level, compression_tag FROM flac_policy")

    assert [(MD5, 8, "level=8")] == [tuple(row) for row in rows]
