"""The search for a coder's frame grid."""

import numpy as np
import pytest

from pacd.analysis import grids
from pacd.analysis.lapped import AAC, AAC_SHORT, VORBIS, VORBIS_SHORT, Lapped
from pacd.analysis.passages import SLAB, Passages
from pacd.analysis.pcm import Samples
from pacd.analysis.traces import Passage, Trace
from tests.unit.analysis.sounds import coded, noise

ALL = [AAC, AAC_SHORT, VORBIS, VORBIS_SHORT]
SOUND = noise(8)


def passages(sound: Samples) -> tuple[Passage, ...]:
    """As the listener chooses them."""
    kept = Passages()
    for at in range(0, sound.shape[1], SLAB):
        kept.add(at, sound[:, at : at + SLAB])
    return kept.chosen()


def traced(sound: Samples, lapped: Lapped) -> Trace:
    """What the search finds in a sound that is long enough."""
    trace = grids.trace(passages(sound), lapped)
    assert trace is not None
    return trace


@pytest.mark.parametrize("lapped", ALL, ids=lambda lapped: f"{lapped.codec}-{lapped.hop}")
def test_finds_the_grid(lapped: Lapped) -> None:
    """A2: of what a coder left, the search names the sample at which its frames begin."""
    trace = traced(coded(SOUND, lapped, step=300, offset=333), lapped)

    assert 333 % lapped.grid == trace.offset
    assert trace.convincing
    assert trace.agreeing == trace.passages


@pytest.mark.parametrize("gain", [0.84, -0.5])
def test_finds_it_at_another_loudness(gain: float) -> None:
    """A2: a change of gain after decoding hides nothing."""
    sound = np.round(coded(SOUND, AAC, step=300, offset=5) * np.float32(gain))

    assert traced(sound, AAC).convincing


@pytest.mark.parametrize("lapped", ALL, ids=lambda lapped: f"{lapped.codec}-{lapped.hop}")
def test_finds_none_in_noise(lapped: Lapped) -> None:
    """A2: what never met a coder has no grid."""
    assert traced(SOUND, lapped).z < 4


def test_finds_it_in_the_side_channel_alone() -> None:
    """A2: encoders of joint stereo quantise sum and difference; the search looks at both."""
    left, right = SOUND
    side = coded(np.stack([left - right]), AAC, step=300, offset=9)[0]
    sound = np.stack([left + right + side, left + right - side]) / np.float32(2)

    assert traced(np.round(sound), AAC).convincing


def test_one_channel_is_enough() -> None:
    """A2: mono recordings are searched too."""
    assert traced(coded(SOUND[:1], AAC, step=300, offset=9), AAC).convincing


def test_needs_something_to_compare() -> None:
    """A2: nothing is said of what is too short."""
    assert grids.trace(passages(noise(0.3)), AAC) is None
