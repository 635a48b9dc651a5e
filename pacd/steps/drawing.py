"""Draws the spectrogram of a suspect; writes below the analysis root and nowhere else (A5)."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pacd.domain.media import Track
from pacd.domain.policy import SpectrogramPolicy
from pacd.errors import PacError
from pacd.files.ownership import make_folder
from pacd.files.spectrograms import drawn, plot_size, save_spectrogram
from pacd.planning.spectrograms import spectrogram_target
from pacd.steps.hearing import FAULTS

_FRAMES: Final = 1 << 16
"""Taken at once: a piece of a pipe is smaller."""


class Canvas:
    """Takes a master's samples piece by piece, and paints them; bounded memory."""

    def __init__(self, track: Track, wishes: SpectrogramPolicy) -> None:
        """
        Raises:
            PacError: The settings name a colour map that there is none of.
        """
        from pacd.analysis import colours, pcm, spectrogram  # noqa: PLC0415  # numpy, as in hearing

        if wishes.color not in colours.NAMES:
            raise PacError(
                f"there is no colour map {wishes.color}; there are {', '.join(colours.NAMES)}"
            )
        self._track, self._wishes = track, wishes
        self._frame_bytes = track.audio.bits_per_sample // 8 * track.audio.channels
        self._rest = bytearray()
        self._channels_of = pcm.channels_of
        width, height = plot_size(wishes.width_px, wishes.height_px)
        self._plot = spectrogram.Spectrogram(track.audio.sample_rate_hz, width, height)

    def add(self, samples: bytes) -> None:
        """Take the next piece; it may be cut anywhere."""
        self._rest += samples
        if len(self._rest) >= _FRAMES * self._frame_bytes:
            self._paint()

    def picture(self) -> bytes:
        """Make a PNG of all that was added; nothing may be added afterwards."""
        self._paint()
        figure = self._plot.figure(self._wishes.color)
        tags = self._track.tags
        title = " - ".join(filter(None, (tags.first("ARTIST"), tags.first("TITLE"))))
        return drawn(figure, self._wishes.width_px, self._wishes.height_px, title)

    def _paint(self) -> None:
        whole = len(self._rest) - len(self._rest) % self._frame_bytes
        audio = self._track.audio
        if whole:
            samples = self._rest[:whole]
            self._plot.add(self._channels_of(samples, audio.bits_per_sample, audio.channels))
            del self._rest[:whole]


def draw(
    track: Track, wishes: SpectrogramPolicy, decode: Callable[[Callable[[bytes], object]], None]
) -> tuple[Path | None, str]:
    """
    Draw what is decoded, and put the picture in its place.

    That there is none is no reason to try for ever, nor to hold anything up.

    Args:
        decode: Gives all samples to what it gets, or raises.

    Returns:
        Where it lies, absolute, and ""; or None and the reason.
    """
    target = wishes.root / spectrogram_target(track)
    try:
        canvas = Canvas(track, wishes)
        decode(canvas.add)
        make_folder(wishes.root)
        save_spectrogram(canvas.picture(), target, root=wishes.root)
    except OSError as error:
        return None, f"{target}: {error.strerror or error}"
    except (PacError, *FAULTS) as error:
        return None, str(error)
    return target, ""
