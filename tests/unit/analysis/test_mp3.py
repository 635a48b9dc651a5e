"""The search for MP3's grid, on audio quantised as MP3 is, and on audio that was not."""

from collections.abc import Callable

import numpy as np
import pytest

from pacd.analysis.mp3 import mp3_trace
from pacd.analysis.traces import Passage, Trace
from tests.unit.analysis.granules import (
    PASSAGE,
    Samples,
    decoded,
    music,
    passages,
    quantised,
    rounded,
)

_RATE = 44_100
_STEP = 40.0
_FRAMES = 10 * PASSAGE


@pytest.fixture(scope="module")
def fake() -> Samples:
    """One channel, coarsely quantised; its grid begins at sample 0."""
    return decoded(quantised(music(), _STEP))


@pytest.fixture(scope="module")
def genuine() -> Samples:
    """The same, but never quantised."""
    return decoded(music())


def found(*channels: Samples, start: int = 0) -> Trace:
    trace = mp3_trace(passages(*channels, start=start), _RATE)
    assert trace is not None
    return trace


def test_quantised_granules_are_found(fake: Samples) -> None:
    """A2: the grid, to the sample, in every passage."""
    trace = found(fake)

    assert ("MP3", 0, 576) == (trace.codec, trace.offset, trace.period)
    assert (8, 8) == (trace.agreeing, trace.passages)
    assert trace.z > 20
    assert 0.05 < trace.share < 1


def test_music_that_was_never_quantised_has_no_grid(genuine: Samples) -> None:
    """A2: among 576 places of genuine music, none stands out."""
    trace = found(genuine)

    assert trace.z < 6
    assert trace.agreeing < 4


@pytest.mark.parametrize("cut", [1, 575, 12_345])
def test_a_trim_moves_the_grid(fake: Samples, cut: int) -> None:
    """A2: wherever the file begins, and wherever in it a passage lies."""
    assert -cut % 576 == found(fake[cut:]).offset
    assert 0 == found(fake[cut:], start=cut).offset


def test_gain_and_dither_hide_nothing(fake: Samples) -> None:
    """A2: -1.5 dB and triangular dither leave zeros small."""
    random = np.random.default_rng(2)
    noise = random.random(len(fake)) - random.random(len(fake))

    trace = found(rounded(fake * 0.841 + noise))

    assert (0, True) == (trace.offset, trace.z > 20)


def test_joint_stereo_is_seen_in_mid_and_side() -> None:
    """A2: where mid and side were quantised, left and right are on no lattice."""
    mid = quantised(music(seed=3), _STEP)
    side = quantised(music(seed=4), 2 * _STEP)

    trace = found(decoded((mid + side) / np.sqrt(2)), decoded((mid - side) / np.sqrt(2)))

    assert (0, True) == (trace.offset, trace.z > 20)


def test_clipped_passages_are_passed_over(fake: Samples) -> None:
    """A2: what a decoder clipped is no lattice any more; passages without it are preferred."""
    loud = fake.copy()
    loud[: 2 * PASSAGE] = np.clip(5 * loud[: 2 * PASSAGE], -20_000, 20_000)

    trace = found(loud)

    assert (0, 8) == (trace.offset, trace.agreeing)


def _noise() -> Samples:
    return np.random.default_rng(5).normal(size=_FRAMES).astype(np.float32)


def _clicks(period: int) -> Samples:
    sound = np.zeros(_FRAMES, np.float32)
    sound[::period] = 20_000
    return rounded(sound + 30 * _noise())


def _repeating(period: int) -> Samples:
    return rounded(np.resize(3000 * _noise()[:period], _FRAMES))


def _attacks(period: int) -> Samples:
    decay = np.exp(-(np.arange(_FRAMES) % period) / 800)
    return rounded(8000 * _noise() * np.where(decay > 0.05, decay, 0))


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(lambda: rounded(3000 * _noise()), id="noise"),
        pytest.param(lambda: rounded(3 * _noise()), id="faint noise"),
        pytest.param(lambda: np.clip(rounded(40_000 * _noise()), -9000, 9000), id="clipped"),
        pytest.param(lambda: _clicks(576), id="clicks every granule"),
        pytest.param(lambda: _clicks(1152), id="clicks every frame"),
        pytest.param(lambda: _repeating(576), id="repeats itself every granule"),
        pytest.param(lambda: _repeating(288), id="repeats itself twice a granule"),
        pytest.param(lambda: _attacks(5760), id="attacks out of silence every tenth granule"),
        pytest.param(lambda: rounded(64 * np.round(30 * _noise())), id="few levels"),
        pytest.param(lambda: np.repeat(rounded(3000 * _noise()), 2)[:_FRAMES], id="held samples"),
    ],
)
def test_regular_sounds_are_no_grid(sound: Callable[[], Samples]) -> None:
    """A2: what repeats with the grid's own period has many good places, so none stands out."""
    trace = mp3_trace(passages(sound()), _RATE)

    assert trace is None or trace.z < 6


@pytest.mark.parametrize(
    ("heard", "rate_hz"),
    [
        pytest.param([], _RATE, id="nothing"),
        pytest.param([Passage(0, np.ones((2, 8191), np.float32))], _RATE, id="short"),
        pytest.param(passages(np.zeros(_FRAMES, np.float32)), _RATE, id="silence"),
        pytest.param(passages(rounded(_noise() / 3)), _RATE, id="less than a step"),
        pytest.param(passages(rounded(900 * _noise())), 96_000, id="no rate of MP3"),
    ],
)
def test_nothing_is_said_of_too_little(heard: list[Passage], rate_hz: int) -> None:
    """A4: where nothing can be told, nothing is."""
    assert mp3_trace(heard, rate_hz) is None
