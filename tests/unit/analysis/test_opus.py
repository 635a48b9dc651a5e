"""The search for the frames of Opus."""

from functools import cache

import numpy as np
import pytest

from pacd.analysis import celt
from pacd.analysis.lapped import Lapped
from pacd.analysis.opus import opus_trace
from pacd.analysis.passages import SLAB, Passages
from pacd.analysis.pcm import Samples
from pacd.analysis.traces import Passage, Trace
from tests.unit.analysis.sounds import coded, noise

SECONDS = 12
RATE_HZ = 44_100
PERIOD = RATE_HZ // 50


def celt_window() -> Samples:
    """The low-overlap window, two hops long as the definition of the MDCT has it."""
    slope = np.sin(np.pi / 2 * np.sin(np.pi / 2 * (np.arange(120) + 0.5) / 120) ** 2)
    half = np.concatenate([np.zeros(420), slope, np.ones(420)])
    return np.concatenate([half, half[::-1]]).astype(np.float32)


CELT = Lapped("Opus", celt_window(), 960)


def emphasised(sound: Samples, power: int) -> Samples:
    """Through the filter before the transform (1), or back (-1)."""
    turns = np.arange(sound.shape[1] // 2 + 1) / sound.shape[1]
    response = (1 - 0.85 * np.exp(-2j * np.pi * turns)) ** power
    filtered = np.fft.irfft(np.fft.rfft(sound) * response, sound.shape[1])
    return filtered.astype(np.float32)


def resampled(sound: Samples, rate_hz: int) -> Samples:
    """From 48 kHz, exact for sounds that repeat."""
    frames = sound.shape[1] * rate_hz // 48_000
    spectrum = np.fft.rfft(sound)[:, : frames // 2 + 1] * (frames / sound.shape[1])
    result: Samples = np.round(np.fft.irfft(spectrum, frames)).astype(np.float32)
    return result


@cache
def lossless() -> Samples:
    """12 s at 48 kHz."""
    return noise(SECONDS * 48_000 / RATE_HZ)[:, : SECONDS * 48_000]


@cache
def fake(offset: int = 333, channels: int = 2) -> Samples:
    """What a coder with the frames of Opus leaves of it, at 48 kHz."""
    return emphasised(
        coded(emphasised(lossless()[:channels], 1), CELT, step=1_500, offset=offset), -1
    )


def expected_offset(offset: int, rate_hz: int) -> float:
    """The left end of a frame, in samples of a rate: between two samples, half a hop on."""
    return (offset + 480 - 0.5) % 960 * rate_hz / 48_000


def passages(sound: Samples) -> tuple[Passage, ...]:
    """As the listener chooses them."""
    kept = Passages()
    for at in range(0, sound.shape[1], SLAB):
        kept.add(at, sound[:, at : at + SLAB])
    return kept.chosen()


def traced(sound: Samples, rate_hz: int = RATE_HZ) -> Trace:
    """What the search finds in a sound that is long enough."""
    trace = opus_trace(passages(sound), rate_hz)
    assert trace is not None
    return trace


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 32_000])
def test_finds_the_grid_at_any_rate(rate_hz: int) -> None:
    """A2: frames of 20 ms at 48 kHz are found where they begin, after resampling too."""
    trace = traced(resampled(fake(), rate_hz), rate_hz)

    assert rate_hz / 50 == trace.period
    assert expected_offset(333, rate_hz) == pytest.approx(trace.offset, abs=0.3)
    assert trace.convincing
    assert trace.agreeing >= trace.passages / 2
    assert trace.share > 0


def test_finds_it_in_what_is_left_of_a_file() -> None:
    """A2: trimming moves the grid, gain and mono do nothing to it."""
    sound = np.round(resampled(fake(), RATE_HZ)[:1, 1_234:] * np.float32(0.7))

    trace = traced(sound)

    expected = (expected_offset(333, RATE_HZ) - 1_234) % PERIOD
    assert expected == pytest.approx(trace.offset, abs=0.3)
    assert trace.convincing


def test_finds_it_where_channels_cancel() -> None:
    """A2: where the sum of the channels is silent, one of them is heard."""
    left = resampled(fake(channels=1), RATE_HZ)

    assert traced(np.concatenate([left, -left])).convincing


def test_finds_none_in_noise() -> None:
    """A2: what never met a coder has no grid."""
    assert traced(resampled(lossless(), RATE_HZ)).z < 6


@pytest.mark.parametrize("at", [0, 300, 651])
def test_ticks_of_20_ms_are_not_frames(at: int) -> None:
    """A2: trackers begin notes on a grid of 20 ms (125 beats per minute); that is music."""
    sound = resampled(lossless(), RATE_HZ) / 20
    time = np.arange(6 * PERIOD)
    note = 8_000 * np.exp(-time / 300) * np.sin(np.pi * 0.31 * time)
    for begin in range(at, sound.shape[1] - len(note), 6 * PERIOD):
        sound[:, begin : begin + len(note)] += note

    assert traced(np.round(sound)).z < 6


def test_hum_is_not_frames() -> None:
    """A2: mains hum and its distortion repeat every 20 ms; they have no grid."""
    time = np.arange(SECONDS * RATE_HZ)
    hum = 3_000 * np.clip(100 * np.sin(2 * np.pi * 50 * time / RATE_HZ) + 20, -1, 1)
    sound = resampled(lossless(), RATE_HZ) / 500 + hum

    assert traced(np.round(sound).astype(np.float32)).z < 6


@pytest.mark.parametrize(
    ("sound", "rate_hz"),
    [
        (np.zeros((2, 10 * SLAB), np.float32), 44_100),
        (noise(0.5), 44_100),
        (noise(6), 22_050),
        (noise(6), 44_056),
    ],
    ids=["silence", "too short", "too low a rate", "a rate without whole frames"],
)
def test_says_nothing_where_nothing_can_be_said(sound: Samples, rate_hz: int) -> None:
    """A2: thin evidence is not evidence of absence."""
    assert opus_trace(passages(sound), rate_hz) is None


def test_lines_equal_the_definition() -> None:
    """A2: at Opus's own rate the real parts are the MDCT of RFC 6716, up to its sign."""
    sound = lossless()[0, :8_192]
    plan = celt.plan(48_000, len(sound))
    assert plan is not None
    begin = 1_000
    emphasis = np.convolve(sound, [1, -0.85])[: len(sound)].astype(np.float32)
    frame = CELT.frames(emphasis)[begin - 480]

    # The MDCT's basis is odd at the left end, a sine: its lines are the imaginary parts.
    found = plan.at(sound, begin - 0.5).imag[:, 0] / plan.period * np.sqrt(2 / celt.FRAME)
    expected = CELT.coefficients(frame)[plan.lines]

    tolerance = 0.02 * np.abs(expected).max()
    np.testing.assert_allclose(np.abs(expected), np.abs(found), atol=tolerance)
