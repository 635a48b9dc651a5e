"""What is drawn around a spectrogram, and how it reaches the disk."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pacd.domain.figure import Figure
from pacd.files.folders import MissingRootError
from pacd.files.spectrograms import drawn, plot_size, save_spectrogram

BLUE, RED = (0, 0, 255), (255, 0, 0)


def figure(width: int, height: int, seconds: float, top_hz: float) -> Figure:
    ramp = b"".join(bytes((level, 0, 255 - level)) for level in range(256))
    return Figure(width, height, bytes(BLUE) * (width * height), ramp, seconds, top_hz, -120)


def picture(
    width: int, height: int, title: str = "", *, seconds: float = 240, top_hz: float = 22_050
) -> Image.Image:
    shown = figure(*plot_size(width, height), seconds, top_hz)
    data = drawn(shown, width, height, title)
    made = Image.open(BytesIO(data))
    assert "PNG" == made.format
    made.load()
    return made


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (1920, 1080), (300, 200), (4096, 100)])
def test_resolution_is_exact(size: tuple[int, int]) -> None:
    """A5: `resolution` is the picture's size, axes and all."""
    assert size == picture(*size, "Artist - Title").size


@pytest.mark.parametrize("size", [(10, 10), (1280, 60), (100, 720)])
def test_a_small_picture_is_all_plot(size: tuple[int, int]) -> None:
    """A5: axes that have no room are left out."""
    made = picture(*size, "Artist - Title")

    assert size == made.size
    assert [(size[0] * size[1], BLUE)] == made.getcolors()


def test_the_plot_stands_whole_among_its_axes() -> None:
    """A5: nothing is written over the evidence."""
    made = picture(1280, 720, "Artist - Title")

    left = next(x for x in range(1280) if made.getpixel((x, 360)) == BLUE)
    top = next(y for y in range(720) if made.getpixel((640, y)) == BLUE)
    width, height = plot_size(1280, 720)
    plot = made.crop((left, top, left + width, top + height))
    assert [(width * height, BLUE)] == plot.getcolors()


def test_the_legend_rises() -> None:
    """A5: the loudest colour is at the top, the darkest at the bottom."""
    made = picture(1280, 720)

    column = next(x for x in range(1279, 0, -1) if made.getpixel((x, 28)) == RED)
    assert BLUE == made.getpixel((column, 28 + plot_size(1280, 720)[1] - 1))


def test_axes_tell_one_file_from_another() -> None:
    """A5: frequency, time and title are written."""
    plain = picture(1280, 720).tobytes()

    assert plain != picture(1280, 720, top_hz=48_000).tobytes()
    assert plain != picture(1280, 720, seconds=3).tobytes()
    assert plain != picture(1280, 720, "Title").tobytes()


@pytest.mark.parametrize("title", ["x" * 100_000, "a\nb\0c\x1b[31m", "漢字 \u202e מה", "\ud800"])
def test_hostile_titles(title: str) -> None:
    """A5, X2: any title is one line."""
    assert (640, 480) == picture(640, 480, title).size


@pytest.mark.parametrize("seconds", [0.0, 0.001, 3, 36_000, 1e7])
def test_any_length(seconds: float) -> None:
    """A5: from a click to days."""
    assert (640, 480) == picture(640, 480, seconds=seconds).size


def test_save_replaces_an_older_one(tmp_path: Path) -> None:
    """A5: folders are made as needed, and the picture is there whole."""
    target = tmp_path / "Artist" / "Album" / "01 Title.png"
    save_spectrogram(b"old", target, root=tmp_path)
    save_spectrogram(b"new", target, root=tmp_path)

    assert b"new" == target.read_bytes()
    assert [target] == [path for path in tmp_path.rglob("*") if path.is_file()]


def test_save_makes_no_root(tmp_path: Path) -> None:
    """A5, W3: a root that is not mounted is not filled."""
    with pytest.raises(MissingRootError):
        save_spectrogram(b"new", tmp_path / "gone" / "a.png", root=tmp_path / "gone")

    assert [] == list(tmp_path.iterdir())
