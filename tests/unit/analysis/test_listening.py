"""What the builtin detector hears."""

from collections.abc import Sequence

import pytest

from pacd.analysis.listening import Listener
from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Authenticity, Finding
from tests.audio import pcm


def heard(raw: bytes, *, bits: int, channels: int = 2, piece_bytes: int = 65_536) -> Finding:
    """What is found in samples that come in pieces of that size."""
    listener = Listener(AudioFormat(44_100, bits, channels, 0))
    for at in range(0, len(raw), piece_bytes):
        listener.add(raw[at : at + piece_bytes])
    return listener.finding()


def raised(samples: Sequence[int], *, by: int, width: int) -> bytes:
    """Samples moved to higher bits, as upscaling does it."""
    return b"".join((value << by).to_bytes(width, "little", signed=True) for value in samples)


RAMP = range(-16_000, 16_000)


@pytest.mark.parametrize(("bits", "by"), [(24, 8), (32, 16), (24, 9)])
def test_sixteen_bits_in_a_larger_container_are_upscaled(bits: int, by: int) -> None:
    """A2: low bits that are never used make a suspect of what claims to be more than a CD."""
    found = heard(raised(RAMP, by=by, width=bits // 8), bits=bits, channels=1, piece_bytes=1_001)

    assert Authenticity.SUSPECT == found.status
    assert f"only {bits - by} of its {bits} bits are ever used: it was upscaled" == found.sentence
    assert ([bits - by], bits) == (found.numbers["used_bits"], found.numbers["bits"])


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_bits_that_are_used_prove_nothing(bits: int) -> None:
    """A2: full use of the bits is no evidence; neither is a depth that a CD may have."""
    found = heard(pcm(0.3, bits=bits), bits=bits)

    assert Authenticity.INCONCLUSIVE == found.status
    assert ([bits, bits], bits) == (found.numbers["used_bits"], found.numbers["bits"])


def test_unused_bits_of_a_cd_are_no_evidence() -> None:
    """A2: 8-bit samples in 16 bits were never lossy."""
    found = heard(raised(range(-128, 128), by=8, width=2), bits=16, channels=1)

    assert (Authenticity.INCONCLUSIVE, [8]) == (found.status, found.numbers["used_bits"])


def test_one_channel_with_all_bits_is_enough() -> None:
    """A2: a channel of silence, or with fewer bits, is no evidence against the other."""
    frames = b"".join(
        (left << 8).to_bytes(3, "little", signed=True) + right.to_bytes(3, "little", signed=True)
        for left, right in zip(RAMP, RAMP, strict=True)
    )
    found = heard(frames, bits=24)

    assert (Authenticity.INCONCLUSIVE, [16, 24]) == (found.status, found.numbers["used_bits"])


@pytest.mark.parametrize("raw", [b"", bytes(6_000)])
def test_silence_is_no_evidence(raw: bytes) -> None:
    """A2: nothing can be told of silence, or of nothing at all."""
    found = heard(raw, bits=24)

    assert Authenticity.INCONCLUSIVE == found.status
    assert "it is silent from beginning to end" == found.sentence
