"""Testing masters, with the real flac."""

import hashlib
from pathlib import Path

import pytest

from pacd.domain.media import AudioFormat, Quirk
from pacd.domain.outcome import Failed
from pacd.domain.verdict import Check, Integrity
from pacd.errors import FailureKind
from pacd.files.atomic import observe
from pacd.steps.registry import perform
from pacd.tools.flac import Flac
from pacd.tools.toolbox import Toolbox
from tests.audio import Art, pcm, png, write_flac
from tests.damage import id3v1, id3v2, with_md5, with_total
from tests.integration.steps.masters import NOW, examined, job_to_test, meddling, refused, tools

MD5 = hashlib.md5(pcm(0.5), usedforsecurity=False).hexdigest()


@pytest.fixture
def master(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "x.flac"
    path.parent.mkdir()
    return write_flac(path, seconds=0.5, tags={"TITLE": "T", "LYRICS": "l"}, pictures=[Art(png())])


def test_intact(master: Path) -> None:
    """F1: a good master is intact; verdict, tool, time, header and observation come together."""
    before = master.read_bytes()

    found = examined(master)

    assert Check(Integrity.INTACT, MD5, "", "", tools().flac.name, NOW) == found.check
    assert observe(master) == found.observation
    assert found.track is not None
    assert AudioFormat(44_100, 16, 2, 22_050) == found.track.audio
    assert (("TITLE", "T"),) == found.track.tags.pairs
    assert [3] == [picture.type for picture in found.track.pictures]
    assert before == master.read_bytes()


@pytest.mark.parametrize("samples", [22_050, 0])
def test_unset_md5_is_computed(master: Path, samples: int) -> None:
    """F2: a master without MD5 gets the one its audio has, whether its length is stated or not."""
    master.write_bytes(with_total(with_md5(master.read_bytes(), bytes(16)), samples))

    found = examined(master)

    assert (Integrity.NO_MD5, MD5) == (found.check.integrity, found.check.audio_md5)
    assert "no audio MD5" in found.check.message
    assert found.track is not None
    assert "" == found.track.audio_md5


def test_tags_around_the_stream_are_no_damage(master: Path) -> None:
    """F5: ID3 before and behind the stream is left out of the test, and named."""
    master.write_bytes(id3v2((b"TIT2", b"\0x")) + master.read_bytes() + b"junk" + id3v1(b"x"))

    found = examined(master)

    assert (Integrity.INTACT, MD5) == (found.check.integrity, found.check.audio_md5)
    assert found.track is not None
    assert {Quirk.ID3V2, Quirk.ID3V1, Quirk.TRAILING_BYTES} == found.track.quirks


def test_a_second_stream_behind_the_first_is_not_cut_off(master: Path) -> None:
    """F5: what may be music is no junk: the master is held as it is."""
    data = master.read_bytes()
    master.write_bytes(data + data)

    found = examined(master)

    assert Integrity.CORRUPT == found.check.integrity


def test_cut_off_files_are_told_so(master: Path) -> None:
    """F1: flac says only that the MD5 differs; the last frame tells where the copy broke off."""
    data = master.read_bytes()
    master.write_bytes(data[:-1000])

    found = examined(master)

    assert Integrity.CORRUPT == found.check.integrity
    assert "its last frame is missing or broken" in found.check.message
    assert found.check.words
    assert found.track is not None


def test_longer_than_stated_is_no_loss(master: Path) -> None:
    """F5: flac passes a file whose header states too short a length; it is named as a quirk."""
    master.write_bytes(with_total(master.read_bytes(), 10_000))

    found = examined(master)

    assert Integrity.INTACT == found.check.integrity
    assert found.track is not None
    assert {Quirk.WRONG_LENGTH} == found.track.quirks


def test_a_master_that_changes_meanwhile_has_no_verdict(master: Path, tmp_path: Path) -> None:
    """F1: a verdict belongs to bytes; where they changed during the test there is none."""
    for accident in (f"touch {master}", f"cp {master} {master}.2; mv {master}.2 {master}"):
        outcome = perform_with(master, meddling(tmp_path, after=accident))
        assert FailureKind.SOURCE_CHANGED == outcome

    outcome = perform_with(master, meddling(tmp_path, after=f"rm {master}"))
    assert FailureKind.SOURCE_CHANGED == outcome


def perform_with(master: Path, toolbox: Toolbox) -> FailureKind | None:
    outcome = perform(job_to_test(master), toolbox)
    return outcome.kind if isinstance(outcome, Failed) else None


def test_a_crash_is_no_verdict(master: Path, tmp_path: Path) -> None:
    """F1: a flac that crashes is a failure to be tried again, with its words."""
    failed = refused(job_to_test(master), meddling(tmp_path, before="echo oh >&2; kill -SEGV $$"))

    assert FailureKind.TOOL_CRASHED == failed.kind
    assert "SIGSEGV" in failed.message
    assert "oh\n" == failed.words


def test_a_failing_tool_is_no_verdict(master: Path) -> None:
    """F1: a flac that does not work says nothing of a file."""
    for program in ("/bin/false", "/nonexistent/flac"):
        failed = refused(job_to_test(master), Toolbox(Flac(Path(program), "0"), None, None))

        assert FailureKind.TOOL_FAILED == failed.kind
