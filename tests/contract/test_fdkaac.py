"""fdkaac, qaac and ffmpeg as they are found, and what fdkaac does on its own."""

import pickle
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pacd.errors import ToolError
from pacd.tools.fdkaac import Fdkaac
from pacd.tools.ffmpeg import LIBFDK_AAC, LIBOPUS, Ffmpeg
from pacd.tools.flac import Flac
from pacd.tools.libfdk_aac import LibfdkAac
from pacd.tools.libopus import Libopus
from pacd.tools.qaac import Qaac
from pacd.tools.toolbox import Toolbox, find_tools
from tests.contract.encoding import encode
from tests.contract.m4a import by_edit_list, by_itunes
from tests.contract.qaac_stand_in import VERSION, put_qaac
from tests.contract.sounds import tones


@pytest.fixture
def alone() -> Fdkaac:
    """Fdkaac on a machine without ffmpeg."""
    found = Fdkaac.find()
    if found is None:
        pytest.skip("fdkaac is not installed")
    return found


def put(folder: Path, name: str, script: str) -> None:
    place = folder / name
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)


def test_the_names_tell_program_and_version(alone: Fdkaac, tmp_path: Path) -> None:
    """M2: outputs say which encoder made them."""
    ffmpeg = Ffmpeg(tmp_path, "7.1", frozenset({LIBFDK_AAC}))
    said = subprocess.run(["fdkaac", "--help"], capture_output=True, check=False, text=True)

    assert (said.stdout + said.stderr).splitlines()[0] == alone.name
    assert "libfdk_aac in ffmpeg 7.1" == LibfdkAac(ffmpeg).name
    assert f"qaac {VERSION}" == Qaac(tmp_path, VERSION).name


@pytest.mark.parametrize("program", ["fdkaac", "qaac", "ffmpeg"])
@pytest.mark.parametrize(
    "script", [None, "exit 1", "echo nothing of use", "echo 'ERROR: CoreAudioToolbox.dll'; exit 2"]
)
def test_what_does_not_work_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, script: str | None
) -> None:
    """M2: a program that is missing, broken or another one is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if script:
        put(tmp_path, program, script)

    assert (None, None, None) == (Fdkaac.find(), Qaac.find(), Ffmpeg.find())


@pytest.mark.parametrize("name", ["qaac", "qaac64"])
def test_qaac_is_known_by_what_it_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """M2: its version and Apple's stand on the first line, on either output."""
    monkeypatch.setenv("PATH", str(tmp_path))
    put_qaac(tmp_path)
    (tmp_path / "qaac").rename(tmp_path / name)
    found = Qaac.find()

    assert found is not None
    assert (name, VERSION) == (found.executable.name, found.version)


@pytest.mark.parametrize(
    ("listed", "has"),
    [
        ("A..... aac AAC", set()),
        ("A....D libfdk_aac Fraunhofer FDK AAC (codec aac)", {LIBFDK_AAC}),
        ("A....D libopus libopus Opus", {LIBOPUS}),
        ("V....D libfdk_aac_not Something", set()),
    ],
)
def test_ffmpeg_is_known_by_its_list_of_encoders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: str, has: set[str]
) -> None:
    """M2: ffmpeg makes AAC only where libfdk_aac is built in."""
    monkeypatch.setenv("PATH", str(tmp_path))
    put(tmp_path, "ffmpeg", f"echo ffmpeg version 5.1.9; echo ' {listed}'")
    found = Ffmpeg.find()

    assert found is not None
    assert has == found.encoders
    assert (LIBFDK_AAC in has, LIBOPUS in has) == (
        LibfdkAac.of(found) is not None,
        Libopus.of(found) is not None,
    )


def test_ffmpeg_comes_first_then_qaac_then_fdkaac(tmp_path: Path) -> None:
    """M2: the order of the encoders of AAC, whatever else an ffmpeg can do."""
    ffmpeg = Ffmpeg(tmp_path, "7.1", frozenset({LIBFDK_AAC, LIBOPUS}))
    qaac, fdkaac = Qaac(tmp_path, "2.83"), Fdkaac(tmp_path, "1.0.0")
    tools = Toolbox(Flac.find(), None, ffmpeg, qaac, fdkaac)
    plain = replace(tools, ffmpeg=replace(ffmpeg, encoders=frozenset({LIBOPUS})))

    assert LibfdkAac(ffmpeg) == tools.aac
    assert qaac == plain.aac
    assert fdkaac == replace(plain, qaac=None).aac
    assert None is replace(plain, qaac=None, fdkaac=None).aac
    assert {"flac", "ffmpeg", "qaac", "fdkaac"} == set(tools.versions)


@pytest.mark.parametrize(
    ("rate", "bits", "channels", "frames"),
    [
        (44_100, 16, 2, 44_101),
        (44_100, 8, 1, 1_001),
        (44_100, 24, 1, 1_001),
        (44_100, 24, 2, 4_411),
        (44_100, 32, 2, 4_411),
        (96_000, 24, 6, 4_801),
        (44_100, 16, 8, 4_411),
        (8_000, 16, 1, 1),
    ],
)
def test_fdkaac_needs_no_ffmpeg_for_what_it_takes(
    alone: Fdkaac, m4a: Path, tmp_path: Path, rate: int, bits: int, channels: int, frames: int
) -> None:
    """M2, M7: without ffmpeg fdkaac makes all but odd rates and channels, as exact as ever."""
    source = tones(tmp_path / "in.flac", frames, rate, bits, channels)
    encode(alone, source, m4a)
    made = by_edit_list(m4a)

    assert (rate, channels, frames) == (made.rate_hz, made.channels, made.samples)
    assert (2048, made) == (made.delay, by_itunes(m4a))


@pytest.mark.parametrize(
    ("rate", "channels"),
    [(7_350, 2), (35_467, 2), (176_400, 2), (192_000, 1), (44_100, 4), (44_100, 7)],
)
def test_fdkaac_refuses_what_then_needs_ffmpeg(
    alone: Fdkaac, m4a: Path, tmp_path: Path, rate: int, channels: int
) -> None:
    """M2: what is to be converted says so, and how; fdkaac itself would refuse it."""
    source = tones(tmp_path / "in.flac", 1_000, rate, 16, channels)
    decoded = subprocess.run(["flac", "-dcs", source], capture_output=True, check=True).stdout
    command = ["fdkaac", "-S", "-m", "4", "-o", str(m4a), "-"]
    done = subprocess.run(command, input=decoded, capture_output=True, check=False)

    assert 0 != done.returncode
    assert b"unsupported" in done.stderr
    with pytest.raises(ToolError, match=f"takes no {channels} channels at {rate} Hz.*apt install"):
        encode(alone, source, m4a)


def test_what_was_found_is_sent_to_workers() -> None:
    """P5: the programs, and what one of them does for another, pass to spawned processes."""
    tools = find_tools()

    assert tools == pickle.loads(pickle.dumps(tools))  # noqa: S301  # our own
