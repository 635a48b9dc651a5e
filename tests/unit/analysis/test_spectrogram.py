"""What a spectrogram shows of known signals."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pacd.analysis.colours import NAMES, ramp
from pacd.analysis.spectrogram import FLOOR_DB, Spectrogram
from pacd.domain.figure import Figure
from pacd.settings.kinds import COLORS

RATE_HZ = 44_100
FULL = 32_768.0
WIDTH, HEIGHT = 200, 441  # 50 Hz a row


def sine(hertz: float, seconds: float, *, amplitude: float = FULL) -> NDArray[np.float32]:
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * hertz * time_s)).astype(np.float32)[None]


def figure_of(samples: NDArray[np.float32], piece: int = 10_007) -> Figure:
    spectrogram = Spectrogram(RATE_HZ, WIDTH, HEIGHT)
    for start in range(0, samples.shape[1], piece):
        spectrogram.add(samples[:, start : start + piece])
    return spectrogram.figure("rainbow")


def levels(figure: Figure) -> NDArray[np.float64]:
    """What the colours stand for, in dB: (rows from the top, columns)."""
    colours = {tuple(colour): number for number, colour in enumerate(ramp("rainbow").tolist())}
    pixels = np.frombuffer(figure.pixels, np.uint8).reshape(figure.height * figure.width, 3)
    shades = np.array([colours[tuple(pixel)] for pixel in pixels.tolist()])
    return FLOOR_DB * (1 - shades.reshape(figure.height, figure.width) / 255)


def row_of(hertz: float) -> int:
    return HEIGHT - 1 - int(hertz / (RATE_HZ / 2) * HEIGHT)


@pytest.mark.parametrize("hertz", [60, 1_000, 8_020, 16_030, 21_900])
def test_a_sine_lands_on_its_row(hertz: float) -> None:
    """A5: a tone is a line at its frequency, at its level."""
    shown = levels(figure_of(sine(hertz, 5)))[:, 5:-5]

    assert abs(int(shown.mean(axis=1).argmax()) - row_of(hertz)) <= 1
    assert abs(shown.max()) < 2.0
    assert shown[row_of((hertz + 9_000) % 20_000)].max() < -100


def test_levels_are_below_full_scale() -> None:
    """A5: the legend's dB are those of a sine against full scale."""
    shown = levels(figure_of(sine(5_000, 3, amplitude=FULL / 100)))[:, 5:-5]

    assert pytest.approx(-40, abs=1.5) == shown.max()


def test_the_edge_of_a_low_pass_is_seen_at_its_row() -> None:
    """A5: what an encoder cut off is dark, what it left is not."""
    dice = np.random.default_rng(1)
    spectrum = np.fft.rfft(dice.normal(0, 3_000, 6 * RATE_HZ))
    spectrum[16_000 * 6 :] = 0
    shown = levels(figure_of(np.fft.irfft(spectrum).astype(np.float32)[None]))[:, 5:-5]

    rows = shown.mean(axis=1)
    edge = int((rows > (rows.min() + rows.max()) / 2).argmax())
    assert abs(edge - row_of(16_000)) <= 2
    assert rows[: row_of(16_300)].max() < -105
    assert rows[row_of(15_700) :].min() > -70


def test_time_runs_to_the_right() -> None:
    """A5: what sounds in the second half is in the right half."""
    silence = np.zeros((1, 4 * RATE_HZ), np.float32)
    figure = figure_of(np.concatenate((silence, sine(3_000, 4)), axis=1))

    line = levels(figure)[row_of(3_000)]
    assert 8.0 == figure.seconds
    assert FLOOR_DB == line[: WIDTH // 2 - 2].max()
    assert line[WIDTH // 2 + 2 : -2].min() > -3


@pytest.mark.parametrize("seconds", [0.01, 0.5, 3, 40])
def test_resolution_is_exact_however_long_it_is(seconds: float) -> None:
    """A5: `resolution` is honoured."""
    figure = figure_of(sine(1_000, seconds))

    assert (WIDTH, HEIGHT) == (figure.width, figure.height)
    assert WIDTH * HEIGHT * 3 == len(figure.pixels)
    assert 256 * 3 == len(figure.legend)
    assert levels(figure).max() > -12


def test_nothing_at_all_is_dark() -> None:
    """A5: a file without samples has a picture too."""
    figure = Spectrogram(RATE_HZ, WIDTH, HEIGHT).figure("rainbow")

    assert FLOOR_DB == levels(figure).max()
    assert 0 == figure.seconds


def test_pieces_do_not_show() -> None:
    """A5: how the decoder cuts the stream has no influence."""
    dice = np.random.default_rng(2)
    noise = dice.normal(0, 1_000, (2, 7 * RATE_HZ)).astype(np.float32)

    assert figure_of(noise, 4_096) == figure_of(noise, 1_000_000) == figure_of(noise, 999)


def test_both_channels_are_seen() -> None:
    """A5: what is on one side, or on both sides with opposite signs, is not lost."""
    tone = sine(2_000, 3)
    opposite = levels(figure_of(np.concatenate((tone, -tone))))
    one_side = levels(figure_of(np.concatenate((tone, 0 * tone))))

    assert abs(opposite.max()) < 2.0
    assert pytest.approx(-3, abs=2) == one_side.max()


def test_ten_hours_take_no_more_memory_than_a_minute() -> None:
    """A5, X2: a long file does not fill the machine."""
    small = Spectrogram(800, 64, 64)
    piece = np.random.default_rng(3).normal(0, 100, (1, 360 * 800)).astype(np.float32)
    sizes = []
    for _piece in range(100):
        small.add(piece)
        sizes.append(small.held_bytes)

    assert max(sizes) <= 200_000
    assert 36_000 == small.figure("magma").seconds


def test_settings_know_the_colours() -> None:
    """A5: each colour map may be set, and each that may be set exists."""
    assert COLORS == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_colours_rise_with_the_level(name: str) -> None:
    """A5: each colour map tells a loud sound from a quiet one."""
    colours = ramp(name)

    assert (256, 3) == colours.shape
    steps = np.abs(np.diff(colours.astype(int), axis=0)).sum(axis=1)
    assert steps.max() <= 32
    assert len({tuple(colour) for colour in colours.tolist()}) > 128
