"""What a master becomes in AAC."""

import pytest

from pacd.domain.media import AudioFormat
from pacd.tools.aac import in_aac, needs_converter
from pacd.tools.samples import padding_misleads


@pytest.mark.parametrize(
    ("rate_hz", "to_hz", "to_at_most_48_khz"),
    [
        (1, 8_000, 8_000),
        (7_350, 8_000, 8_000),
        (8_000, 8_000, 8_000),
        (35_467, 44_100, 44_100),
        (44_100, 44_100, 44_100),
        (44_101, 48_000, 48_000),
        (48_000, 48_000, 48_000),
        (88_200, 88_200, 44_100),
        (96_000, 96_000, 48_000),
        (96_001, 96_000, 48_000),
        (176_400, 88_200, 44_100),
        (192_000, 96_000, 48_000),
        (352_800, 88_200, 44_100),
        (1_048_575, 96_000, 48_000),
    ],
)
def test_rates_become_those_of_aac(rate_hz: int, to_hz: int, to_at_most_48_khz: int) -> None:
    """M2: the next higher rate, or the highest of the family."""
    audio = AudioFormat(rate_hz, 24, 2, 0)

    assert AudioFormat(to_hz, 16, 2, 0) == in_aac(audio)
    assert to_at_most_48_khz == in_aac(audio, max_rate_hz=48_000).sample_rate_hz
    assert (rate_hz != to_hz) == needs_converter(audio, in_aac(audio))


@pytest.mark.parametrize(
    ("samples", "rate_hz", "becomes"),
    [
        (0, 192_000, 0),
        (1, 192_000, 1),
        (2, 192_000, 1),
        (3, 192_000, 2),
        (1, 7_350, 2),
        (9, 48_000, 9),
    ],
)
def test_lengths_are_rounded_up(samples: int, rate_hz: int, becomes: int) -> None:
    """M7: no sample is lost where the rate changes; an unknown length stays unknown."""
    assert becomes == in_aac(AudioFormat(rate_hz, 16, 1, samples)).total_samples


@pytest.mark.parametrize(
    ("channels", "becomes"), [(1, 1), (2, 2), (3, 3), (4, 5), (5, 5), (6, 6), (7, 8), (8, 8)]
)
def test_channels_become_those_of_aac(channels: int, becomes: int) -> None:
    """M2: quadraphony and 6.1 have no place in AAC, and are given one."""
    audio = AudioFormat(44_100, 16, channels, 0)

    assert becomes == in_aac(audio).channels
    assert (channels != becomes) == needs_converter(audio, in_aac(audio))


@pytest.mark.parametrize(
    ("bits", "channels", "samples", "misleads"),
    [
        (8, 1, 1001, True),
        (5, 1, 1001, True),
        (8, 2, 1001, False),
        (16, 1, 1001, False),
        (8, 1, 0, False),
        (8, 1, 1 << 32, False),
    ],
)
def test_a_byte_that_looks_like_a_sample(
    bits: int, channels: int, samples: int, misleads: bool
) -> None:
    """M7: the even length of a WAV file makes mono of one byte a sample longer."""
    assert misleads == padding_misleads(AudioFormat(44_100, bits, channels, samples))
