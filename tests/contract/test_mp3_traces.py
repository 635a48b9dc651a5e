"""The trace that LAME really leaves, as ffmpeg decodes it."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pacd.analysis.mp3 import mp3_trace
from pacd.analysis.traces import Passage, Trace

_RATE = 44_100
_SECONDS = 4
_LENGTH = 8192
_RAW = ["-f", "s16le", "-ac", "2"]

# Where LAME 3.100's granules begin once its delay is skipped, as ffmpeg 5.1.9, mpg123 1.31.2 and
# lame itself do it.
_FIRST_GRANULE = 48


def _music() -> bytes:
    """Three instruments with overtones, a breath of noise, panned; two channels of 16 bit."""
    random = np.random.default_rng(7)
    time = np.arange(_RATE * _SECONDS) / _RATE
    sound = random.normal(size=(2, len(time))) * 300
    for pitch, pan in ((220.0, 0.3), (331.0, 0.5), (437.0, 0.8)):
        swell = 1 + 0.5 * np.sin(time * pitch / 100)
        tones = sum(np.sin(2 * np.pi * pitch * n * time + n * n) / n for n in range(1, 40))
        sound += np.outer((pan, 1 - pan), 2500 * swell * tones)
    return np.round(np.clip(sound, -32768, 32767)).astype("<i2").T.tobytes()


@pytest.fixture(scope="module")
def master() -> bytes:
    return _music()


def _ffmpeg(arguments: list[str], given: bytes = b"") -> bytes:
    command = ["ffmpeg", "-v", "error", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def _decoded(master: bytes, mp3: Path, setting: list[str], rate: int = _RATE) -> bytes:
    source = [*_RAW, "-ar", str(_RATE), "-i", "-"]
    _ffmpeg([*source, "-c:a", "libmp3lame", *setting, "-y", str(mp3)], master)
    return _ffmpeg(["-i", str(mp3), *_RAW, "-ar", str(rate), "-"])


def _found(raw: bytes, rate: int = _RATE) -> Trace:
    sound: NDArray[np.float32] = np.frombuffer(raw, "<i2").reshape(-1, 2).T.astype(np.float32)
    starts = range(0, sound.shape[1] - _LENGTH, _LENGTH)
    trace = mp3_trace([Passage(at, sound[:, at : at + _LENGTH]) for at in starts], rate)
    assert trace is not None
    return trace


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(["-b:a", "128k"], id="128"),
        pytest.param(["-b:a", "320k"], id="320"),
        pytest.param(["-q:a", "0"], id="V0"),
        pytest.param(["-b:a", "192k", "-joint_stereo", "0"], id="192 left and right"),
        pytest.param(["-b:a", "160k", "-ar", "48000"], id="from 48 kHz"),
    ],
)
def test_lame_leaves_a_trace(master: bytes, tmp_path: Path, setting: list[str]) -> None:
    """A2: each setting is found, in all passages but the odd one."""
    trace = _found(_decoded(master, tmp_path / "fake.mp3", setting))

    assert trace.z > 12
    assert trace.agreeing >= trace.passages - 1


def test_the_grid_is_where_lame_put_it(master: bytes, tmp_path: Path) -> None:
    """A2: the offset is LAME's own, and follows a trim."""
    raw = _decoded(master, tmp_path / "fake.mp3", ["-b:a", "256k"])

    assert _FIRST_GRANULE == _found(raw).offset
    assert (_FIRST_GRANULE - 1000) % 576 == _found(raw[4 * 1000 :]).offset


def test_a_resampled_fake_is_found(master: bytes, tmp_path: Path) -> None:
    """A2: MP3 at 44.1 kHz, played at 48: the grid is 576 samples of the former rate."""
    trace = _found(_decoded(master, tmp_path / "fake.mp3", ["-b:a", "256k"], 48_000), 48_000)

    assert 576 * 160 / 147 == trace.period
    assert trace.z > 12


def test_the_master_has_no_trace(master: bytes) -> None:
    """A2: what was never MP3 has none."""
    assert _found(master).z < 6
