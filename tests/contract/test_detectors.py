"""The programs that detect lossy encoding, by executables that speak their exact texts."""

import hashlib
import shlex
import wave
from pathlib import Path

import pytest

from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Authenticity, Detector
from pacd.errors import ToolInterruptedError
from pacd.tools.aucdtect import Aucdtect
from pacd.tools.detecting import UNKNOWN
from pacd.tools.lac import Lac
from tests.audio import pcm
from tests.detectors import RULE, put, put_aucdtect, put_lac, suspect

PATIENCE_S = 20.0
CD = AudioFormat(44_100, 16, 2, 0)


@pytest.fixture
def track(tmp_path: Path) -> Path:
    """A WAV file as the step makes it: a header of 44 bytes."""
    place = tmp_path / "track.wav"
    with wave.open(str(place), "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(pcm(0.1))
    return place


def md5_of(track: Path) -> str:
    """MD5 of its samples."""
    return hashlib.md5(track.read_bytes()[44:]).hexdigest()  # noqa: S324  # no secret


def saying(
    folder: Path, name: str, stdout: str = "", stderr: str = "", then: str = "exit 0"
) -> Path:
    """A program that says this and then does that, whatever it is asked."""
    said = f"printf %s {shlex.quote(stdout)}; printf %s {shlex.quote(stderr)} >&2"
    return put(folder, name, f"#!/bin/sh\n{said}\n{then}\n")


def test_they_are_found_with_their_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1: on PATH, or where the settings say; absent is no error."""
    programs = tmp_path / "programs"
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    assert (None, None) == (Aucdtect.find(), Lac.find())
    for wrong in (Aucdtect.find(programs / "x"), Lac.find(tmp_path)):
        assert wrong is not None
        assert wrong.fault.endswith("is not there, or is no program")
    places = put_aucdtect(programs), put_lac(programs)

    assert (Aucdtect(places[0], "0.8"), Lac(places[1], "2.0.5")) == (Aucdtect.find(), Lac.find())
    moved = places[0].rename(tmp_path / "detect"), places[1].rename(tmp_path / "check")

    assert (None, None) == (Aucdtect.find(), Lac.find())
    assert (Aucdtect(moved[0], "0.8"), Lac(moved[1], "2.0.5")) == (
        Aucdtect.find(moved[0]),
        Lac.find(moved[1]),
    )


def test_the_windows_version_tells_its_own(tmp_path: Path) -> None:
    """A1: another version is another detector; one that tells none is used all the same."""
    newer = saying(tmp_path, "a", "auCDtect: CD records authenticity detector, version 0.8.2\n")

    assert Aucdtect(newer, "0.8.2") == Aucdtect.find(newer)
    assert Lac(newer, UNKNOWN) == Lac.find(newer)


def test_genuine_and_suspect(tmp_path: Path, track: Path) -> None:
    """A1: both say their verdicts in words; the numbers and words are kept."""
    programs = put_aucdtect(tmp_path), put_lac(tmp_path)
    detectors = Aucdtect(programs[0], "0.8"), Lac(programs[1], "2.0.5")
    clean = [each.judge(track, timeout_s=PATIENCE_S) for each in detectors]
    for program in programs:
        suspect(program, md5_of(track))
    bad = [each.judge(track, timeout_s=PATIENCE_S) for each in detectors]

    assert [Detector.AUCDTECT, Detector.LAC] == [each.detector for each in clean]
    assert [Authenticity.OK] * 2 == [each.status for each in clean]
    assert [Authenticity.SUSPECT] * 2 == [each.status for each in bad]
    assert [{"class": "CDDA", "score": 85}, {"result": "Clean"}] == [each.numbers for each in clean]
    assert [{"class": "MPEG", "score": 99}, {"result": "Transcoded"}] == [
        each.numbers for each in bad
    ]
    assert "it looks like MPEG with a probability of 99 %" == bad[0].sentence
    assert "This track looks like MPEG with probability 99%" in bad[0].words
    assert "[50%]" not in bad[0].words
    assert bad[1].words.endswith("File:   track.wav\nResult: Transcoded")


_HEAD = f"{RULE}\nProcessing file:\t[t.wav]\n\n{RULE}\n"


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ("This track looks like CDDA with probability 49%\n", "ok", "probability of 49 %"),
        ("This track looks like CDDA with probability 100%\r\n", "ok", "probability of 100 %"),
        ("This track looks like MPEG with probability 51%\n", "suspect", "probability of 51 %"),
        ("Could not qualify the source of this track.\n", "inconclusive", "could not qualify"),
        ("error:\tcan\tnot\topen file t.wav\n", "error", "failed: can not open file t.wav"),
        ("error:\tcan\tt read wave\theader\n", "error", "failed: can t read wave header"),
        (
            "error:\tfile format\tis not supported\n",
            "error",
            "file format is not supported",
        ),
        ("error:\tinsufficient memory\tavailable\n", "error", "failed: insufficient memory"),
        ("error: can't open file 't.wav'\n", "error", "failed: can't open file 't.wav'"),
        ("error: can't read wave header\n", "error", "failed: can't read wave header"),
        ("error: can't read from file\n", "error", "failed: can't read from file"),
        ("This track looks like VORBIS with probability 90%\n", "error", "does not understand"),
        ("these tracks looks like CDDA with probability  90%\n", "error", "does not understand"),
        ("CDDA\nMPEG with probability 90%\n", "error", "does not understand"),
        ("It sounds fine to me\n", "error", "does not understand"),
    ],
)
@pytest.mark.parametrize("code", [0, 1])
def test_every_text_of_aucdtect(
    tmp_path: Path, track: Path, said: str, status: str, sentence: str, code: int
) -> None:
    """A1: the text decides and the exit code nothing; what nobody knows is an error, never ok."""
    program = saying(tmp_path, "a", _HEAD + said, "Data analysis:\t\t[100%]\r", f"exit {code}")
    found = Aucdtect(program, "0.8").judge(track, timeout_s=PATIENCE_S)

    assert (status, True) == (found.status, sentence in found.sentence)
    assert said.split("\n", maxsplit=1)[0].strip("\r") in found.words


def test_an_error_outweighs_a_verdict(tmp_path: Path, track: Path) -> None:
    """A1: two voices are no verdict; neither are two verdicts."""
    verdict = "This track looks like CDDA with probability 99%\n"
    for said, told in ((verdict, "error: can't read from file\n"), (verdict * 2, "")):
        program = saying(tmp_path, "a", said, told)
        found = Aucdtect(program, "0.8").judge(track, timeout_s=PATIENCE_S)

        assert Authenticity.ERROR == found.status


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("Clean", "ok"),
        ("Transcoded", "suspect"),
        ("Upscaled", "suspect"),
        ("Upsampled", "suspect"),
        ("WAVE header RIFF chunk: bad Size", "error"),
        ("WAVE header FMT chunk: not found", "error"),
        ("WAVE header EXTENSIBLE chunk: bad Channel Mask", "error"),
        ("WAVE header DATA chunk: bad ID", "error"),
        ("clean", "error"),
        ("Clean enough", "error"),
    ],
)
@pytest.mark.parametrize("code", [0, 18, 19, 20, 22])
def test_every_text_of_lac(
    tmp_path: Path, track: Path, result: str, status: str, code: int
) -> None:
    """A1: exit codes have moved between builds: the result decides; an unknown one is an error."""
    said = f"Lossless Audio Checker 2.0.5\n{'=' * 50}\nFile:   t.wav\nResult: {result}\n"
    found = Lac(saying(tmp_path, "l", said, then=f"exit {code}"), "2.0.5").judge(
        track, timeout_s=PATIENCE_S
    )

    assert (status, {"result": result}) == (found.status, found.numbers)


@pytest.mark.parametrize("make", [Aucdtect, Lac])
@pytest.mark.parametrize(
    ("said", "then", "sentence"),
    [
        ("", "exit 0", "said nothing"),
        ("", "exit 1", "said nothing"),
        ("Result:\n", "exit 19", "said what PAC does not understand"),
        ("half a", "kill -SEGV $$", "failed: d was ended by SIGSEGV"),
        ("", "kill -ABRT $$", "failed: d was ended by SIGABRT"),
        (
            "Result: Clean\nThis track looks like CDDA with probability 99%\n",
            "kill -SEGV $$",
            "SEGV",
        ),
    ],
)
def test_what_fails_is_an_error(
    tmp_path: Path, track: Path, make: type[Aucdtect | Lac], said: str, then: str, sentence: str
) -> None:
    """A1: silence and crashes are errors, even behind a verdict."""
    found = make(saying(tmp_path, "d", said, then=then), "1").judge(track, timeout_s=PATIENCE_S)

    assert (Authenticity.ERROR, True) == (found.status, sentence in found.sentence)


@pytest.mark.parametrize("make", [Aucdtect, Lac])
def test_a_hang_at_100_percent_ends(
    tmp_path: Path, track: Path, make: type[Aucdtect | Lac]
) -> None:
    """A1: a hard time-out ends it with all its children; that is an error, and its words stay."""
    program = saying(
        tmp_path, "d", stderr="Data analysis:\t\t[100%]\r", then="sleep 600 & echo $! > pid; wait"
    )
    program.write_text(program.read_text().replace("> pid", f"> {tmp_path}/pid"))
    found = make(program, "1").judge(track, timeout_s=3.0)

    assert (Authenticity.ERROR, True) == (found.status, "took too long" in found.sentence)
    assert "[100%]" in found.words
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}/exe").exists()


@pytest.mark.parametrize("make", [Aucdtect, Lac])
def test_being_ended_from_outside_is_no_verdict(
    tmp_path: Path, track: Path, make: type[Aucdtect | Lac]
) -> None:
    """A1: whoever ends the program says nothing of the audio: it is asked again."""
    program = saying(tmp_path, "d", then="kill -TERM $$")
    with pytest.raises(ToolInterruptedError):
        make(program, "1").judge(track, timeout_s=PATIENCE_S)


@pytest.mark.parametrize("make", [Aucdtect, Lac])
@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("#!/nowhere/at/all\n", "cannot be started"),
        ("#!/bin/sh\nkill -SYS $$\n", "was ended by SIGSYS"),
    ],
)
def test_a_program_that_does_not_run(
    tmp_path: Path, track: Path, make: type[Aucdtect | Lac], script: str, fault: str
) -> None:
    """A1: what cannot run here at all is not asked, and doctor says so; asked, it is an error."""
    broken = put(tmp_path, "d", script)
    found = make.find(broken)

    assert found is not None
    assert (UNKNOWN, True) == (found.version, fault in found.fault)
    assert Authenticity.ERROR == found.judge(track, timeout_s=PATIENCE_S).status


@pytest.mark.parametrize(
    ("audio", "aucdtect", "lac"),
    [
        (CD, True, True),
        (AudioFormat(44_100, 24, 1, 0), True, True),
        (AudioFormat(48_000, 16, 2, 0), False, True),
        (AudioFormat(96_000, 24, 2, 0), False, True),
        (AudioFormat(44_100, 16, 6, 0), False, False),
    ],
)
def test_what_they_are_not_made_for(audio: AudioFormat, *, aucdtect: bool, lac: bool) -> None:
    """A1: auCDtect judges CDs, and neither judges surround."""
    nowhere = Path("/nowhere")

    assert aucdtect == (Aucdtect(nowhere, "0.8").refuses(audio) == "")
    assert lac == (Lac(nowhere, "2.0.5").refuses(audio) == "")
