"""The filterbank of MP3, held against what the standard promises of it."""

import numpy as np

from pacd.analysis.hybrid import GRANULE, SPAN, responses, window
from tests.unit.analysis.granules import music

_LINES = (70, 161, 290, 415)


def test_the_window_is_the_standards() -> None:
    """A2: known coefficients, and the signs of ISO/IEC 11172-3, table C.1."""
    table = window()
    known = {0: 0.0, 1: -0.000000477, 92: -0.000116348, 192: 0.003134727, 256: 0.035780907}
    mirror = np.where(np.arange(1, 256) % 64, -1, 1)

    assert 512 == len(table)
    assert known == {at: round(float(table[at]), 9) for at in known}
    assert np.array_equal(table[257:], (mirror * table[1:256])[::-1])


def test_lines_hear_nothing_of_each_other() -> None:
    """A2: granules that overlap are orthogonal, so what was zero is zero again (90 dB)."""
    bank = responses()[list(_LINES)]
    every = responses()

    same = bank @ every.T
    apart = [bank[:, at:] @ every[:, : SPAN - at].T for at in range(GRANULE, SPAN, GRANULE)]

    expected = np.eye(GRANULE)[list(_LINES)]
    assert np.abs(same - expected).max() < 5e-5
    assert max(float(np.abs(each).max()) for each in apart) < 5e-5


def test_decoding_gives_back_the_lines() -> None:
    """A2: analysis at the right place undoes synthesis."""
    lines, bank = music(granules=5), responses()
    sound = np.zeros(5 * GRANULE + SPAN, np.float32)
    for at, granule in enumerate(lines @ bank):
        sound[at * GRANULE : at * GRANULE + SPAN] += granule

    heard = bank @ sound[2 * GRANULE : 2 * GRANULE + SPAN]

    assert np.abs(heard - lines[2]).max() < 1.0


def test_a_line_hears_its_own_pitch() -> None:
    """A2: line k answers to (k + 1/2) / 1152 of the rate, in upside-down subbands too."""
    spectra = np.abs(np.fft.rfft(responses()[list(_LINES)], 1 << 16))

    pitches = spectra.argmax(axis=1) / (1 << 16) * 2 * GRANULE

    assert [round(float(each)) for each in pitches - 0.5] == list(_LINES)
