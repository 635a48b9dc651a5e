"""Finds the programs PAC calls, once; the result is sent to every worker."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final, Protocol

from pacd.domain.media import AudioFormat, Codec
from pacd.domain.verdict import Detector, Finding
from pacd.errors import PreflightError
from pacd.tools.aucdtect import Aucdtect
from pacd.tools.fdkaac import Fdkaac
from pacd.tools.ffmpeg import Ffmpeg
from pacd.tools.flac import Flac
from pacd.tools.lac import Lac
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
RESAMPLER_REMEDY: Final = "apt install ffmpeg (one that was built with libsoxr, as Debian's is)"
TITLES: Final = {Codec.OPUS: "Opus", Codec.AAC: "AAC"}

_ANYWHERE: Final[Mapping[Detector, Path]] = MappingProxyType({})


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


class FileDetector(Protocol):
    """A program that judges a WAV file of 16 bits; optional, and installed by its user (A1)."""

    @property
    def detector(self) -> Detector: ...

    @property
    def version(self) -> str: ...

    @property
    def fault(self) -> str:
        """Why it cannot be used, a clause; "" where it can."""
        ...

    def refuses(self, audio: AudioFormat) -> str:
        """Return why it cannot judge a master, a clause; "" where it can."""
        ...

    def judge(self, wav: Path, *, timeout_s: float) -> Finding:
        """
        Return what it found; its failure is a finding too, an error (A1).

        Raises:
            ToolInterruptedError: Somebody ended it from outside.
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
    aucdtect: Aucdtect | None = None
    lac: Lac | None = None

    @property
    def detectors(self) -> tuple[FileDetector, ...]:
        """The programs that detect lossy encoding, those that can be used."""
        found: tuple[FileDetector | None, ...] = (self.aucdtect, self.lac)
        return tuple(each for each in found if each and not each.fault)

    @property
    def faults(self) -> Mapping[Detector, str]:
        """Why detectors that are there cannot be used."""
        found: tuple[FileDetector | None, ...] = (self.aucdtect, self.lac)
        return {each.detector: each.fault for each in found if each and each.fault}

    @property
    def opus(self) -> OpusEncoder | None:
        """The one that makes Opus: opusenc, else ffmpeg (M2)."""
        return _opus(self.opusenc, self.ffmpeg)

    @property
    def aac(self) -> AacEncoder | None:
        """The one that makes AAC: ffmpeg with libfdk_aac, else qaac, else fdkaac (M2)."""
        return _aac(self.ffmpeg, self.qaac, self.fdkaac)

    def encoder(self, codec: Codec) -> OpusEncoder | AacEncoder | None:
        """Return the one that makes a codec."""
        return {Codec.OPUS: self.opus, Codec.AAC: self.aac}[codec]

    @property
    def resampler(self) -> Ffmpeg | None:
        """What changes rates: ffmpeg where it has libsoxr, which alone is good enough (F6)."""
        return self.ffmpeg if self.ffmpeg and self.ffmpeg.soxr else None

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
        versions = {name: tool.version for name, tool in found.items() if tool}
        return versions | {each.detector.value: each.version for each in self.detectors}


def find_tools(
    wanted: Collection[Codec] = (), *, places: Mapping[Detector, Path] = _ANYWHERE
) -> Toolbox:
    """
    Look for all programs.

    Args:
        wanted: What mirrors are made of.
        places: Where the settings say that detectors are; the others are looked for on PATH.

    Raises:
        PreflightError: Some that PAC cannot do without are missing; it names all of them.
    """
    ffmpeg, opusenc, qaac = Ffmpeg.find(), Opusenc.find(), Qaac.find()
    fdkaac = Fdkaac.find(ffmpeg)
    made = {Codec.OPUS: _opus(opusenc, ffmpeg), Codec.AAC: _aac(ffmpeg, qaac, fdkaac)}
    missing = [_no_encoder(codec) for codec in Codec if codec in wanted and not made[codec]]
    try:
        flac = Flac.find()
    except PreflightError as error:
        raise PreflightError("\n".join((str(error), *missing)), words=error.words) from error
    if missing:
        raise PreflightError("\n".join(missing))
    aucdtect = Aucdtect.find(places.get(Detector.AUCDTECT))
    lac = Lac.find(places.get(Detector.LAC))
    return Toolbox(flac, opusenc, ffmpeg, qaac, fdkaac, aucdtect, lac)


def _opus(opusenc: Opusenc | None, ffmpeg: Ffmpeg | None) -> OpusEncoder | None:
    return opusenc or Libopus.of(ffmpeg)


def _aac(ffmpeg: Ffmpeg | None, qaac: Qaac | None, fdkaac: Fdkaac | None) -> AacEncoder | None:
    return LibfdkAac.of(ffmpeg) or qaac or fdkaac


def _no_encoder(codec: Codec) -> str:
    return f"A mirror wants {TITLES[codec]}, but no encoder for it is installed: {REMEDIES[codec]}"
