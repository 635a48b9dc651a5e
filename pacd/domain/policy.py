"""The owner's wishes as a value; planning and steps get nothing else of the settings."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from pacd import VERSION
from pacd.domain.media import Codec
from pacd.domain.verdict import BUILTIN_VERSION, Detector

# Raised whenever files/tags.py, files/m4a_tags.py or files/covers.py begin to write something
# else for the same master: every output of that codec is then retagged, and none encoded again.
TAG_MAPPING: Final = {Codec.OPUS: 2, Codec.AAC: 1}

EXTENSIONS: Final = {Codec.OPUS: ".opus", Codec.AAC: ".m4a"}
"""Of outputs, with their dots."""


class HardLinks(StrEnum):
    """What to do with a master that has several names."""

    SKIP = "skip"
    BREAK = "break"


class StopOn(StrEnum):
    """The worst verdict that stops further work on a master (P3); damage always does."""

    NEVER = "never"
    SUSPECT = "suspect"
    ERROR = "error"


class OpusGain(StrEnum):
    """How loudness is written into Opus outputs (facts: RFC 7845, section 5.2.1)."""

    R128 = "r128"
    REPLAYGAIN = "replaygain"
    BOTH = "both"
    HEADER_ALBUM = "header-album"


@dataclass(frozen=True, slots=True)
class FlacPolicy:
    """
    How masters are kept.

    Attributes:
        target_compression: flac's level, 0 to 8.
        verify_after: Age at which an integrity verdict is too old.
        stop_on: NEVER: suspects are only reported; ERROR: they are neither rewritten nor
            mirrored; SUSPECT: their covers are not exported either.
        resample_to_cd: Whether masters above CD form are brought to it.
        resampler: The program that changes rates, without its version; "" where there is none.
    """

    target_compression: int = 8
    verify_after: timedelta = timedelta(days=90)
    keep_mtime: bool = True
    hardlinks: HardLinks = HardLinks.SKIP
    stop_on: StopOn = StopOn.ERROR
    resample_to_cd: bool = True
    resampler: str = ""


@dataclass(frozen=True, slots=True)
class SpectrogramPolicy:
    """
    How suspects are drawn (A5).

    Attributes:
        root: Where pictures go, absolute.
        width_px, height_px: Size of a picture.
        color: Name of the colour map.
    """

    root: Path
    width_px: int = 1280
    height_px: int = 720
    color: str = "rainbow"


@dataclass(frozen=True, slots=True)
class AuthenticityPolicy:
    """
    How masters that were lossy once are found (A).

    Attributes:
        skip_highbit: Whether masters of more than 16 bits are left out.
        skip_lossy_mastered: Whether those are whose tags say that they were mastered lossy.
        skip_tags: Names of tags, and words in SOURCE and RELEASE, that say so; in upper case.
        detectors: Whose findings count.
        versions: Those of them that are there, each with its version: they are to be heard.
        spectrogram: None where suspects are not drawn.
        scratch: Folder for samples that programs read from a file, absolute.
    """

    enabled: bool = True
    skip_highbit: bool = True
    skip_lossy_mastered: bool = True
    skip_tags: tuple[str, ...] = ("LOSSYMASTERED", "WEB")
    detectors: tuple[Detector, ...] = tuple(Detector)
    versions: tuple[tuple[Detector, str], ...] = ((Detector.BUILTIN, BUILTIN_VERSION),)
    spectrogram: SpectrogramPolicy | None = None
    scratch: Path = Path()

    @property
    def needs_files(self) -> bool:
        """Whether a detector is there that reads samples from a file."""
        return any(detector is not Detector.BUILTIN for detector, _ in self.versions)


@dataclass(frozen=True, slots=True)
class ArtworkPolicy:
    """
    Where covers are exported.

    Attributes:
        root: Absolute.
        pattern: Path below root with {albumartist} {artist} {album} {date} {disc}.
        max_px: Longest side in pixels; 0 leaves pictures as they are.
    """

    enabled: bool
    root: Path
    pattern: str = "{albumartist}/{album}/front.jpg"
    max_px: int = 0


@dataclass(frozen=True, slots=True)
class MirrorPolicy:
    """
    One lossy copy of a library.

    Attributes:
        root: Absolute.
        bitrate_kbps: For Opus.
        vbr_mode: For AAC, 1 to 5.
        encoder: The program that makes its outputs, without its version; "" where none is known.
        prune: Whether outputs that no master wants are removed.
        fat_safe: Whether names are made fit for FAT, exFAT and Windows.
        sidecars: Which other files are copied along: extensions with their dots, whole names.
    """

    name: str
    root: Path
    codec: Codec = Codec.OPUS
    bitrate_kbps: int = 128
    art_max_px: int = 1000
    art_max_kib: int = 500
    opus_gain: OpusGain = OpusGain.R128
    vbr_mode: int = 4
    fat_safe: bool = True
    encoder: str = ""
    prune: bool = False
    sidecars: tuple[str, ...] = ()

    @property
    def quality(self) -> str:
        """What PAC_QUALITY states: another value means another encode."""
        wished = {Codec.OPUS: f"{self.bitrate_kbps} kbit/s", Codec.AAC: f"vbr {self.vbr_mode}"}
        return f"{self.codec.value} {wished[self.codec]}"

    def tags_hash(self, tags_md5: str) -> str:
        """
        What PAC_SRC_TAGS states: another value means that tags and art are written anew.

        Args:
            tags_md5: Of the master's tags and pictures, as Track has it.
        """
        # M4A has one way to write loudness: what is wanted of Opus makes no difference there.
        gain = self.opus_gain.value if self.codec is Codec.OPUS else ""
        mapping = TAG_MAPPING[self.codec]
        shape = (mapping, gain, self.art_max_px, self.art_max_kib, tags_md5)
        return hashlib.md5(repr(shape).encode(), usedforsecurity=False).hexdigest()

    @property
    def extension(self) -> str:
        """With its dot."""
        return EXTENSIONS[self.codec]


@dataclass(frozen=True, slots=True)
class LibraryPolicy:
    """
    All wishes that concern one library.

    Attributes:
        root: Absolute.
    """

    name: str
    root: Path
    artwork: ArtworkPolicy
    flac: FlacPolicy = field(default_factory=FlacPolicy)
    mirrors: tuple[MirrorPolicy, ...] = ()
    authenticity: AuthenticityPolicy = field(default_factory=AuthenticityPolicy)

    @property
    def key(self) -> str:
        """Changes when any of these wishes, or PAC itself, does: then all is looked at anew."""
        return hashlib.md5(
            f"{VERSION} {self!r}".encode(errors="surrogateescape"), usedforsecurity=False
        ).hexdigest()


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """
    How many things are done at once (P5).

    Attributes:
        total: Worker processes in all; none of the others is above it.
        encode: Recompressions and mirror encodes.
        analysis: Tests and examinations.
        art: Cover exports, and copies of sidecars.
    """

    total: int
    encode: int
    analysis: int
    art: int


@dataclass(frozen=True, slots=True)
class DaemonPolicy:
    """
    All wishes of the owner that the engine works by.

    Attributes:
        settle_s: Seconds of quiet after which a folder is looked at.
        max_delay_s: Seconds after which it is, however busy.
        ignore: Shell patterns of names to leave alone, beyond the built-in list.
        min_free_bytes: Reserve of every disk that PAC writes to.
        retention: How long a file stays in the recycle bin.
    """

    libraries: tuple[LibraryPolicy, ...]
    settle_s: float = 10.0
    max_delay_s: float = 600.0
    ignore: tuple[str, ...] = ()
    min_free_bytes: int = 1 << 30
    retention: timedelta = timedelta(days=30)

    def library(self, name: str) -> LibraryPolicy | None:
        """The library of this name, if there is one."""
        return next((each for each in self.libraries if each.name == name), None)
