"""The choice of passages."""

import numpy as np

from pacd.analysis.passages import PASSAGE, SLAB, Passages
from tests.unit.analysis.sounds import noise


def test_keeps_a_bounded_number_of_any_length() -> None:
    """A2: ten hours cost no more memory than ten minutes."""
    slab = noise(SLAB / 44_100, channels=1)
    passages = Passages()
    for number in range(3_000):
        passages.add(number * SLAB, slab)
    chosen = passages.chosen()

    assert 32 <= len(chosen) < 64
    assert max(passage.start for passage in chosen) > 2_900 * SLAB


def test_prefers_what_stays_loud() -> None:
    """A2: a passage with a gap in it shows less than one that is loud throughout."""
    sound = noise(SLAB / 44_100)
    sound[:, :PASSAGE] *= 0.1
    sound[:, 2 * PASSAGE :] *= 0.1
    passages = Passages()
    passages.add(SLAB, sound)

    chosen, *_quieter = passages.chosen()

    assert SLAB + PASSAGE == chosen.start
    np.testing.assert_array_equal(sound[:, PASSAGE : 2 * PASSAGE], chosen.samples)


def test_silence_has_none() -> None:
    """A2: nothing can be told of silence."""
    passages = Passages()
    passages.add(0, np.zeros((2, SLAB), np.float32))

    assert () == passages.chosen()


def test_prefers_what_does_not_clip() -> None:
    """A2: clipping after decoding spoils the zeros that a coder left."""
    sound = np.clip(noise(SLAB / 44_100), -5_000, 5_000)
    sound[:, 2 * PASSAGE : 3 * PASSAGE] *= 0.9
    passages = Passages()
    passages.add(0, sound)

    assert 2 * PASSAGE == passages.chosen()[0].start
