"""The transforms of coders."""

import numpy as np
import pytest

from pacd.analysis.lapped import AAC, AAC_SHORT, VORBIS, VORBIS_SHORT, Lapped
from tests.unit.analysis.sounds import coded, matrix, noise

ALL = [AAC, AAC_SHORT, VORBIS, VORBIS_SHORT]


@pytest.mark.parametrize("lapped", ALL, ids=lambda lapped: f"{lapped.codec}-{lapped.hop}")
def test_equals_the_definition(lapped: Lapped) -> None:
    """A2: the fast transform is the MDCT of the standards, of any number of frames at once."""
    frames = np.random.default_rng(3).standard_normal((3, 5, 2 * lapped.hop)).astype(np.float32)

    expected = (frames * lapped.window) @ matrix(lapped.hop).T

    np.testing.assert_allclose(expected, lapped.coefficients(frames), atol=2e-5)


@pytest.mark.parametrize("lapped", ALL, ids=lambda lapped: f"{lapped.codec}-{lapped.hop}")
def test_windows_add_up(lapped: Lapped) -> None:
    """A2: what is transformed, kept whole and put together again is what it was."""
    sound = noise(0.2)

    np.testing.assert_allclose(sound, coded(sound, lapped, step=1e-3, offset=77), atol=1)


def test_noise_keeps_its_level() -> None:
    """A2: rounding to 16 bit leaves 0.29 steps in each coefficient too."""
    rounding = np.random.default_rng(5).uniform(-0.5, 0.5, 200 * 2048).astype(np.float32)

    assert 0.2887 == pytest.approx(AAC.coefficients(rounding.reshape(200, -1)).std(), rel=0.02)
