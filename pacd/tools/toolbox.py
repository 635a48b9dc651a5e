"""Finds the programs PAC calls, once; the result is sent to every worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.flac import Flac
from pacd.tools.opusenc import Opusenc

OPUS_REMEDY: Final = "apt install opus-tools (or ffmpeg, where it has libopus)"


class OpusEncoder(Protocol):
    """
    A program that makes Opus.

    Attributes:
        reads_flac: Whether it may be given no decoder.
    """

    @property
    def reads_flac(self) -> bool: ...

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        ...

    def encode(
        self,
        source: BinaryIO,
        target: Path,
        *,
        bitrate_kbps: int,
        channels: int,
        timeout_s: float,
        decoder: Sequence[str | Path],
    ) -> None:
        """
        Encode a FLAC file without its tags and pictures.

        Raises:
            ToolError: The encoder or the decoder failed.
            OSError: The disk takes no more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Toolbox:
    """
    The programs that are there.

    Attributes:
        opusenc: None where it is missing.
        ffmpeg: None where it is missing or has no libopus.
    """

    flac: Flac
    opusenc: Opusenc | None
    ffmpeg: Ffmpeg | None

    @property
    def opus(self) -> OpusEncoder | None:
        """The one that makes Opus: opusenc, else ffmpeg (M2)."""
        return self.opusenc or self.ffmpeg

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each program, by its name."""
        found = {"flac": self.flac, "opusenc": self.opusenc, "ffmpeg": self.ffmpeg}
        return {name: tool.version for name, tool in found.items() if tool}


def find_tools(flac: Flac | None = None) -> Toolbox:
    """
    Look for all programs.

    Args:
        flac: Taken as it is; it is looked for without.

    Raises:
        PreflightError: One that PAC cannot do without is missing.
    """
    return Toolbox(flac or Flac.find(), Opusenc.find(), Ffmpeg.find())
