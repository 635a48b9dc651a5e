"""Covers from untrusted picture bytes."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pacd.files.covers import JPEG, MAX_PIXELS, PNG, CoverError, exported, scaled, sniff

KIB = 1024


def picture(
    form: str = "JPEG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture with some detail, so that its size follows its quality."""
    image = Image.effect_noise(size, 60).convert(mode)
    made = BytesIO()
    image.save(made, form, **options)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


@pytest.mark.parametrize(
    ("form", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
def test_bytes_tell_what_a_picture_is(form: str, mime: str) -> None:
    """F7: the kind follows the bytes, not what the tag claims."""
    assert mime == sniff(picture(form))


def test_a_fitting_baseline_jpeg_keeps_its_bytes() -> None:
    """M6: what a mirror can carry as it is, it carries as it is."""
    data = picture()

    assert (data, JPEG) == scaled(data, 300, len(data))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(picture(progressive=True), id="progressive"),
        pytest.param(picture(mode="CMYK"), id="cmyk"),
        pytest.param(picture(mode="L"), id="grey"),
        pytest.param(picture("PNG", mode="RGBA"), id="transparent"),
        pytest.param(picture("PNG", mode="P"), id="palette"),
        pytest.param(picture("PNG", mode="I;16"), id="deep-grey"),
        pytest.param(picture("GIF"), id="gif"),
        pytest.param(picture("WEBP"), id="webp"),
        pytest.param(picture("TIFF"), id="tiff"),
        pytest.param(picture("BMP"), id="bmp"),
        pytest.param(picture("AVIF"), id="avif"),
        pytest.param(picture(size=(3000, 10)), id="wide"),
        pytest.param(picture(size=(1, 1)), id="tiny"),
        pytest.param(picture(size=(900, 900), quality=98), id="heavy"),
    ],
)
def test_everything_else_becomes_a_small_baseline_jpeg(data: bytes) -> None:
    """M6: mirrors carry baseline RGB JPEG within art_max_px and art_max_kib."""
    made, mime = scaled(data, 250, 40 * KIB)
    image = opened(made)

    assert (JPEG, JPEG) == (mime, sniff(made))
    assert ("RGB", False) == (image.mode, "progressive" in image.info)
    assert max(image.size) <= 250
    assert len(made) <= 40 * KIB
    assert (made, JPEG) == scaled(made, 250, 40 * KIB)


def test_quality_goes_before_size() -> None:
    """M6: a picture is shrunk only when lower quality is not enough."""
    data = picture(size=(400, 400), quality=98)

    assert (400, 400) == opened(scaled(data, 0, len(data) * 2 // 3)[0]).size
    assert opened(scaled(data, 0, len(data) // 20)[0]).width < 400


def test_what_cannot_fit_is_an_error() -> None:
    """M6: no picture is better than one over the limit; the caller tells it as lost."""
    with pytest.raises(CoverError, match="as small as 100 bytes"):
        scaled(picture(), 1000, 100)


def test_a_turned_picture_stands_upright() -> None:
    """M6: the orientation a camera noted is applied when its note is dropped."""
    exif = Image.Exif()
    exif[0x0112] = 6

    assert (100, 150) == opened(scaled(picture(exif=exif), 150, 0)[0]).size


def test_deep_grey_is_not_burnt_out() -> None:
    """M6: 16-bit grey keeps its brightness."""
    made = BytesIO()
    Image.new("I;16", (64, 64), 0x4000).save(made, "PNG")
    pixel = opened(scaled(made.getvalue(), 0, 0)[0]).convert("L").getpixel((9, 9))

    assert pixel == pytest.approx(0x40, abs=2)


@pytest.mark.parametrize("progressive", [False, True])
def test_an_exported_jpeg_keeps_its_bytes(progressive: bool) -> None:
    """F7: JPEG keeps its bytes in the art root, also a progressive one within the limit."""
    data = picture(progressive=progressive)

    assert (data, JPEG) == exported(data, ".jpg", 0)
    assert (data, JPEG) == exported(data, ".jpg", 300)


@pytest.mark.parametrize(
    ("form", "extension", "mime"),
    [
        ("PNG", ".png", PNG),
        ("GIF", ".png", PNG),
        ("WEBP", ".jpg", JPEG),
        ("AVIF", ".jpg", JPEG),
        ("TIFF", ".jpg", JPEG),
        ("BMP", ".png", PNG),
        ("JPEG", ".png", PNG),
    ],
)
def test_exports_are_what_their_extension_says(form: str, extension: str, mime: str) -> None:
    """F7: other formats are converted; the extension and the bytes agree."""
    made, kind = exported(picture(form), extension, 0)

    assert (mime, mime, (300, 200)) == (kind, sniff(made), opened(made).size)


@pytest.mark.parametrize(("form", "extension"), [("JPEG", ".jpg"), ("PNG", ".png")])
def test_max_px_scales_an_export_down(form: str, extension: str) -> None:
    """F7: max_px bounds the longest side and keeps the shape and the kind."""
    made, mime = exported(picture(form), extension, 150)

    assert ((150, 100), mime) == (opened(made).size, sniff(made))


def test_transparency_survives_as_png() -> None:
    """F7: a transparent picture scaled down to PNG stays transparent."""
    image = ImageOps.expand(Image.new("RGBA", (90, 90), (255, 0, 0, 255)), 5, (0, 0, 0, 0))
    made = BytesIO()
    image.save(made, "PNG")

    assert "RGBA" == opened(exported(made.getvalue(), ".png", 50)[0]).mode


def test_a_decompression_bomb_is_refused_unopened() -> None:
    """X2: a few bytes that claim to be a huge picture cost nothing."""
    side = int(MAX_PIXELS**0.5)
    for factor in (1.2, 3):
        bomb = bytearray(picture("BMP", (2, 2)))
        bomb[18:22] = bomb[22:26] = int(side * factor).to_bytes(4, "little")
        with pytest.raises(CoverError, match="pixels"):
            scaled(bytes(bomb), 100, 0)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"https://example.org/a.jpg", id="link"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="program"),
        pytest.param(picture()[:700], id="cut"),
        pytest.param(b"\xff\xd8\xff" + bytes(100), id="empty-jpeg"),
        pytest.param(b"\xff" * 5000, id="fill-bytes"),
    ],
)
@pytest.mark.parametrize(
    "make", [lambda data: scaled(data, 99, 0), lambda data: exported(data, ".png", 0)]
)
def test_what_is_no_picture_is_a_typed_error(
    data: bytes, make: Callable[[bytes], tuple[bytes, str]]
) -> None:
    """X2: garbage, cut pictures and formats that run programs end as a sentence."""
    with pytest.raises(CoverError, match="the picture cannot be read"):
        make(data)


SEEDS = [picture(form, (24, 16)) for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.floats(0, 1),
)
def test_damaged_pictures_never_do_worse(
    seed: bytes, flips: list[tuple[float, int]], kept: float
) -> None:
    """X2, w54: whatever is wrong with a picture, it is a picture within limits or a CoverError."""
    data = bytearray(seed[: int(len(seed) * (0.3 + kept))])
    for place, value in flips:
        data[int(place * len(data))] = value
    try:
        made, mime = scaled(bytes(data), 100, 30 * KIB)
    except CoverError:
        return

    assert (JPEG, True) == (mime, len(made) <= 30 * KIB)
