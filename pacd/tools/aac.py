"""What AAC can hold, and what a master becomes in it; pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from pacd.domain.media import AudioFormat

_RATES_HZ: Final = (
    *(8_000, 11_025, 12_000, 16_000, 22_050, 24_000),
    *(32_000, 44_100, 48_000, 64_000, 88_200, 96_000),
)
"""
Of ISO/IEC 14496-3, table 1.18, all but 7350 Hz, which fdkaac 1.0.0 refuses
(tests/contract/test_fdkaac.py).
"""

_CD_HZ: Final = 44_100
_CHANNELS: Final = {4: 5, 7: 8}
"""
ISO/IEC 14496-3, table 1.19, has no place for RFC 9639's quadraphony and 6.1 in libfdk-aac
2.0.2: they become 5.0 with a silent centre, and 7.1 with one rear channel on both sides.
"""

_BITS: Final = 16  # what libfdk-aac works with


class Converter(Protocol):
    """A program that brings audio to another shape."""

    def converting(self, audio: AudioFormat, wanted: AudioFormat) -> Sequence[str | Path]:
        """Arguments of a run that makes WAV of the wanted shape from WAV of the other."""
        ...


def in_aac(audio: AudioFormat, *, max_rate_hz: int = _RATES_HZ[-1]) -> AudioFormat:
    """
    Return what a master becomes in the hands of libfdk-aac: 16 bit, and else itself if it can.

    Other rates become the next higher that there is; too high ones the highest
    of their family (44.1 or 48 kHz).  The length is rounded up to a whole sample.
    """
    rate_hz = aac_rate_hz(audio.sample_rate_hz, max_rate_hz=max_rate_hz)
    return AudioFormat(
        sample_rate_hz=rate_hz,
        bits_per_sample=_BITS,
        channels=_CHANNELS.get(audio.channels, audio.channels),
        total_samples=resampled(audio.total_samples, audio.sample_rate_hz, rate_hz),
    )


def aac_rate_hz(rate_hz: int, *, max_rate_hz: int) -> int:
    """Return the rate that AAC takes for another, as in_aac() says."""
    rates_hz = [each for each in _RATES_HZ if each <= max_rate_hz]
    if rate_hz > max_rate_hz:
        family = [each for each in rates_hz if rate_hz % _CD_HZ == each % _CD_HZ == 0]
        return max(family or rates_hz)
    return min(each for each in rates_hz if each >= rate_hz)


def resampled(samples: int, from_hz: int, to_hz: int) -> int:
    """Return how many samples some become at another rate; the last may be a part of one."""
    return -(-samples * to_hz // from_hz)


def needs_converter(audio: AudioFormat, wanted: AudioFormat) -> bool:
    """Whether no encoder takes the audio as it is."""
    return (audio.sample_rate_hz, audio.channels) != (wanted.sample_rate_hz, wanted.channels)
