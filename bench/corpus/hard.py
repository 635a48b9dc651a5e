"""Genuine files that are hard to tell from fakes, and files that are not what they say."""

import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.corpus.index import Kind
from bench.corpus.sounds import Samples, Sound, effect, resample

RATE_HZ = 44_100
_SIGNAL_S = 20


@dataclass(frozen=True, slots=True)
class Case:
    """
    Something done to a master.

    Attributes:
        make: From a clip at `rate_hz` to the file's sound.
        rate_hz: At which the master has to be played.
        faked: Fakes are made of it too.
    """

    name: str
    make: Callable[[Sound], Sound]
    kind: Kind = Kind.GENUINE
    rate_hz: int = RATE_HZ
    bits: int = 16
    dither: str = "dither"
    faked: bool = False


def _by(*effects: str) -> Callable[[Sound], Sound]:
    return lambda sound: effect(sound, *effects)


def _worn(sound: Sound, *, noise_db: float, clicks_per_s: float, seed: int = 7) -> Sound:
    """With the surface noise of a record (falling 3 dB per octave), rumble and clicks."""
    dice = np.random.default_rng(seed)
    channels, frames = sound.samples.shape
    spectrum = np.fft.rfft(dice.normal(0, 1, (channels, frames)))
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[1]), 20 * frames / sound.rate_hz))
    noise = np.fft.irfft(spectrum, frames)
    noise *= 10 ** (noise_db / 20) / noise.std()
    clicks = np.zeros((channels, frames))
    for place in dice.integers(0, frames - 200, int(clicks_per_s * frames / sound.rate_hz)):
        size = int(dice.integers(3, 40))
        shape = dice.normal(0, 1, (channels, size)) * np.exp(-np.arange(size) / (size / 4))
        clicks[:, place : place + size] += shape * dice.lognormal(-3.5, 1)
    worn: Samples = (sound.samples * np.float32(0.8) + noise + clicks).astype(np.float32)
    return Sound(worn, sound.rate_hz)


def _hissing(sound: Sound) -> Sound:
    """As from a cassette: no treble above 14 kHz, white hiss 55 dB below full scale."""
    dull = effect(sound, "lowpass", "-2", "14000", "gain", "-2")
    hiss = np.random.default_rng(5).normal(0, 10 ** (-55 / 20), dull.samples.shape)
    return Sound(dull.samples + hiss.astype(np.float32), sound.rate_hz)


def _limited(sound: Sound) -> Sound:
    pushed = np.tanh(sound.scaled(1.0).samples * np.float32(5))
    return Sound(pushed * np.float32(0.98), sound.rate_hz)


def _coarse(sound: Sound) -> Sound:
    """Eight bits, then an effect that fills the lower ones again."""
    steps = np.round(sound.samples * 127) / np.float32(127)
    return effect(Sound(steps.astype(np.float32), sound.rate_hz), "gain", "-3", "treble", "2")


def _mono(sound: Sound) -> Sound:
    return Sound(sound.samples.mean(axis=0, keepdims=True), sound.rate_hz)


def _both(sound: Sound) -> Sound:
    return Sound(np.repeat(_mono(sound).samples, 2, axis=0), sound.rate_hz)


def _first(seconds: float) -> Callable[[Sound], Sound]:
    return lambda sound: Sound(sound.samples[:, : int(seconds * sound.rate_hz)], sound.rate_hz)


def _raised(from_hz: int, to_hz: int, resampler: str) -> Callable[[Sound], Sound]:
    """Of a lower rate: played at `from_hz`, or reduced to it, then resampled upwards."""

    def make(sound: Sound) -> Sound:
        low = sound if sound.rate_hz == from_hz else _by("rate", "-v", str(from_hz))(sound)
        if resampler == "sox":
            return effect(low, "rate", "-v", str(to_hz))
        return resample(low, to_hz, resampler)

    return make


def _as_it_is(sound: Sound) -> Sound:
    return sound


CASES = (
    Case("low-passed at 16 kHz", _by("sinc", "-16000"), faked=True),
    Case("low-passed at 16 kHz, not dithered", _by("sinc", "-n", "2047", "-16000"), dither=""),
    Case("low-passed at 19 kHz", _by("sinc", "-n", "2047", "-19000")),
    Case("low-passed at 20 kHz", _by("sinc", "-n", "4095", "-20000"), dither=""),
    Case("worn record", lambda s: _worn(s, noise_db=-52, clicks_per_s=8), faked=True),
    Case(
        "78 rpm",
        lambda s: _worn(
            effect(_both(s), "highpass", "100", "sinc", "-6000"), noise_db=-32, clicks_per_s=80
        ),
    ),
    Case("medium wave", lambda s: effect(_both(s), "highpass", "80", "sinc", "-t", "500", "-4500")),
    Case("tape hiss", _hissing, faked=True),
    Case("from 48 kHz by SoX", _by("rate", "-v", "44100"), rate_hz=48_000),
    Case("from 48 kHz by SoX, steep", _by("rate", "-v", "-s", "44100"), rate_hz=48_000),
    Case("from 48 kHz by soxr", lambda s: resample(s, RATE_HZ, "soxr"), rate_hz=48_000),
    Case("from 48 kHz by swr", lambda s: resample(s, RATE_HZ, "swr"), rate_hz=48_000),
    Case("from 96 kHz by SoX", _by("rate", "-v", "44100"), rate_hz=96_000),
    Case("clipped", lambda s: Sound(s.scaled(3.5).samples.clip(-1, 1), s.rate_hz), dither=""),
    Case("limited", _limited, faked=True),
    Case("very quiet", lambda s: s.scaled(0.01), faked=True),
    Case("mono", _mono, faked=True),
    Case("mono as stereo", _both, faked=True),
    Case("coarse", _coarse, dither=""),
    Case("1 s long", _first(1), faked=True),
    Case("2 s long", _first(2)),
    Case("3 s long", _first(3), faked=True),
    Case("24 bits", _as_it_is, bits=24, dither=""),
    Case("24 bits at 48 kHz", _as_it_is, rate_hz=48_000, bits=24, dither=""),
    Case("24 bits at 96 kHz", _as_it_is, rate_hz=96_000, bits=24, dither=""),
    Case("16 bits as 24", _as_it_is, Kind.UPSCALED, bits=24),
    Case("44.1 as 96 kHz by SoX", _raised(44_100, 96_000, "sox"), Kind.UPSAMPLED, bits=24),
    Case("44.1 as 96 kHz by soxr", _raised(44_100, 96_000, "soxr"), Kind.UPSAMPLED, bits=24),
    Case("44.1 as 88.2 kHz by swr", _raised(44_100, 88_200, "swr"), Kind.UPSAMPLED, bits=24),
    Case("48 as 96 kHz by SoX", _raised(48_000, 96_000, "sox"), Kind.UPSAMPLED, 48_000, bits=24),
    Case("22.05 as 44.1 kHz by SoX", _raised(22_050, 44_100, "sox"), Kind.UPSAMPLED),
    Case("22.05 as 44.1 kHz by swr", _raised(22_050, 44_100, "swr"), Kind.UPSAMPLED),
    Case("32 as 44.1 kHz by SoX", _raised(32_000, 44_100, "sox"), Kind.UPSAMPLED),
    Case("32 as 44.1 kHz by soxr", _raised(32_000, 44_100, "soxr"), Kind.UPSAMPLED),
)


def signals() -> Iterator[tuple[str, Sound]]:
    """Yield what is no music at all; each is a master, and genuine."""
    for variant in range(2):
        dice = np.random.default_rng(variant)
        time_s = np.arange(_SIGNAL_S * RATE_HZ) / RATE_HZ
        throw = random.Random(zlib.crc32(bytes([variant])))  # noqa: S311  # no secret
        hertz = throw.uniform(200, 2000)
        sine = np.sin(2 * np.pi * hertz * time_s)
        hum = sum(np.sin(2 * np.pi * 50 * (1 + variant / 5) * n * time_s) / n for n in (1, 2, 3, 5))
        white = dice.normal(0, 0.1, time_s.size)
        sweep = np.sin(2 * np.pi * 20 * 30 * (1000 ** (time_s / _SIGNAL_S) - 1) / np.log(1000))
        table: dict[str, NDArray[np.float64]] = {
            "silence": np.zeros(time_s.size),
            "sine": sine * 0.5,
            "square": np.sign(sine) * 0.4,
            "white-noise": white,
            "brown-noise": _brown(white),
            "hum": np.asarray(hum) * 0.05,
            "sweep": sweep * 0.5,
            "almost-silence": np.where(time_s > 18, white * 1e-3, 0),
            "clicks": np.where(np.arange(time_s.size) % throw.randint(9_000, 30_000) == 0, 0.8, 0),
            "noise-in-bursts": white * (np.sin(2 * np.pi * time_s) > 0.5),
        }
        for name, wave in table.items():
            both = np.stack([wave, wave * (1 - 0.3 * variant)]).astype(np.float32)
            yield f"signal/{name}-{variant}", Sound(both, RATE_HZ)


def _brown(white: NDArray[np.float64]) -> NDArray[np.float64]:
    walk = np.cumsum(white - white.mean())
    walk -= np.linspace(walk[0], walk[-1], walk.size)
    brown: NDArray[np.float64] = walk * (0.5 / np.abs(walk).max())
    return brown
