"""To 16 bits: peaks, gain, dither, and pieces of any size."""

import numpy as np
import pytest

from pacd.analysis.reduction import STEPS, Extent, frames_of, measured, reduced


def _block(*samples: float) -> np.ndarray:
    return np.array(samples, float).reshape(-1, 1)


@pytest.mark.parametrize(
    ("extent", "gain_db"),
    [
        pytest.param(Extent(1, 0.0, whole=True), 0.0, id="silence"),
        pytest.param(Extent(1, 32_766.5, whole=False), 0.0, id="just fits"),
        pytest.param(Extent(1, 32_768.0, whole=True), 0.0, id="16 bits already"),
        pytest.param(Extent(1, 32_768.0, whole=False), -0.01, id="full scale"),
        pytest.param(Extent(1, 40_000.0, whole=False), -1.74, id="over by 1.73 dB"),
    ],
)
def test_the_gain_is_none_or_what_is_needed(extent: Extent, gain_db: float) -> None:
    """F6: no clipping, and gain only when needed, in hundredths of a dB."""
    assert gain_db == extent.gain_db


@pytest.mark.parametrize(
    ("samples", "peak", "whole"),
    [
        ((0.0, -3.0, 2.0), 3.0, True),
        ((0.0, -3.5, 2.0), 3.5, False),
        ((-32_768.0,), 32_768.0, True),
        ((32_768.0,), 32_768.0, False),
    ],
)
def test_what_is_measured(samples: tuple[float, ...], peak: float, whole: bool) -> None:
    """F6: the peak of the whole file, and whether it is of 16 bits as it stands."""
    blocks = [_block(each) for each in samples]

    assert Extent(len(samples), peak, whole) == measured(blocks)


def test_nothing_clips_at_any_level() -> None:
    """F6: after the gain, no dither brings a sample beyond what 16 bits hold."""
    for peak in (32_766.5, 32_767.0, 32_768.0, 33_000.0, 65_536.0, 327_680.0):
        loud = np.repeat(np.array([[peak, -peak]]), 20_000, axis=0)
        extent = measured([loud])

        samples = np.frombuffer(b"".join(reduced([loud], extent, seed=1)), "<i2").reshape(-1, 2)

        assert samples[:, 0].min() > 32_700
        assert samples[:, 1].max() < -32_700


def test_what_is_of_16_bits_already_is_taken_as_it_is() -> None:
    """F6: padded audio and silence get no dither: not a bit of them changes."""
    samples = np.arange(-STEPS, STEPS, 7, dtype=float).reshape(-1, 1)
    extent = measured([samples])

    found = np.frombuffer(b"".join(reduced([samples], extent, seed=1)), "<i2")

    assert samples[:, 0].tolist() == found.tolist()


def test_the_same_audio_gives_the_same_bytes() -> None:
    """P4: the dither depends on the audio alone, not on how it comes in blocks."""
    audio = np.random.default_rng(3).normal(0, 1000, (5_000, 2))
    extent = measured([audio])

    whole = b"".join(reduced([audio], extent, seed=9))
    again = b"".join(reduced([audio[:7], audio[7:4_000], audio[4_000:]], extent, seed=9))
    other = b"".join(reduced([audio], extent, seed=10))

    assert whole == again
    assert whole != other


@pytest.mark.parametrize(
    ("form", "raw", "values"),
    [
        ("s8", bytes([0, 1, 0x80]), [0.0, 256.0, -32_768.0]),
        ("s16", np.array([0, 1, -32_768], "<i2").tobytes(), [0.0, 1.0, -32_768.0]),
        ("s24", b"\0\0\0\0\1\0\0\0\x80\xff\xff\xff", [0.0, 1.0, -32_768.0, -1 / 256]),
        ("s32", np.array([1 << 16, -(1 << 31)], "<i4").tobytes(), [1.0, -32_768.0]),
        ("f64", np.array([0.5, -1.5], "<f8").tobytes(), [16_384.0, -49_152.0]),
    ],
)
@pytest.mark.parametrize("cut", [1, 2, 5, 100])
def test_samples_of_any_width_in_pieces_of_any_size(
    form: str, raw: bytes, values: list[float], cut: int
) -> None:
    """F6: nothing is lost or shifted at the borders of a pipe's pieces."""
    pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]

    blocks = list(frames_of(pieces, form=form, channels=1))

    assert values == np.concatenate(blocks)[:, 0].tolist()


def test_no_more_frames_than_are_wanted() -> None:
    """F6: what a resampler's tail adds is left out, to the sample."""
    raw = np.arange(12, dtype="<i2").tobytes()

    blocks = list(frames_of([raw[:10], raw[10:]], form="s16", channels=2, limit=4))

    assert [[0, 1], [2, 3], [4, 5], [6, 7]] == np.concatenate(blocks).tolist()
