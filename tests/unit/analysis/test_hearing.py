"""What reaches the daemon of what was heard."""

import math
import pickle

import numpy as np

from pacd.steps.hearing import _plain


def test_numbers_are_plain() -> None:
    """B4, S2: no type of numpy leaves a worker: the daemon would load it to read them."""
    heard = {
        "edge_hz": np.float32(0.5),
        "bits": [np.int64(16), 16],
        "pair": (np.bool_(True), None),
        "codec": "MP3",
        "floor": -math.inf,
        "inner": {"z": np.array([3.5])},
    }
    found = _plain(heard)

    assert {
        "edge_hz": 0.5,
        "bits": [16, 16],
        "pair": [True, None],
        "codec": "MP3",
        "floor": -math.inf,
        "inner": {"z": 3.5},
    } == found
    assert b"numpy" not in pickle.dumps(found)
