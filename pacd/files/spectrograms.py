"""Draws axes around a spectrogram and writes the picture as PNG (A5)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pacd.domain.figure import Figure
from pacd.files.atomic import creating, observe, open_own
from pacd.files.folders import entered
from pacd.files.ownership import give

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 92, 28, 26  # pixels around the plot, for text of this size
_TEXT_PX: Final = 13
_LEGEND_PX: Final = 14
_TICK_PX: Final = 4
_APART_PX: Final = 30  # ticks are no closer than this; those of time twice and a half
_SMALLEST_PLOT_PX: Final = 64
"""What a plot keeps in both directions, or else it has the whole picture and no axes."""

_BACKGROUND: Final = (16, 16, 20)
_INK: Final = (220, 220, 220)

_HERTZ_STEPS: Final = (100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
_SECOND_STEPS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200)
_DECIBEL_STEPS: Final = (10, 20, 40, 60, 120)
_MINUTE_S: Final = 60
_SHORT_S: Final = 10
"""What is shorter is told in tenths of a second."""

_TITLE_CHARS: Final = 500
_KHZ: Final = 1_000


def plot_size(width: int, height: int) -> tuple[int, int]:
    """How large the plot has to be for a picture of this size, in pixels."""
    inner = (width - _LEFT - _RIGHT, height - _TOP - _BOTTOM)
    return inner if min(inner) >= _SMALLEST_PLOT_PX else (width, height)


def drawn(figure: Figure, width: int, height: int, title: str) -> bytes:
    """
    Make a PNG of exactly that size.

    Args:
        figure: Of `plot_size(width, height)`.
        title: Any text; what is too long for one line is cut off.
    """
    # Imported late: 10 MB that the daemon itself has no use for, only its workers.
    from PIL import Image, ImageDraw  # noqa: PLC0415  # see above

    plot = Image.frombytes("RGB", (figure.width, figure.height), figure.pixels)
    if plot.size == (width, height):
        return _png(plot)
    picture = Image.new("RGB", (width, height), _BACKGROUND)
    picture.paste(plot, (_LEFT, _TOP))
    colours = Image.frombytes("RGB", (1, len(figure.legend) // 3), figure.legend)
    bar = colours.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((_LEGEND_PX, figure.height))
    picture.paste(bar, (_LEFT + figure.width + _LEGEND_PX, _TOP))
    sheet = _Sheet(ImageDraw.Draw(picture), _font(), figure)
    sheet.title(title, width - _LEFT)
    sheet.frequencies()
    sheet.times()
    sheet.levels(_LEFT + figure.width + 2 * _LEGEND_PX)
    return _png(picture)


def save_spectrogram(picture: bytes, target: Path, *, root: Path) -> None:
    """
    Put a picture in its place below root, whole or not at all; an older one gives way.

    Raises:
        MissingRootError, StrayPathError, CollisionError, SourceChangedError: As
            `files.atomic.creating` says.
    """
    try:
        standing = observe(target)
    except FileNotFoundError:
        standing = None
    for folder in reversed(target.relative_to(root).parents):
        with entered(root, root / folder, make=True) as made:
            give(made, root)
    with creating(target, root=root, expected=standing) as scratch, open_own(scratch) as file:
        give(file.fileno(), root)
        file.write(picture)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A picture with its plot in place; writes around it."""

    draw: "ImageDraw"
    font: "FreeTypeFont | ImageFont"
    figure: Figure

    @property
    def bottom(self) -> int:
        return _TOP + self.figure.height

    def title(self, text: str, room: int) -> None:
        """One line above the plot."""
        line = "".join(char if char.isprintable() else " " for char in text)[:_TITLE_CHARS]
        kept = len(line)
        while kept and self.draw.textlength(_cut(line, kept), self.font) > room:
            kept -= 1
        self._text(_LEFT, _TOP // 2, _cut(line, kept), "lm")

    def frequencies(self) -> None:
        """Hz or kHz to the left, from 0 at the bottom."""
        top_hz, height = self.figure.top_hz, self.figure.height
        for hertz in _ticks(top_hz, _HERTZ_STEPS, height / _APART_PX):
            y = self.bottom - round(hertz / top_hz * height)
            self.draw.line((_LEFT - _TICK_PX, y, _LEFT - 1, y), _INK)
            self._text(_LEFT - 2 * _TICK_PX, y, _hertz(hertz), "rm")

    def times(self) -> None:
        """Minutes and seconds below, from 0 at the left."""
        seconds, width = self.figure.seconds, self.figure.width
        for time_s in _ticks(seconds, _SECOND_STEPS, width / _APART_PX / 2.5):
            x = _LEFT + round(time_s / (seconds or 1) * width)
            self.draw.line((x, self.bottom, x, self.bottom + _TICK_PX - 1), _INK)
            self._text(x, self.bottom + _TICK_PX + 2, _clock(time_s, seconds), "mt")

    def levels(self, left: int) -> None:
        """What the colours to the right stand for, in dB below full scale."""
        depth_db = -self.figure.floor_db
        for below_db in _ticks(depth_db, _DECIBEL_STEPS, self.figure.height / _APART_PX):
            y = _TOP + round(below_db / depth_db * self.figure.height)
            text = f"-{below_db:.0f} dB" if below_db else "0 dB"
            self._text(left + _TICK_PX, y, text, "lm")

    def _text(self, x: float, y: float, text: str, anchor: str) -> None:
        self.draw.text((x, y), text, _INK, self.font, anchor=anchor)


def _cut(line: str, kept: int) -> str:
    return line if kept == len(line) else line[:kept] + "…"


def _ticks(end: float, steps: Sequence[float], room: float) -> list[float]:
    """From 0 to the end in the smallest steps of which there are no more than there is room for."""
    fitting = (step for step in steps if end / step <= room)
    step = next(fitting, steps[-1] * max(1, math.ceil(end / steps[-1] / max(room, 1))))
    return [number * step for number in range(int(end / step) + 1)]


def _hertz(hertz: float) -> str:
    return f"{hertz / _KHZ:g} kHz" if hertz >= _KHZ else f"{hertz:.0f} Hz"


def _clock(time_s: float, end_s: float) -> str:
    if end_s < _SHORT_S:
        return f"{time_s:.1f} s"
    minutes, seconds = divmod(round(time_s), _MINUTE_S)
    hours, rest = divmod(minutes, _MINUTE_S)
    return f"{hours}:{rest:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _font() -> "FreeTypeFont | ImageFont":
    """DejaVu Sans, which has most alphabets, where it is installed; else Pillow's own."""
    from PIL import ImageFont  # noqa: PLC0415  # as in drawn()

    try:
        return ImageFont.truetype("DejaVuSans.ttf", _TEXT_PX)
    except OSError:
        return ImageFont.load_default(_TEXT_PX)


def _png(picture: "Image") -> bytes:
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()
