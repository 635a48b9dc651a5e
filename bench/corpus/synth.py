"""Plays music that nobody recorded: strings, bells, plucks and noise, with energy up to Nyquist."""

from collections.abc import Callable

import numpy as np

from bench.corpus.sounds import Samples, Sound

_SCALE = (0, 2, 3, 5, 7, 8, 10)
_TABLE = 4096


def player(seed: int, seconds: int) -> Callable[[int], Sound]:
    """A piece at any rate; the seed says which."""
    return lambda rate_hz: _play(np.random.default_rng(seed), seconds, rate_hz)


def _play(dice: np.random.Generator, seconds: int, rate_hz: int) -> Sound:
    song = np.zeros((2, seconds * rate_hz), np.float32)
    beat_s = 60 / dice.uniform(60, 150)
    root_hz = 55 * 2 ** (dice.integers(0, 12) / 12)
    voices = (_string, _bell, _pluck)
    for voice in dice.permutation(3)[: dice.integers(2, 4)]:
        tilt, octave = dice.uniform(0.8, 2.2), dice.integers(1, 4)
        start_s = 0.0
        while start_s < seconds:
            length_s = beat_s * dice.choice([0.5, 1, 2, 4])
            for degree in dice.choice(len(_SCALE), dice.integers(1, 4)):
                hertz = root_hz * 2 ** (octave + _SCALE[degree] / 12)
                note = voices[voice](dice, hertz, length_s * 1.5, rate_hz, tilt)
                _add(song, note, int(start_s * rate_hz), dice.uniform(0.2, 0.8))
            start_s += length_s
    for start_s in np.arange(0, seconds, beat_s / 2):
        if dice.random() < 0.6:
            burst = _noise(dice, dice.choice([0.03, 0.1, 0.3]), rate_hz)
            _add(song, burst * np.float32(0.7), int(start_s * rate_hz), dice.uniform(0.3, 0.7))
    return Sound(_in_a_room(dice, song, rate_hz), rate_hz)


def _add(song: Samples, note: Samples, start: int, balance: float) -> None:
    size = min(note.size, song.shape[1] - start)
    song[0, start : start + size] += note[:size] * np.float32(1 - balance)
    song[1, start : start + size] += note[:size] * np.float32(balance)


def _string(
    dice: np.random.Generator, hertz: float, length_s: float, rate_hz: int, tilt: float
) -> Samples:
    """Three saws a little out of tune; harmonics up to Nyquist fall with the tilt."""
    harmonics = np.arange(1, min(int(rate_hz / 2 / hertz), _TABLE // 2))
    spectrum = np.zeros(_TABLE // 2 + 1, complex)
    phases = dice.uniform(0, 2 * np.pi, harmonics.size)
    spectrum[harmonics] = harmonics**-tilt * np.exp(1j * phases)
    table = np.fft.irfft(spectrum) * _TABLE
    time = np.arange(int(length_s * rate_hz))
    note = np.zeros(time.size)
    for detuned in hertz * np.array([0.996, 1, 1.004]):
        note += np.interp(time * (detuned * _TABLE / rate_hz) % _TABLE, np.arange(_TABLE), table)
    rise = np.minimum(1, time / (0.05 * rate_hz))
    return (note * rise * np.minimum(1, (time[::-1]) / (0.1 * rate_hz)) * 0.1).astype(np.float32)


def _bell(
    dice: np.random.Generator, hertz: float, length_s: float, rate_hz: int, tilt: float
) -> Samples:
    """Frequency modulation that calms down."""
    time_s = np.arange(int(length_s * rate_hz)) / rate_hz
    depth = dice.uniform(1, 8) / tilt * np.exp(-3 * time_s / length_s)
    inner = np.sin(2 * np.pi * hertz * dice.choice([1.41, 2, 3.5]) * time_s)
    note = np.sin(2 * np.pi * hertz * time_s + depth * inner)
    faded: Samples = (note * np.exp(-4 * time_s / length_s) * 0.4).astype(np.float32)
    return faded


def _pluck(
    dice: np.random.Generator, hertz: float, length_s: float, rate_hz: int, tilt: float
) -> Samples:
    """Karplus and Strong's string: a burst of noise that goes round and is smoothed each time."""
    period = max(2, int(rate_hz / hertz))
    turn = dice.uniform(-1, 1, period)
    turns = []
    weight = 0.5 + 0.15 / tilt
    for _round in range(int(length_s * rate_hz) // period + 1):
        turns.append(turn)
        turn = 0.998 * (weight * turn + (1 - weight) * np.roll(turn, 1))
    return (np.concatenate(turns) * 0.4).astype(np.float32)


def _noise(dice: np.random.Generator, length_s: float, rate_hz: int) -> Samples:
    time = np.arange(int(4 * length_s * rate_hz))
    return (dice.normal(0, 0.4, time.size) * np.exp(-time / (length_s * rate_hz))).astype(
        np.float32
    )


def _in_a_room(dice: np.random.Generator, song: Samples, rate_hz: int) -> Samples:
    """Reverberation: noise that dies away, other on each side."""
    tail = int(dice.uniform(0.3, 2.0) * rate_hz)
    decay = np.exp(-6 * np.arange(tail) / tail)
    wet = np.float32(dice.uniform(0.0, 0.05))
    size = 1 << (song.shape[1] + tail).bit_length()
    echo = dice.normal(0, 1, (2, tail)) * decay
    spectrum = np.fft.rfft(song, size) * np.fft.rfft(echo.astype(np.float32), size)
    room: Samples = np.fft.irfft(spectrum, size)[:, : song.shape[1]].astype(np.float32)
    return song + wet * room
