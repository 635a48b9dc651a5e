"""How good CD form is: measured with numpy, beside SoX `rate -v`, against stated limits (F6)."""

import functools
import math
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from pacd.analysis.reduction import STEPS, frames_of
from pacd.domain.media import CD, AudioFormat
from pacd.domain.outcome import Resampled
from pacd.tools import process
from pacd.tools.ffmpeg import Ffmpeg
from tests.audio import decoded, encode_pcm
from tests.integration.steps.masters import resampled, tools

Samples = NDArray[np.float64]
"""``(frames, channels)`` in [-1, 1)."""

RATES: Final = (48_000, 88_200, 96_000, 176_400, 192_000)
HALF: Final = 0.5**0.5
WINDOW: Final = CD.sample_rate_hz
"""One second, in which every whole number of Hz is a bin of the spectrum."""

# The limits that are promised.  Measured with ffmpeg 5.1.9 and libsoxr 0.1.3: no deviation of
# 0.00001 dB up to 20 kHz, -0.02 dB at 20.5 kHz, -4.2 dB at 21 kHz, -155 dB at 22 kHz, and
# aliases at -198 dB.
# SoX 14.4.2, rate -v: 0.0019 dB, -0.03 dB, -4.0 dB, -132 dB, -181 dB.
RIPPLE_DB: Final = 0.0005
ALIAS_DB: Final = -170.0
EDGE_DB: Final = -140.0
PASSES_HZ: Final = 20_000
STOPS_HZ: Final = 22_000
NOISE_LSB: Final = 0.25
"""Variance of triangular dither and rounding together, in steps: -93.3 dB below a full sine."""


def ffmpeg() -> Ffmpeg:
    """The program; it must have libsoxr."""
    found = tools().resampler
    assert found
    return found


def by_ffmpeg(audio: Samples, rate_hz: int) -> Samples:
    """What PAC resamples by, with its own arguments."""
    shape = AudioFormat(rate_hz, 32, audio.shape[1], len(audio))
    whole = np.round(audio * (1 << 31)).clip(-(1 << 31), (1 << 31) - 1).astype("<i4").tobytes()
    argv = ffmpeg().resampling(shape, CD.sample_rate_hz)
    pieces = process.reading(argv, timeout_s=60, stdin=[whole])
    limit = shape.in_cd_form.total_samples
    blocks = list(frames_of(pieces, form="f64", channels=audio.shape[1], limit=limit))
    return np.concatenate(blocks) / STEPS


def by_sox(audio: Samples, rate_hz: int) -> Samples:
    """The best that SoX has."""
    shape = ["-t", "f64", "-r", str(rate_hz), "-c", str(audio.shape[1])]
    command = ["sox", "-V1", *shape, "-", "-t", "f64", "-", "rate", "-v", str(CD.sample_rate_hz)]
    done = subprocess.run(
        command, input=audio.astype("<f8").tobytes(), capture_output=True, check=True
    )
    return np.frombuffer(done.stdout, "<f8").reshape(-1, audio.shape[1])


Resampler = Callable[[Samples, int], Samples]


def tones(
    rate_hz: int, frequencies_hz: Sequence[int], level: float, *, seconds: int = 2
) -> Samples:
    """Tones of one level, each with a phase of its own."""
    phases = np.random.default_rng(7).uniform(0, math.tau, len(frequencies_hz))
    bins = np.zeros(rate_hz // 2 + 1, complex)
    bins[list(frequencies_hz)] = level * rate_hz / 2 * np.exp(1j * phases)
    return np.tile(np.fft.irfft(bins, rate_hz), seconds).reshape(-1, 1)


def spectrum(audio: Samples) -> Samples:
    """Levels of whole Hz in one second from the middle, 1.0 for a full tone."""
    start = (len(audio) - WINDOW) // 2
    return 2 * np.abs(np.fft.rfft(audio[start : start + WINDOW, 0])) / WINDOW


def decibels(level: float) -> float:
    return 20 * math.log10(max(level, 1e-15))


@functools.cache
def ripple_db(resampler: Resampler, rate_hz: int) -> float:
    """The largest deviation from 20 Hz to 20 kHz."""
    heard = [20, *range(100, PASSES_HZ, 199), PASSES_HZ]
    level = 0.9 / len(heard)
    found = spectrum(resampler(tones(rate_hz, heard, level), rate_hz))[heard] / level
    return max(abs(decibels(each)) for each in found)


@functools.cache
def alias_db(resampler: Resampler, rate_hz: int) -> float:
    """The loudest thing that any tone above half the new rate leaves behind."""
    unheard = (22_051, 22_101, 23_000, 23_900, 30_011, 43_900, 47_900, 70_003, 87_000, 95_000)
    return max(
        decibels(spectrum(resampler(tones(rate_hz, [each], 0.5), rate_hz)).max() / 0.5)
        for each in unheard
        if each < rate_hz / 2
    )


@pytest.mark.parametrize("rate_hz", RATES)
def test_what_can_be_heard_stays_as_it_is(rate_hz: int) -> None:
    """F6: 20 Hz to 20 kHz within 0.0005 dB, and no worse than SoX."""
    found = ripple_db(by_ffmpeg, rate_hz)

    assert found < RIPPLE_DB
    assert found < ripple_db(by_sox, rate_hz) + 1e-4


@pytest.mark.parametrize("rate_hz", RATES)
def test_nothing_is_folded_back(rate_hz: int) -> None:
    """F6: half the new rate and above is gone, 170 dB down, and no worse than with SoX."""
    found = alias_db(by_ffmpeg, rate_hz)

    assert found < ALIAS_DB
    assert found < alias_db(by_sox, rate_hz) + 1


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_transition_lies_between_20_and_22_khz(rate_hz: int) -> None:
    """F6: it begins above 20 kHz, 3 dB are lost by 21 kHz, and all is gone by 22 kHz."""
    levels = {
        each: decibels(spectrum(by_ffmpeg(tones(rate_hz, [each], 0.5), rate_hz))[each] / 0.5)
        for each in (20_500, 21_000, STOPS_HZ)
    }

    assert levels[20_500] > -0.1
    assert -6 < levels[21_000] < -2
    assert levels[STOPS_HZ] < EDGE_DB


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("frequency_hz", [50, 997, 15_013])
def test_nothing_comes_sooner_or_later(rate_hz: int, frequency_hz: int) -> None:
    """F6: the delay is none, to a millionth of a sample, at every frequency (linear phase)."""
    phase = np.random.default_rng(7).uniform(0, math.tau, 1)[0]
    start = WINDOW // 2
    made = by_ffmpeg(tones(rate_hz, [frequency_hz], 0.5), rate_hz)[start : start + WINDOW, 0]
    time_s = np.arange(start, start + WINDOW) / WINDOW
    turn = np.angle(np.sum(made * np.exp(-1j * (math.tau * frequency_hz * time_s + phase))))

    assert abs(turn) / (math.tau * frequency_hz) * WINDOW < 1e-6


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_ends_are_whole(rate_hz: int) -> None:
    """F6: a tone is there to the last sample: no filter keeps its tail back."""
    made = by_ffmpeg(tones(rate_hz, [1_000], 0.5, seconds=1), rate_hz)

    assert WINDOW == len(made)
    assert np.max(np.abs(made[-WINDOW // 500 : -20])) > 0.45


# What is made of a whole file


def master(path: Path, audio: Samples, *, rate_hz: int = 96_000, bits: int = 24) -> Path:
    """A FLAC file of these samples."""
    whole = np.round(audio * (1 << (bits - 1))).astype(np.int64)
    whole = whole.clip(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    octets = whole.astype("<i8").reshape(-1, 1).view(np.uint8)[:, : bits // 8]
    return encode_pcm(
        path, octets.tobytes(), rate=rate_hz, bits=bits, channels=audio.shape[1], level=0
    )


def in_cd_form(path: Path) -> tuple[Samples, Resampled]:
    """Resample a master as a worker does; return its new samples, in steps of 16 bits."""
    result = resampled(path)
    channels = result.track.audio.channels
    samples = np.frombuffer(decoded(path), "<i2").reshape(-1, channels).astype(float)
    return samples, result


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("frames", [1, 2, 100, 4_095, 123_457])
def test_the_length_is_exact(tmp_path: Path, rate_hz: int, frames: int) -> None:
    """F6: ceil(n * 44100 / rate) samples, whatever n: the end comes no sooner."""
    noise = np.random.default_rng(frames).uniform(-0.5, 0.5, (frames, 1))
    path = master(tmp_path / "x.flac", noise, rate_hz=rate_hz)

    samples, _ = in_cd_form(path)

    assert math.ceil(frames * 44_100 / rate_hz) == len(samples)


@pytest.mark.parametrize(("rate_hz", "bits"), [(96_000, 24), (44_100, 24), (192_000, 32)])
def test_the_noise_is_what_triangular_dither_gives(tmp_path: Path, rate_hz: int, bits: int) -> None:
    """F6: -93.3 dB, flat, alike at any level, never the same twice, another in each channel."""
    seconds = 8
    for level_db in (-100, -20):
        level = 10 ** (level_db / 20)
        tone = level * np.sin(math.tau * 997 * np.arange(rate_hz * seconds) / rate_hz)
        both = np.stack([tone, tone], 1)
        path = master(tmp_path / f"{level_db}.flac", both, rate_hz=rate_hz, bits=bits)

        samples, _ = in_cd_form(path)

        time_s = np.arange(len(samples)) / 44_100
        pure = level * STEPS * np.sin(math.tau * 997 * time_s)
        inner = slice(2_000, -2_000)  # the tone begins and ends at once, and rings there
        noise = (samples - pure[:, None])[inner]
        heard = 2 * np.mean(samples[:, 0] * np.exp(-2j * np.pi * 997 * time_s))
        power = np.abs(np.fft.rfft(noise[:, 0])) ** 2 / len(noise)
        bands = [band.mean() for band in np.array_split(power[50:], 12)]
        power[:50] = 0
        likeness = np.fft.irfft(np.abs(np.fft.rfft(noise[:, 0], 2 * len(noise))) ** 2)
        likeness /= likeness[0]

        assert abs(20 * math.log10(abs(heard) / STEPS) - level_db) < 0.1
        assert NOISE_LSB == pytest.approx(noise.var(axis=0).mean(), rel=0.02)
        assert bands == pytest.approx([NOISE_LSB] * 12, rel=0.06)
        # Of white noise the strongest of so many bins stands ln(n) above the mean.
        assert power.max() / NOISE_LSB < 2 * math.log(len(power))
        assert np.abs(likeness[1 : len(noise)]).max() < 0.02
        assert abs(np.mean(noise[:, 0] * noise[:, 1]) / NOISE_LSB) < 0.01


def test_ffmpegs_own_dither_repeats_itself() -> None:
    """F6: why PAC dithers by itself: ffmpeg 5.1 takes the same noise again every 3 seconds."""
    silence = np.full((96_000 * 12, 1), 1e-6).astype("<f8").tobytes()
    shape = ["-f", "f64le", "-ar", "96000", "-ac", "1", "-i", "pipe:0"]
    filters = "aresample=44100:resampler=soxr:precision=28:osf=s16:dither_method=triangular"
    command = [str(ffmpeg().executable), "-v", "error", *shape, "-af", filters, "-f", "s16le", "-"]
    made = subprocess.run(command, input=silence, capture_output=True, check=True).stdout
    noise = np.frombuffer(made, "<i2").astype(float)
    noise -= noise.mean()
    likeness = np.fft.irfft(np.abs(np.fft.rfft(noise, 2 * len(noise))) ** 2)

    assert (likeness[1 : len(noise)] / likeness[0]).max() > 0.3


@pytest.mark.parametrize("rate_hz", RATES)
def test_nothing_clips(tmp_path: Path, rate_hz: int) -> None:
    """F6: samples at full scale overshoot between them: all is lowered alike, and that is told."""
    square = np.sign(np.sin(math.tau * 1_001 * np.arange(rate_hz // 2) / rate_hz + 0.1))
    path = master(tmp_path / "x.flac", np.stack([square, 0.1 * square], 1), rate_hz=rate_hz)
    wanted = by_ffmpeg(np.stack([square, 0.1 * square], 1), rate_hz) * STEPS

    samples, result = in_cd_form(path)

    gain = 10 ** (result.gain_db / 20)
    assert -3 < result.gain_db < -0.1
    assert result.gain_db == result.details["gain_db"]
    assert 32_000 < np.abs(samples).max() < 32_768
    assert np.abs(samples - wanted * gain).max() < 2  # all of it: nothing was cut off


def test_no_gain_without_need(tmp_path: Path) -> None:
    """F6: the level of what does not clip is not touched."""
    audio = tones(96_000, [1_000], 0.9, seconds=1)
    path = master(tmp_path / "x.flac", audio)

    samples, result = in_cd_form(path)

    assert result.gain_db == 0.0
    assert np.abs(samples - by_ffmpeg(audio, 96_000) * STEPS).max() < 2


def test_what_was_16_bits_all_along_is_not_changed(tmp_path: Path) -> None:
    """F6: padded to 24 bits, it comes back bit by bit."""
    whole = np.random.default_rng(1).integers(-STEPS, STEPS, (5_000, 2)).astype(float)
    path = master(tmp_path / "x.flac", whole / STEPS, rate_hz=44_100)

    samples, result = in_cd_form(path)

    assert whole.tolist() == samples.tolist()
    assert 0.0 == result.gain_db


@pytest.mark.parametrize(
    ("channels", "sides"),
    [
        (3, [(1, 0), (0, 1), (HALF, HALF)]),
        (4, [(1, 0), (0, 1), (HALF, 0), (0, HALF)]),
        (5, [(1, 0), (0, 1), (HALF, HALF), (HALF, 0), (0, HALF)]),
        (6, [(1, 0), (0, 1), (HALF, HALF), (0, 0), (HALF, 0), (0, HALF)]),
        (7, [(1, 0), (0, 1), (HALF, HALF), (0, 0), (0.5, 0.5), (HALF, 0), (0, HALF)]),
        (8, [(1, 0), (0, 1), (HALF, HALF), (0, 0), *2 * [(HALF, 0), (0, HALF)]]),
    ],
)
def test_surround_sound_becomes_stereo(
    tmp_path: Path, channels: int, sides: list[tuple[float, float]]
) -> None:
    """F6: each channel is heard where BS.775 wants it, and as loud; no LFE; no gain."""
    heard = [1_000 + 300 * channel for channel in range(channels)]
    audio = np.hstack([tones(48_000, [each], 0.1) for each in heard])
    path = master(tmp_path / "x.flac", audio, rate_hz=48_000)

    samples, result = in_cd_form(path)

    left, right = (spectrum(samples[:, [side]] / STEPS)[heard] / 0.1 for side in (0, 1))
    assert [side[0] for side in sides] == pytest.approx(left.tolist(), abs=1e-3)
    assert [side[1] for side in sides] == pytest.approx(right.tolist(), abs=1e-3)
    assert (2, 0.0) == (result.track.audio.channels, result.gain_db)


def test_sox_is_there_to_be_compared_with() -> None:
    """F6: the comparison is made, not left out."""
    assert shutil.which("sox")
