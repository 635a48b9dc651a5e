"""Finds the programs PAC calls, once; the result is sent to every worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from pacd.domain.media import AudioFormat, Codec
from pacd.tools.fdkaac import Fdkaac
from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.flac import Flac
from pacd.tools.libfdk_aac import LibfdkAac
from pacd.tools.libopus import Libopus
from pacd.tools.opusenc import Opusenc
from pacd.tools.qaac import Qaac

OPUS_REMEDY: Final = "apt install opus-tools (or ffmpeg, where it has libopus)"
AAC_REMEDY: Final = (
    "apt install fdkaac ffmpeg, after adding the components contrib and non-free to Debian's "
    "sources (or an ffmpeg with libfdk_aac, or qaac)"
)
REMEDIES: Final = {Codec.OPUS: OPUS_REMEDY, Codec.AAC: AAC_REMEDY}
"""How to get an encoder, by what it makes."""


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


class AacEncoder(Protocol):
    """A program that makes AAC, in M4A."""

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        ...

    def becomes(self, audio: AudioFormat) -> AudioFormat:
        """
        Return the shape of what encode() makes of a master.

        AAC lacks some rates and numbers of channels.  Where the master's length is
        known, so is the output's; qaac may miss it by one sample where it resamples.
        """
        ...

    def encode(
        self,
        source: BinaryIO,
        target: Path,
        *,
        quality: int,
        audio: AudioFormat,
        timeout_s: float,
        decoder: Sequence[str | Path],
    ) -> None:
        """
        Encode a FLAC file without its tags and pictures.

        Args:
            quality: VBR mode, 1 to 5.
            audio: Of the master.
            decoder: Makes WAV of FLAC, and says so when it is damaged.

        Raises:
            ToolError: The encoder or the decoder failed.
            OSError: The disk takes no more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The programs that are there; None where one is missing."""

    flac: Flac
    opusenc: Opusenc | None = None
    ffmpeg: Ffmpeg | None = None
    qaac: Qaac | None = None
    fdkaac: Fdkaac | None = None

    @property
    def opus(self) -> OpusEncoder | None:
        """The one that makes Opus: opusenc, else ffmpeg (M2)."""
        return self.opusenc or Libopus.of(self.ffmpeg)

    @property
    def aac(self) -> AacEncoder | None:
        """The one that makes AAC: ffmpeg with libfdk_aac, else qaac, else fdkaac (M2)."""
        return LibfdkAac.of(self.ffmpeg) or self.qaac or self.fdkaac

    def encoder(self, codec: Codec) -> OpusEncoder | AacEncoder | None:
        """Return the one that makes a codec."""
        return {Codec.OPUS: self.opus, Codec.AAC: self.aac}[codec]

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each program, by its name."""
        found = {
            "flac": self.flac,
            "opusenc": self.opusenc,
            "ffmpeg": self.ffmpeg,
            "qaac": self.qaac,
            "fdkaac": self.fdkaac,
        }
        return {name: tool.version for name, tool in found.items() if tool}


def find_tools(flac: Flac | None = None) -> Toolbox:
    """
    Look for all programs.

    Args:
        flac: Taken as it is; it is looked for without.

    Raises:
        PreflightError: One that PAC cannot do without is missing.
    """
    ffmpeg = Ffmpeg.find()
    return Toolbox(flac or Flac.find(), Opusenc.find(), ffmpeg, Qaac.find(), Fdkaac.find(ffmpeg))
