"""Gives audio to encoders of AAC, as a step does."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pacd.files.probe import read_track
from pacd.tools.toolbox import AacEncoder

TIMEOUT_S: Final = 120.0
DECODER: Final = ("flac", "--decode", "--stdout", "--silent", "-")


def pcm_of(path: Path) -> bytes:
    """What ffmpeg plays, in 16 bits; the edit list's beginning is heard, its end is not."""
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a"]
    return subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, check=True).stdout


def encode(
    encoder: AacEncoder,
    source: Path,
    target: Path,
    *,
    quality: int = 4,
    timeout_s: float = TIMEOUT_S,
    decoder: Sequence[str | Path] = DECODER,
) -> None:
    """Encode what flac decodes."""
    with source.open("rb") as file:
        file.read(100)
        encoder.encode(
            file,
            target,
            quality=quality,
            audio=read_track(source).audio,
            timeout_s=timeout_s,
            decoder=decoder,
        )
