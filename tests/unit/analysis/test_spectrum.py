"""The spectrum of a whole recording."""

import numpy as np
import pytest

from pacd.analysis.pcm import Samples
from pacd.analysis.spectrum import Shape, Spectrum
from tests.unit.analysis.sounds import RATE_HZ, noise


def shaped(sound: Samples, rate_hz: int = RATE_HZ) -> Shape:
    """The shape of a sound that is heard in slabs."""
    spectrum = Spectrum(rate_hz)
    for at in range(0, sound.shape[1], 65_536):
        spectrum.add(sound[:, at : at + 65_536])
    shape = spectrum.shape()
    assert shape is not None
    return shape


def low_passed(sound: Samples, edge_hz: float) -> Samples:
    """The sound without anything above, rounded to 16 bit."""
    spectrum = np.fft.rfft(sound)
    spectrum[:, np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ) > edge_hz] = 0
    return np.round(np.fft.irfft(spectrum, sound.shape[1])).astype(np.float32)


@pytest.mark.parametrize("edge_hz", [6_000, 11_025, 16_000, 19_000, 20_500])
def test_finds_the_edge(edge_hz: float) -> None:
    """A2: the edge is told to a quarter of a kilohertz, with what is left above it."""
    shape = shaped(low_passed(noise(10), edge_hz))

    assert edge_hz == pytest.approx(shape.edge_hz, abs=250)
    assert shape.drop_db > 30
    assert -131 == pytest.approx(shape.floor_db, abs=2)


def test_one_passage_above_the_edge_is_enough_against_it() -> None:
    """A2: whole-file rule: where any loud passage goes higher, there is no edge."""
    sound = low_passed(noise(10), 16_000)
    sound[:, 131_072:196_608] = noise(10, seed=2)[:, 131_072:196_608]

    assert shaped(sound).drop_db < 10


def test_full_band_has_no_edge() -> None:
    """A2: what reaches the end of the spectrum has no edge in it."""
    assert shaped(noise(10)).drop_db < 6


def test_counts_holes() -> None:
    """A2: bands that are empty between loud ones are what coders leave."""
    sound = noise(10)
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ)
    spectrum[:, (hertz > 12_000) & (hertz < 12_400)] = 0
    holed = np.round(np.fft.irfft(spectrum, sound.shape[1])).astype(np.float32)

    assert shaped(sound).holes == 0
    assert shaped(holed).holes > 0.003


def test_silence_has_no_shape() -> None:
    """A2: nothing can be told of silence, or of less than a tenth of a second."""
    spectrum = Spectrum(RATE_HZ)
    spectrum.add(np.zeros((2, 65_536), np.float32))
    spectrum.add(noise(0.05))

    assert spectrum.shape() is None


def test_long_recordings_cost_no_more_memory() -> None:
    """A2: what is kept is bounded, and the edge is found all the same."""
    sound = low_passed(noise(1.5), 16_000)[:, :65_536]
    spectrum = Spectrum(RATE_HZ)
    for _slab in range(2_500):
        spectrum.add(sound[:, :4_096])
    shape = spectrum.shape()

    assert shape is not None
    assert 16_000 == pytest.approx(shape.edge_hz, abs=300)
