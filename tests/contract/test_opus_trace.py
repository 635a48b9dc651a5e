"""The trace of Opus in what the real encoder and decoders leave of a recording."""

import subprocess
import wave
from pathlib import Path

import pytest

from pacd.analysis.opus import opus_trace
from pacd.analysis.passages import SLAB, Passages
from pacd.analysis.pcm import Samples, channels_of
from pacd.analysis.traces import Trace
from tests.unit.analysis.sounds import noise, raw

SECONDS = 12


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("master") / "master.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", ""))
        file.writeframes(raw(noise(SECONDS)))
    return path


def read(path: Path) -> tuple[Samples, int]:
    with wave.open(str(path)) as file:
        pcm = file.readframes(file.getnframes())
        return channels_of(pcm, 16, file.getnchannels()), file.getframerate()


def traced(path: Path) -> Trace:
    sound, rate_hz = read(path)
    kept = Passages()
    for at in range(0, sound.shape[1], SLAB):
        kept.add(at, sound[:, at : at + SLAB])
    trace = opus_trace(kept.chosen(), rate_hz)
    assert trace is not None
    return trace


DECODERS = {
    "opusdec at 44.1 kHz": ["opusdec", "--quiet", "--rate", "44100", "IN", "OUT"],
    "opusdec at 48 kHz": ["opusdec", "--quiet", "--rate", "48000", "IN", "OUT"],
    "ffmpeg at 44.1 kHz": ["ffmpeg", "-v", "error", "-i", "IN", "-ar", "44100", "OUT"],
}


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("kbps", [64, 96, 128, 192])
def test_what_opusenc_made_is_found(decoder: str, kbps: int, master: Path, tmp_path: Path) -> None:
    """B7: what was Opus is found, where its first frame begins, whoever decoded it."""
    coded, decoded = tmp_path / "coded.opus", tmp_path / "decoded.wav"
    subprocess.run(["opusenc", "--quiet", "--bitrate", str(kbps), master, coded], check=True)
    names = {"IN": str(coded), "OUT": str(decoded)}
    subprocess.run([names.get(word, word) for word in DECODERS[decoder]], check=True)

    trace = traced(decoded)

    assert trace.convincing
    # 960 less a pre-skip of 312 (opusenc 0.2), and half an overlap on.
    expected = (960 - 312 + 60 - 0.5) / 960
    assert expected == pytest.approx(trace.offset / trace.period, abs=0.5 / 960)


def test_the_master_is_not(master: Path) -> None:
    """B7: the same sound without Opus has no such grid."""
    assert traced(master).z < 6
