"""Reads and writes sound as numbers, through SoX."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""(channels, frames), full scale = 1."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples with their rate; what goes beyond full scale is cut off when it is written."""

    samples: Samples
    rate_hz: int

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate_hz)

    def scaled(self, peak: float) -> "Sound":
        """With that highest value, unless silent."""
        highest = float(np.abs(self.samples).max(initial=0.0))
        return Sound(
            self.samples * np.float32(peak / highest) if highest else self.samples, self.rate_hz
        )


def load(path: Path, rate_hz: int, channels: int = 2) -> Sound:
    """A file's sound, at a rate and in channels that it may not have."""
    shape = ["-t", "f32", "-r", str(rate_hz), "-c", str(channels)]
    done = subprocess.run(["sox", "-V1", "-R", path, *shape, "-"], check=True, capture_output=True)
    return _sound(done.stdout, rate_hz, channels)


def store(sound: Sound, path: Path, *, bits: int = 16, dither: str = "") -> None:
    """
    Write FLAC (or what the suffix says).

    Args:
        dither: "" rounds, "dither" adds triangular noise, "dither -s" shapes it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    plain = [] if dither else ["-D"]
    form = [
        "-b",
        str(bits),
        "-t",
        path.suffix[1:],
        *(["-C", "3"] if path.suffix == ".flac" else []),
    ]
    subprocess.run(
        ["sox", "-V1", "-R", *plain, *_raw(sound), "-", *form, draft, *dither.split()],
        input=np.ascontiguousarray(sound.samples.T).tobytes(),
        check=True,
    )
    draft.rename(path)


def effect(sound: Sound, *effects: str) -> Sound:
    """What SoX makes of it; the rate follows an effect `rate`, the channels `remix`."""
    rates = (
        [word for word in effects[effects.index("rate") :] if word.isdigit()]
        if "rate" in effects
        else []
    )
    rate_hz = int(rates[0]) if rates else sound.rate_hz
    done = subprocess.run(
        ["sox", "-V1", "-R", "-D", *_raw(sound), "-", "-t", "f32", "-", *effects],
        input=np.ascontiguousarray(sound.samples.T).tobytes(),
        check=True,
        capture_output=True,
    )
    return _sound(done.stdout, rate_hz, sound.samples.shape[0])


def resample(sound: Sound, rate_hz: int, resampler: str) -> Sound:
    """By FFmpeg: resampler is "soxr" or "swr"."""
    channels = sound.samples.shape[0]
    shape = ["-f", "f32le", "-ac", str(channels)]
    how = ["-af", f"aresample={rate_hz}:resampler={resampler}"]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", *shape, "-ar", str(sound.rate_hz), "-i", "-", *how, *shape, "-"],
        input=np.ascontiguousarray(sound.samples.T).tobytes(),
        check=True,
        capture_output=True,
    )
    return _sound(done.stdout, rate_hz, channels)


def joined(paths: Sequence[Path], target: Path, seconds: int) -> None:
    """Write files of one shape one after another, again from the first, until it is so long."""
    total_s, chosen = 0.0, []
    for path in cycle(paths):
        if total_s >= seconds:
            break
        chosen.append(path)
        total_s += load(path, 44_100).seconds
    subprocess.run(["sox", "-V1", *chosen, target, "trim", "0", str(seconds)], check=True)


def _raw(sound: Sound) -> list[str]:
    channels = sound.samples.shape[0]
    return ["-t", "f32", "-r", str(sound.rate_hz), "-c", str(channels)]


def _sound(data: bytes, rate_hz: int, channels: int) -> Sound:
    return Sound(np.frombuffer(data, "<f4").reshape(-1, channels).T.copy(), rate_hz)
