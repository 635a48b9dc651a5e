"""What tests of encoders encode, and how they listen to it."""

import cmath
import math
import subprocess
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pacd.files.opus import read_opus
from tests.audio import encode_pcm, pcm

_RATE: Final = 48_000


def tones(path: Path, frames: int, rate: int, bits: int, channels: int) -> Path:
    """A FLAC file of any shape, also such as a WAV header has no name for."""
    raw = pcm(frames / rate, rate=rate, bits=bits, channels=channels)
    shape = [f"--sample-rate={rate}", f"--bps={bits}", f"--channels={channels}"]
    form = ["--force-raw-format", "--endian=little", "--sign=signed", "--lax", "--silent"]
    subprocess.run(["flac", *form, *shape, "-o", path, "-"], input=raw, check=True)
    return path


def decoded_samples(opus: Path) -> int:
    """Length at 48 kHz as opusdec plays it."""
    played = opus.with_suffix(".raw")
    subprocess.run(["opusdec", "--quiet", "--rate", "48000", opus, played], check=True)
    return played.stat().st_size // (2 * read_opus(opus).channels)


def steady(path: Path, frequencies: Sequence[int]) -> Path:
    """A quarter of a second at 48 kHz, with one tone in each channel."""
    values = (
        round(8000 * math.sin(math.tau * each * frame / _RATE))
        for frame in range(_RATE // 4)
        for each in frequencies
    )
    return encode_pcm(path, array("h", values).tobytes(), rate=_RATE, channels=len(frequencies))


def decoded_channels(opus: Path, frequencies: Sequence[int]) -> tuple[int, ...]:
    """The tone that each channel plays, in the order of Opus."""
    played = opus.with_suffix(".raw")
    subprocess.run(["opusdec", "--quiet", "--rate", str(_RATE), opus, played], check=True)
    samples = array("h", played.read_bytes())
    count = len(frequencies)
    return tuple(loudest(samples[at::count], frequencies) for at in range(count))


def loudest(samples: Sequence[int], frequencies: Sequence[int]) -> int:
    return max(frequencies, key=lambda each: _strength(samples, each))


def _strength(samples: Sequence[int], frequency: int) -> float:
    turns = (cmath.exp(1j * math.tau * frequency * at / _RATE) for at in range(len(samples)))
    return abs(sum(value * turn for value, turn in zip(samples, turns, strict=True)))
