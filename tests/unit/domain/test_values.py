"""The values that all parts speak in."""

import pickle
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.change import Entry, Row, fingerprint
from pacd.domain.hold import Cause, Severity
from pacd.domain.job import Job
from pacd.domain.media import AudioFormat, Codec, Quirk, Tags
from pacd.domain.plan import Action
from pacd.domain.policy import DaemonPolicy, MirrorPolicy, OpusGain
from pacd.domain.scan import ScanReport, ScanStatus
from tests.builders import NOW, PHONE, facts, item, observation, picture, policy, track

SEEN = observation()
ROW: Row = ("x.flac", 1, 2, 1_000, 10**18, 10**18, 1)


def test_a_move_or_a_chmod_leaves_the_bytes_the_same() -> None:
    """L6, w14: ctime alone changes; the number of names says nothing at all."""
    moved = replace(SEEN, ctime_ns=SEEN.ctime_ns + 1)

    assert moved != SEEN
    assert moved.same_bytes(SEEN)
    assert replace(SEEN, links=2) == SEEN
    for name in ("device", "inode", "size_bytes", "mtime_ns"):
        assert not replace(SEEN, **{name: 7}).same_bytes(SEEN)


def test_a_row_is_an_observation_not_yet_made_one() -> None:
    """B2: a walk compares rows; who needs the value makes it."""
    entry = Entry.of(ROW)

    assert ("x.flac", SEEN) == (entry.name, entry.observation)
    assert Entry.of(ROW) < Entry.of(("y.flac", *ROW[1:]))


def test_fingerprints_are_short_stable_and_tell_folders_apart() -> None:
    """B2, decision 0008: the same rows in the library and in a mirror are not the same."""
    prints = {fingerprint(groups) for groups in ([], [[ROW]], [[ROW], []], [[], [ROW]])}

    assert 4 == len(prints)
    assert {16} == {len(each) for each in prints}
    assert fingerprint([[ROW]]) == fingerprint([[ROW]])


@pytest.mark.parametrize(("samples", "rate_hz", "seconds"), [(44_100, 44_100, 1.0), (7, 0, 0.0)])
def test_duration(samples: int, rate_hz: int, seconds: float) -> None:
    """C3: in seconds; 0.0 where the header does not say."""
    assert seconds == AudioFormat(rate_hz, 16, 2, samples).duration_s


def test_tags_hold_several_values_of_a_key() -> None:
    """M6: in file order; the first that says something decides."""
    tags = Tags.of([("artist", ""), ("Artist", "A"), ("ARTIST", "B"), ("ALBUM", "C")])

    assert ("", "A", "B") == tags.all("ARTIST")
    assert "A" == tags.first("ALBUMARTIST", "ARTIST", "ALBUM")
    assert "" == tags.first("TITLE")


def test_the_front_cover_comes_first() -> None:
    """F7: type 3, else the first picture, else none."""
    back, front = picture("b", kind=4), picture("f")

    assert front == track(pictures=[back, front]).cover
    assert back == track(pictures=[back]).cover
    assert track().cover is None


def test_a_job_knows_its_files() -> None:
    """P5: all that a worker needs goes with it, and it arrives as it was sent."""
    job = Job(item(Action.MIRROR_ENCODE, mirror="phone"), facts(), policy(), NOW)

    assert Path("/music/a/01.flac") == job.source
    assert PHONE == job.mirror
    assert job == pickle.loads(pickle.dumps(job))  # noqa: S301  # our own bytes


def test_items_are_the_same_work_whatever_their_reason() -> None:
    """P4: path, action and mirror."""
    assert (PurePosixPath("a/01.flac"), Action.TEST, "") == item().key
    assert item().key != item(mirror="phone").key
    assert item(evidence={"a": 1}) == item(evidence={"a": 2})


@pytest.mark.parametrize(
    ("codec", "quality", "extension"),
    [(Codec.OPUS, "opus 96 kbit/s", ".opus"), (Codec.AAC, "aac vbr 4", ".m4a")],
)
def test_a_mirror_states_its_quality(codec: Codec, quality: str, extension: str) -> None:
    """M1, M3: what PAC_QUALITY says, and how its files end."""
    mirror = MirrorPolicy("m", Path("/m"), codec, bitrate_kbps=96)

    assert (quality, extension) == (mirror.quality, mirror.extension)


def test_what_shapes_the_tags_of_outputs_is_in_their_hash() -> None:
    """M5: other tags or another size of pictures mean a retag; another bitrate does not."""
    plain = PHONE.tags_hash("x")

    assert plain != PHONE.tags_hash("y")
    assert plain != replace(PHONE, art_max_px=500).tags_hash("x")
    assert plain == replace(PHONE, bitrate_kbps=96, root=Path("/other")).tags_hash("x")


def test_only_what_shapes_an_output_is_in_its_hash() -> None:
    """M5: how loudness goes into Opus is nothing to an M4A file, and the codecs differ."""
    m4a = replace(PHONE, codec=Codec.AAC)

    assert m4a.tags_hash("x") == replace(m4a, opus_gain=OpusGain.BOTH).tags_hash("x")
    assert PHONE.tags_hash("x") != replace(PHONE, opus_gain=OpusGain.BOTH).tags_hash("x")
    assert m4a.tags_hash("x") != replace(m4a, art_max_px=500).tags_hash("x")


def test_libraries_are_found_by_name() -> None:
    """L1: several, each with its wishes."""
    wishes = DaemonPolicy((policy(),))

    assert policy() == wishes.library("music")
    assert wishes.library("other") is None


def test_spellings_are_stored_and_never_change() -> None:
    """S4: what is kept in databases and sent to clients."""
    assert ["never_scanned", "scanning", "complete", "error"] == list(ScanStatus)
    assert 0 == ScanReport().files_discovered
    assert "an ID3v2 tag stands before the stream" == Quirk.ID3V2.words
    assert set(Severity) == {cause.severity for cause in Cause}
