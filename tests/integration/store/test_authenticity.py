"""What detectors found belongs to recordings, and how a file stands to its bytes."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pacd.domain.hold import Cause
from pacd.domain.verdict import Authenticity, Detector, joined
from pacd.store.database import Store
from tests.integration.store.examples import (
    HEARD,
    JUDGED,
    MD5,
    NOW,
    PATH,
    REPLACED,
    SEEN,
    TRACK,
)


def test_all_that_was_found_is_kept(store: Store) -> None:
    """A6: sentences, numbers, words, time and picture come back as they were."""
    for judgement in (JUDGED, HEARD, replace(HEARD, undrawn="no room")):
        store.authenticity.record(MD5, judgement)
        kept = store.authenticity.of(MD5)

        assert kept is not None
        assert [each.numbers for each in judgement.findings] == [
            each.numbers for each in kept.findings
        ]
        assert (judgement.status, judgement.judged_at) == (kept.status, kept.judged_at)
        assert (judgement.spectrogram, judgement.undrawn) == (kept.spectrogram, kept.undrawn)
        assert judgement.findings[1:] == kept.findings[1:]
        assert "nothing above 16.0 kHz, as \\udcff leaves it" == kept.findings[0].sentence


def test_a_recording_without_a_verdict(store: Store) -> None:
    """A6: unknown audio, and audio without an MD5, have none."""
    store.authenticity.record("", JUDGED)

    assert store.authenticity.of("") is None
    assert store.authenticity.of(MD5) is None
    store.authenticity.record(MD5, JUDGED)
    store.authenticity.forget(MD5)
    store.authenticity.forget(MD5)

    assert store.authenticity.of(MD5) is None


def test_the_columns_people_query(store: Store) -> None:
    """S2: score and class of auCDtect, result of LAC, evidence of ours, status, time, picture."""
    names = (
        "aucdtect_score, aucdtect_class, lac_result, status, analyzed_ts, spectrogram_path, "
        "builtin_evidence"
    )
    store.authenticity.record(MD5, JUDGED)
    row = store._connection.row(f"SELECT {names} FROM authenticity WHERE md5 = '{MD5}'")  # noqa: S608

    assert row is not None
    assert (99.0, "MPEG", "Clean", "suspect", 1_795_262_400_000) == tuple(row)[:5]
    assert b"/state/spectrograms/\xff.png" == row["spectrogram_path"]
    assert 16_000.5 == json.loads(row["builtin_evidence"])["edge_hz"]
    builtin = [each for each in HEARD.findings if each.detector is Detector.BUILTIN]
    store.authenticity.record(MD5, joined(None, builtin, now=NOW + timedelta(days=1)))
    row = store._connection.row(f"SELECT {names} FROM authenticity WHERE md5 = '{MD5}'")  # noqa: S608

    assert row is not None
    assert (None, None, None) == tuple(row)[:3]


@pytest.mark.parametrize("authenticity", [*Authenticity, None])
def test_a_file_stands_until_its_bytes_change(
    store: Store, library: int, authenticity: Authenticity | None
) -> None:
    """A6: a move keeps it, a rewrite by PAC too; other bytes end it."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    store.tracks.stands(library, PATH, authenticity)
    moved = PATH.with_name("moved.flac")
    known = store.tracks.known(library, PATH)

    assert known is not None
    assert authenticity is known.authenticity
    store.tracks.moved(known.id, moved, SEEN, now=NOW)
    store.tracks.described(library, moved, TRACK, REPLACED, rewritten=True, now=NOW)
    (known,) = store.tracks.in_folder(library, moved.parent)

    assert authenticity is known.authenticity
    store.tracks.seen(library, moved, SEEN, now=NOW)
    known = store.tracks.by_content(library, SEEN)

    assert known is not None
    assert known.authenticity is None


def test_a_hold_links_the_picture(store: Store, library: int) -> None:
    """A5: of a suspect the picture of its audio is linked, whenever it was drawn."""
    for cause in (Cause.SUSPECT, Cause.HARDLINKED):
        store.holds.open(library, PATH, cause, reason="r", audio_md5=MD5, evidence={}, now=NOW)
    (held,) = store.holds.in_folder(library, PATH.parent).values()

    assert [None, None] == [each.spectrogram for each in held]
    store.authenticity.record(MD5, JUDGED)
    (held,) = store.holds.in_folder(library, PATH.parent).values()
    record = store.holds.get(held[0].id)

    assert [JUDGED.spectrogram, None] == [each.spectrogram for each in held]
    assert record is not None
    assert Path("/state/spectrograms/\udcff.png") == record.hold.spectrogram
    assert {held[0].id: JUDGED.spectrogram, held[1].id: None} == {
        each.id: each.spectrogram for _, each in store.holds.all_open()
    }
