"""A picture of sound before it has axes: what analysis paints and a file shows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A spectrogram's plot: time runs to the right, frequency upwards from 0.

    Attributes:
        width, height: Of the plot, in pixels.
        pixels: RGB, 8 bits each, row after row from the top.
        legend: The colours of the levels from `floor_db` to 0 dB, RGB like pixels.
        seconds: How much time the width is.
        top_hz: The frequency at the upper edge.
        floor_db: The lowest level that has a colour of its own; 0 dB is a sine at full scale.
    """

    width: int
    height: int
    pixels: bytes
    legend: bytes
    seconds: float
    top_hz: float
    floor_db: float
