"""What tests look at in an output."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.oggopus
from PIL import Image


def tags(base: Path) -> list[tuple[str, str]]:
    """Comments as mutagen reads them, PAC's own left out."""
    opened: Any = mutagen.oggopus.OggOpus(output(base))
    return [(key.upper(), value) for key, value in opened.tags if not key.startswith("PAC_")]


def pictures(base: Path) -> list[mutagen.flac.Picture]:
    """Pictures as players find them."""
    return [
        mutagen.flac.Picture(b64decode(value))
        for key, value in tags(base)
        if key == "METADATA_BLOCK_PICTURE"
    ]


def jpeg(width: int = 300, height: int = 200, **options: bool) -> bytes:
    made = BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(made, "JPEG", **options)
    return made.getvalue()


def leftovers(base: Path) -> list[str]:
    """Every file in the mirror."""
    return [path.name for path in (base / "mirror").rglob("*") if path.is_file()]


def output(base: Path) -> Path:
    return base / "mirror" / "a" / "b.opus"
