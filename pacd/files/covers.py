"""Turns picture bytes from tags, which are hostile input, into covers; touches no file."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from types import ModuleType
from typing import TYPE_CHECKING, Final

from pacd.errors import FailureKind, PacError

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"

MAX_PIXELS: Final = 64_000_000  # 256 MB once decoded; an LP sleeve at 600 dpi has 55 million

# Magic numbers: ITU-T T.81 B.2.4.1, PNG 5.2, GIF89a 17, RFC 9649 2.4, BMP, TIFF 6.0 section 2.
_MAGIC: Final = (
    (0, b"\xff\xd8\xff", JPEG),
    (0, b"\x89PNG\r\n\x1a\n", PNG),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
)
# What Pillow may open: some of its other readers start programs (EPS) or follow names.
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_EXTENSIONS: Final = {".jpg": JPEG, ".png": PNG}

_QUALITIES: Final = (90, 82, 74, 66)
_EXPORT_QUALITY: Final = 95
_SHRINK: Final = 0.75
_SMALLEST_PX: Final = 32
_MAX_PROFILE_BYTES: Final = 16 * 1024  # a display profile has 0.5 to 4 KiB, a printer's a megabyte

# ITU-T T.81 table B.1: start of frame, baseline; the other starts of frame; markers without data.
_MARK: Final = 0xFF
_BASELINE: Final = 0xC0
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})

# What Pillow 13 was seen to raise for damaged pictures (tests/unit/files/test_cover_bytes.py).
_DAMAGE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class CoverError(PacError):
    """A picture cannot be read, or not be made to fit."""

    kind = FailureKind.BAD_PICTURE


def sniff(data: bytes) -> str:
    """The media type that a picture's bytes show; "" for none that is known."""
    for offset, magic, mime in _MAGIC:
        if data.startswith(magic, offset):
            return mime
    return ""


def exported(data: bytes, extension: str, max_px: int) -> tuple[bytes, str]:
    """
    Prepare a picture for the art root (F7).

    JPEG and PNG keep their bytes, unless they are larger than the limit or the
    extension asks for the other of the two.

    Args:
        extension: ".jpg" or ".png"; what the result has to be.
        max_px: Longest side; 0 for no limit.

    Returns:
        The bytes and their media type.

    Raises:
        CoverError: It cannot be read.
    """
    wanted = _EXTENSIONS[extension]
    if sniff(data) == wanted and not max_px:
        return data, wanted
    with _opened(data) as image:
        if sniff(data) == wanted and max(image.size) <= max_px:
            return data, wanted
        longest = min(max(image.size), max_px or max(image.size))
        if wanted == JPEG:
            return _jpeg(_fitted(image, longest), _EXPORT_QUALITY), JPEG
        return _png(_fitted(image, longest, keep_alpha=True)), PNG


@lru_cache(maxsize=2)  # the tracks of an album come one after another, with the same cover
def scaled(data: bytes, max_px: int, max_bytes: int) -> tuple[bytes, str]:
    """
    Make a baseline RGB JPEG within limits, for a mirror (M6).

    A picture that is one already keeps its bytes.

    Args:
        max_px: Longest side; 0 for no limit.
        max_bytes: 0 for no limit.

    Raises:
        CoverError: It cannot be read, or not be made small enough.
    """
    with _opened(data) as image:
        longest = min(max(image.size), max_px or max(image.size))
        fits = longest == max(image.size) and len(data) <= (max_bytes or len(data))
        if fits and image.mode == "RGB" and _is_baseline(data):
            return data, JPEG
        return _jpeg_within(_fitted(image, longest), longest, max_bytes), JPEG


def _jpeg_within(image: "Image", longest: int, max_bytes: int) -> bytes:
    """Give up quality first, then size; image is shrunk in place."""
    while True:
        for quality in _QUALITIES:
            made = _jpeg(image, quality)
            if not max_bytes or len(made) <= max_bytes:
                return made
        longest = int(longest * _SHRINK)
        if longest < _SMALLEST_PX:
            raise CoverError(f"the picture cannot be made as small as {max_bytes} bytes")
        image.thumbnail((longest, longest))


@contextmanager
def _opened(data: bytes) -> Iterator["Image"]:
    """Open untrusted bytes; whatever goes wrong with them is a CoverError."""
    pillow = _pillow()
    kind = sniff(data)
    readable = [form for form in _FORMATS if form in pillow.OPEN]
    if kind == "image/avif" and not _reads_avif():
        raise CoverError("the picture is AVIF, which this Pillow was built without")
    try:
        with warnings.catch_warnings():
            # Pillow only warns of pictures up to twice the limit, and of odd metadata.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", pillow.DecompressionBombWarning)
            with pillow.open(BytesIO(data), formats=readable) as image:
                yield image
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning) as error:
        message = f"the picture has more than {MAX_PIXELS} pixels"
        raise CoverError(message, words=str(error)) from error
    except _DAMAGE as error:
        message = f"the picture cannot be read as {kind or 'any known format'}"
        raise CoverError(message, words=f"{type(error).__name__}: {error}") from error


def _pillow() -> ModuleType:
    # Imported late: 10 MB that the daemon itself has no use for, only its workers.
    from PIL import Image  # noqa: PLC0415  # see above

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    Image.init()
    return Image


def _reads_avif() -> bool:
    from PIL import features  # noqa: PLC0415  # as in _pillow()

    return bool(features.check("avif"))


def _fitted(image: "Image", longest: int, *, keep_alpha: bool = False) -> "Image":
    """A copy in RGB (or RGBA) upright and at most so long; transparent parts turn white."""
    from PIL import Image as pillow  # noqa: PLC0415, N813  # as in _pillow()
    from PIL import ImageOps  # noqa: PLC0415  # as in _pillow()

    profile = image.info.get("icc_profile", b"") if image.mode == "RGB" else b""
    image.draft("RGB", (longest, longest))
    ImageOps.exif_transpose(image, in_place=True)
    has_alpha = image.has_transparency_data
    if image.mode.startswith("I"):  # 16-bit grey, which convert() cuts off at 255
        made = image.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    else:
        made = image.convert("RGBA" if has_alpha else "RGB")
    made.thumbnail((longest, longest), pillow.Resampling.LANCZOS)
    if has_alpha and not keep_alpha:
        white = pillow.new("RGB", made.size, "white")
        white.paste(made, mask=made.getchannel("A"))
        made = white
    made.info = {"icc_profile": profile} if 0 < len(profile) <= _MAX_PROFILE_BYTES else {}
    return made


def _jpeg(image: "Image", quality: int) -> bytes:
    made = BytesIO()
    # Not progressive: Rockbox shows baseline JPEG only (facts: 4.2).
    image.save(
        made,
        "JPEG",
        quality=quality,
        optimize=True,
        progressive=False,
        icc_profile=image.info.get("icc_profile"),
    )
    return made.getvalue()


def _png(image: "Image") -> bytes:
    made = BytesIO()
    image.save(made, "PNG", optimize=True, icc_profile=image.info.get("icc_profile"))
    return made.getvalue()


def _is_baseline(data: bytes) -> bool:
    """Whether a JPEG's frame is a baseline one; arithmetic and progressive ones are not."""
    at = 2
    while at + 4 <= len(data) and data[at] == _MARK:
        marker = data[at + 1]
        if marker in _FRAMES:
            return marker == _BASELINE
        fill = marker == _MARK
        at += 1 if fill else 2
        if not fill and marker not in _BARE:
            at += int.from_bytes(data[at : at + 2], "big")
    return False
