"""Asking the detectors about masters, with the real flac and programs in the place of others."""

import pickle
import wave
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pacd.domain import outcome as told  # pytest would take its Tested for a test class
from pacd.domain.job import Job
from pacd.domain.outcome import Authenticated, Done, Failed
from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import AuthenticityPolicy, SpectrogramPolicy
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector, Finding, Integrity, joined
from pacd.errors import FailureKind
from pacd.files.atomic import observe
from pacd.steps.registry import perform, time_limit_s
from pacd.tools.aucdtect import Aucdtect
from pacd.tools.lac import Lac
from pacd.tools.toolbox import Toolbox
from tests.audio import decoded, dress, stated_md5, write_flac
from tests.damage import flipped, with_md5
from tests.detectors import put, put_aucdtect, put_lac, suspect
from tests.integration.steps.masters import NOW, examined, job_to_test, tools

ALL = ((Detector.BUILTIN, BUILTIN_VERSION), (Detector.AUCDTECT, "0.8"), (Detector.LAC, "2.0.5"))
BUILTIN = ALL[:1]


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """A master of half a second."""
    path = tmp_path / "library" / "x.flac"
    path.parent.mkdir()
    return write_flac(path, seconds=0.5, tags={"TITLE": "T/1", "ARTIST": "A", "ALBUM": ".."})


@pytest.fixture
def toolbox(tmp_path: Path) -> Toolbox:
    """The real programs, and stand-ins of both detectors."""
    programs = tmp_path / "programs"
    aucdtect, lac = Aucdtect.find(put_aucdtect(programs)), Lac.find(put_lac(programs))
    return replace(tools(), aucdtect=aucdtect, lac=lac)


def wishing(job: Job, folder: Path, **wishes: Any) -> Job:
    """The same job under other wishes."""
    policy = AuthenticityPolicy(scratch=folder / "scratch", **{"versions": ALL, **wishes})
    return replace(job, library=replace(job.library, authenticity=policy))


def job_to_judge(master: Path, folder: Path, **wishes: Any) -> Job:
    """A job to ask all detectors about a master that is tested here and now."""
    found = examined(master)
    test = job_to_test(master)
    facts = replace(test.facts, track=found.track, check=found.check)
    item = PlanItem(facts.path, Action.AUTHENTICATE, "a test")
    return wishing(replace(test, item=item, facts=facts), folder, **wishes)


def listening(master: Path, **wishes: Any) -> Job:
    """A job to test a master and have the builtin detector hear it."""
    job = job_to_test(master)
    return wishing(replace(job, item=replace(job.item, listens=True)), master.parents[1], **wishes)


def judged(job: Job, toolbox: Toolbox) -> Authenticated:
    """Carry out a job that must succeed and leave nothing behind."""
    outcome = perform(job, toolbox)
    assert isinstance(outcome, Done), outcome
    assert isinstance(outcome.result, Authenticated)
    scratch = job.library.authenticity.scratch
    assert [] == ([*scratch.iterdir()] if scratch.exists() else [])
    assert observe(job.source) == outcome.result.observation
    return outcome.result


def examine(job: Job) -> told.Tested:
    """Carry out a test that must be possible."""
    outcome = perform(job, tools())
    assert isinstance(outcome, Done), outcome
    assert isinstance(outcome.result, told.Tested)
    return outcome.result


def said(result: Authenticated | told.Tested) -> Mapping[Detector, Authenticity]:
    """What each detector said."""
    return {each.detector: each.status for each in result.findings}


def test_a_test_may_be_heard(master: Path) -> None:
    """A2: one decode tests a master and is heard by the builtin detector."""
    silent, heard = examine(job_to_test(master)), examine(listening(master))

    assert silent == replace(heard, findings=())
    assert b"numpy" not in pickle.dumps(heard)
    assert [Detector.BUILTIN] == list(said(heard))


@pytest.mark.parametrize(
    "wishes",
    [
        pytest.param({"skip_tags": ("TITLE",)}, id="a tag of the owner's"),
        pytest.param({"skip_tags": ("BOOTLEG",)}, id="a tag that is not shown elsewhere"),
    ],
)
def test_what_is_skipped_is_not_heard(master: Path, wishes: Mapping[str, Any]) -> None:
    """A3: what the tags say is known only to the step, which then does not listen."""
    dress(master, {"BOOTLEG": "1"}, [])
    found = examine(listening(master, **wishes))

    assert () == found.findings
    assert found.track is not None
    assert found.track.tags.first(*wishes["skip_tags"])


def test_more_than_sixteen_bits_are_heard_where_wished(tmp_path: Path, master: Path) -> None:
    """A3: skip_highbit = false has high resolution judged; depths that are not raw are not."""
    for bits, heard in ((24, [Detector.BUILTIN]), (20, [])):
        write_flac(master, seconds=0.2, bits=bits)

        assert () == examine(listening(master)).findings
        assert heard == list(said(examine(listening(master, skip_highbit=False))))
    odd = judged(job_to_judge(master, tmp_path, skip_highbit=False, versions=BUILTIN), tools())

    assert {Detector.BUILTIN: Authenticity.INCONCLUSIVE} == said(odd)
    assert "samples of 20 bits are not judged" == odd.findings[0].sentence


@pytest.mark.parametrize("md5", [True, False])
def test_damage_is_not_judged(master: Path, *, md5: bool) -> None:
    """A2: what detectors hear of damaged audio counts for nothing; of what has no MD5 it does."""
    data = master.read_bytes()
    if not md5:
        data = with_md5(data, bytes(16))
        master.write_bytes(data)

        assert [Detector.BUILTIN] == list(said(examine(listening(master))))
    master.write_bytes(flipped(data, len(data) - 2_000))
    found = examine(listening(master))

    assert (Integrity.CORRUPT, ()) == (found.check.integrity, found.findings)


def test_all_detectors_are_asked(tmp_path: Path, master: Path, toolbox: Toolbox) -> None:
    """A1: each says its own; a suspect is one by the very samples of the master."""
    job = job_to_judge(master, tmp_path)

    assert [detector for detector, _ in ALL] == list(said(judged(job, toolbox)))
    assert toolbox.lac is not None
    suspect(toolbox.lac.executable, stated_md5(master))
    found = said(judged(job, toolbox))

    assert Authenticity.OK == found[Detector.AUCDTECT]
    assert Authenticity.SUSPECT == found[Detector.LAC]


def test_only_those_that_were_not_heard(tmp_path: Path, master: Path, toolbox: Toolbox) -> None:
    """A6: what a detector found in its present version is not found again."""
    job = job_to_judge(master, tmp_path)
    known = [Finding(each, version, Authenticity.OK, "") for each, version in ALL]
    known[2] = replace(known[2], version="2.0.4")
    job = replace(job, facts=replace(job.facts, judgement=joined(None, known, now=NOW)))

    assert [Detector.LAC] == list(said(judged(job, toolbox)))


@pytest.mark.parametrize(
    ("rate", "bits", "channels", "aucdtect", "lac"),
    [
        (44_100, 24, 2, True, True),
        (44_100, 8, 1, True, True),
        (44_100, 32, 2, True, True),
        (96_000, 24, 2, False, True),
        (44_100, 16, 6, False, False),
    ],
)
def test_programs_get_a_file_of_sixteen_bits(
    tmp_path: Path, master: Path, rate: int, bits: int, channels: int, *, aucdtect: bool, lac: bool
) -> None:
    """A1: the upper 16 bits of every sample; who cannot judge that shape says so, and no more."""
    write_flac(master, seconds=0.2, rate=rate, bits=bits, channels=channels)
    copying = put(
        tmp_path / "p", "x", f'#!/bin/sh\ncp "$1" {tmp_path}/seen.wav; echo Result: Clean\n'
    )
    box = replace(tools(), lac=Lac(copying, "2.0.5"), aucdtect=Aucdtect(Path("/bin/true"), "0.8"))
    found = said(judged(job_to_judge(master, tmp_path, skip_highbit=False), box))

    assert (Authenticity.OK if lac else Authenticity.INCONCLUSIVE) == found[Detector.LAC]
    assert aucdtect == (found[Detector.AUCDTECT] is Authenticity.ERROR)
    if not lac:
        return
    width, raw = bits // 8, decoded(master)
    samples = [
        int.from_bytes(raw[at : at + width], "little", signed=True)
        for at in range(0, len(raw), width)
    ]
    upper = [value << 8 if bits == 8 else value >> (bits - 16) for value in samples]
    with wave.open(str(tmp_path / "seen.wav")) as file:
        assert (channels, 2, rate) == file.getparams()[:3]
        assert b"".join(
            each.to_bytes(2, "little", signed=True) for each in upper
        ) == file.readframes(file.getnframes())


def test_a_failing_detector_is_an_error(tmp_path: Path, master: Path) -> None:
    """A1: any detector's failure is an error, and keeps nobody else from judging."""
    broken = put(
        tmp_path / "p", "x", "#!/bin/sh\necho error: insufficient memory available\nexit 1\n"
    )
    box = replace(tools(), aucdtect=Aucdtect(broken, "0.8"), lac=Lac.find(put_lac(tmp_path / "p")))
    found = said(judged(job_to_judge(master, tmp_path), box))

    assert Authenticity.ERROR == found[Detector.AUCDTECT]
    assert Authenticity.OK == found[Detector.LAC]


def test_bit_rot_since_the_test_is_no_verdict(
    tmp_path: Path, master: Path, toolbox: Toolbox
) -> None:
    """A1: samples that are not those that were tested reach no verdict."""
    job = job_to_judge(master, tmp_path)
    data, seen = master.read_bytes(), master.stat()
    for wrong in (flipped(data, len(data) - 2_000), with_md5(data, b"x" * 16)):
        master.write_bytes(wrong)
        facts = replace(job.facts, observation=observe(master))
        outcome = perform(replace(job, facts=facts), toolbox)

        assert isinstance(outcome, Failed)
        assert FailureKind.VERIFY_FAILED == outcome.kind
        assert outcome.message.startswith("it was sound at its test, and now ")
    assert seen.st_ino == master.stat().st_ino


def test_another_file_is_not_judged(tmp_path: Path, master: Path, toolbox: Toolbox) -> None:
    """A6: a verdict belongs to the audio that was tested, and to no other."""
    job = job_to_judge(master, tmp_path)
    dress(master, {"TITLE": "another"}, [])
    outcome = perform(job, toolbox)

    assert isinstance(outcome, Failed)
    assert FailureKind.SOURCE_CHANGED == outcome.kind


def test_tags_that_came_to_light_end_it(tmp_path: Path, master: Path, toolbox: Toolbox) -> None:
    """A3: a database of before knows too few tags: the step looks, and asks nobody."""
    dress(master, {"BOOTLEG": "1"}, [])
    found = judged(job_to_judge(master, tmp_path, skip_tags=("BOOTLEG",)), toolbox)

    assert ((), "1") == (found.findings, found.track.tags.first("BOOTLEG"))


def test_a_full_disk_is_the_disks_fault(tmp_path: Path, master: Path, toolbox: Toolbox) -> None:
    """A1: where the samples cannot be written nothing is said of the file."""
    job = job_to_judge(master, tmp_path)
    job.library.authenticity.scratch.write_text("a file where the folder should be")
    outcome = perform(job, toolbox)

    assert isinstance(outcome, Failed)
    assert FailureKind.IO == outcome.kind


def test_a_suspect_is_drawn(tmp_path: Path, master: Path, toolbox: Toolbox) -> None:
    """A5: in the wished-for size and place, which no tag can lead out of; nobody else is."""
    pictures = SpectrogramPolicy(tmp_path / "pictures", 320, 200, "magma")
    job = job_to_judge(master, tmp_path, spectrogram=pictures)

    assert judged(job, toolbox).spectrogram is None
    assert toolbox.aucdtect is not None
    suspect(toolbox.aucdtect.executable, stated_md5(master))
    found = judged(job, toolbox)

    assert found.spectrogram is not None
    assert found.spectrogram.is_relative_to(tmp_path / "pictures" / "A")
    assert ".." not in found.spectrogram.parts
    with Image.open(found.spectrogram) as picture:
        assert ("PNG", (320, 200)) == (picture.format, picture.size)
    known = joined(None, found.findings, now=NOW)
    later = replace(job, facts=replace(job.facts, judgement=known))
    again = judged(later, toolbox)

    assert ((), found.spectrogram) == (again.findings, again.spectrogram)
    drawn = replace(known, spectrogram=found.spectrogram)

    assert (
        judged(replace(job, facts=replace(job.facts, judgement=drawn)), toolbox).spectrogram is None
    )


def test_a_picture_that_cannot_be_drawn_holds_nothing_up(
    tmp_path: Path, master: Path, toolbox: Toolbox
) -> None:
    """A5: the findings are kept, and the reason is told."""
    assert toolbox.aucdtect is not None
    suspect(toolbox.aucdtect.executable, stated_md5(master))
    (tmp_path / "file").write_text("no folder")
    for picture, why in (
        (SpectrogramPolicy(tmp_path / "file"), "File exists"),
        (SpectrogramPolicy(tmp_path / "a" / "b"), "No such file or directory"),
        (SpectrogramPolicy(tmp_path, color="mauve"), "there is no colour map mauve"),
    ):
        found = judged(job_to_judge(master, tmp_path, spectrogram=picture), toolbox)

        assert (None, True) == (found.spectrogram, why in found.undrawn)
        assert 3 == len(found.findings)


def test_a_worker_has_time_for_all_of_them(tmp_path: Path, master: Path) -> None:
    """A1: the limit of a worker is above the sum of what its tools may take."""
    job = job_to_judge(master, tmp_path)

    assert time_limit_s(job) > 3 * 120 + time_limit_s(job_to_test(master)) - 61
