"""Brings samples to 16 bits: how loud they may be, and how they are dithered; numbers only."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float64]
"""``(frames, channels)``, in steps of 16 bits: [-32768, 32768) is all that fits."""

STEPS: Final = 1 << 15
"""Of 16 bits, from silence to full scale."""

_LOUDEST: Final = STEPS - 1.5
"""What dither, below one step, and rounding, half a step, cannot bring beyond 32767."""

_FINEST_DB: Final = 0.01


@dataclass(frozen=True, slots=True)
class Extent:
    """
    What was measured of a whole file.

    Attributes:
        frames: How many there are.
        peak: Of the loudest sample, in steps of 16 bits.
        whole: Whether each sample is one of 16 bits as it stands, as of silence or padded audio.
    """

    frames: int
    peak: float
    whole: bool

    @property
    def gain_db(self) -> float:
        """By how much all of it must be lowered so that nothing clips: 0.0, or below."""
        if self.whole or self.peak <= _LOUDEST:
            return 0.0
        return round(math.floor(20 * math.log10(_LOUDEST / self.peak) / _FINEST_DB) * _FINEST_DB, 2)


def measured(blocks: Iterable[Frames]) -> Extent:
    """Measure audio block by block, before anything of it is written."""
    frames, peak, whole = 0, 0.0, True
    for block in blocks:
        frames += len(block)
        peak = max(peak, float(np.max(np.abs(block), initial=0.0)))
        whole = whole and bool(np.all(block == np.clip(np.rint(block), -STEPS, STEPS - 1)))
    return Extent(frames, peak, whole)


def reduced(blocks: Iterable[Frames], extent: Extent, *, seed: int) -> Iterator[bytes]:
    """
    Yield the audio as interleaved samples of 16 bits, little-endian.

    The dither is triangular, two steps wide, white, independent of the audio and between the
    channels: it makes the rounding error noise of constant power, -93.3 dB below a full sine
    (Lipshitz, Wannamaker and Vanderkooy, JAES 40(5), 1992).  The one that ffmpeg 5.1 adds
    repeats itself every three seconds (tests/contract/test_resampling.py).  What is of
    16 bits already is taken as it is.

    Args:
        seed: Of the dither: the same audio and seed give the same bytes.
    """
    gain = 10 ** (extent.gain_db / 20)
    noise = np.random.default_rng(seed)
    for block in blocks:
        if extent.whole:
            yield block.astype("<i2").tobytes()
            continue
        # Two numbers for each sample, in the order of the samples: however they come in blocks.
        pairs = noise.random((*block.shape, 2))
        dithered = block * gain + (pairs[..., 0] - pairs[..., 1])
        yield np.floor(dithered + 0.5).astype("<i2").tobytes()


def frames_of(
    pieces: Iterable[bytes], *, form: str, channels: int, limit: int = 0
) -> Iterator[Frames]:
    """
    Yield blocks of frames from interleaved samples, little-endian, in pieces of any size.

    Args:
        form: "s8", "s16", "s24" or "s32" for whole numbers, "f64" for [-1, 1).
        limit: After how many frames to stop, though more may come; 0 for none.
    """
    width = int(form[1:]) // 8 * channels
    rest, left = b"", limit
    for piece in pieces:
        data = rest + piece
        whole = len(data) - len(data) % width
        rest = data[whole:]
        block = _numbers(data[:whole], form).reshape(-1, channels)
        if limit:
            block = block[:left]
            left -= len(block)
        if len(block):
            yield block


def _numbers(data: bytes, form: str) -> Frames:
    if form == "f64":
        return np.frombuffer(data, "<f8") * STEPS
    if form == "s24":
        octets = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded = np.zeros((len(octets), 4), np.uint8)
        padded[:, 1:] = octets  # in the upper bits, so that the sign is right
        return padded.view("<i4").reshape(-1) / float(1 << 16)
    bits = int(form[1:])
    return np.frombuffer(data, f"<i{bits // 8}") * (2.0 ** (16 - bits))
