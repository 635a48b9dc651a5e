"""Surround sound to stereo, by the standard's coefficients."""

import pytest

from pacd.analysis.downmix import stereo_mix

HALF = 0.5**0.5
LEFT, RIGHT, CENTRE, NONE = [1.0, 0.0], [0.0, 1.0], [HALF, HALF], [0.0, 0.0]
SIDE_LEFT, SIDE_RIGHT, BACK = [HALF, 0.0], [0.0, HALF], [0.5, 0.5]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([LEFT, RIGHT, CENTRE], id="3.0"),
        pytest.param([LEFT, RIGHT, SIDE_LEFT, SIDE_RIGHT], id="quad"),
        pytest.param([LEFT, RIGHT, CENTRE, SIDE_LEFT, SIDE_RIGHT], id="5.0"),
        pytest.param([LEFT, RIGHT, CENTRE, NONE, SIDE_LEFT, SIDE_RIGHT], id="5.1"),
        pytest.param([LEFT, RIGHT, CENTRE, NONE, BACK, SIDE_LEFT, SIDE_RIGHT], id="6.1"),
        pytest.param(
            [LEFT, RIGHT, CENTRE, NONE, SIDE_LEFT, SIDE_RIGHT, SIDE_LEFT, SIDE_RIGHT], id="7.1"
        ),
    ],
)
def test_what_flac_says_its_channels_are(rows: list[list[float]]) -> None:
    """F6: RFC 9639, 9.1.3 names the channels, ITU-R BS.775 how they are mixed; no LFE."""
    assert rows == stereo_mix(len(rows)).tolist()


def test_a_mask_says_otherwise() -> None:
    """F6: six channels without an LFE, as WAVEFORMATEXTENSIBLE_CHANNEL_MASK may say."""
    mask = 0x1 | 0x2 | 0x4 | 0x100 | 0x200 | 0x400

    assert [LEFT, RIGHT, CENTRE, BACK, SIDE_LEFT, SIDE_RIGHT] == stereo_mix(6, mask).tolist()


@pytest.mark.parametrize("mask", [0, 0x3, 0x7FFFFFFF])
def test_a_mask_that_does_not_fit_says_nothing(mask: int) -> None:
    """X2: tags are hostile input."""
    assert stereo_mix(6).tolist() == stereo_mix(6, mask).tolist()


def test_speakers_above_the_listener() -> None:
    """F6: what no standard for stereo names is heard on both sides."""
    assert [LEFT, RIGHT, BACK] == stereo_mix(3, 0x1 | 0x2 | 0x800).tolist()
