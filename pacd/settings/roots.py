"""The keys of libraries and their mirrors; reads nothing."""

from pydantic import Field

from pacd.domain.media import Codec
from pacd.domain.policy import OpusGain
from pacd.settings.kinds import Name, Place, Section, Sidecars


class MirrorSection(Section):
    """One lossy copy of a library."""

    name: Name | None = Field(default=None, description="Name of the mirror; unset: its codec.")
    root: Place = Field(description="Folder of the mirror, outside every library.")
    codec: Codec = Field(default=Codec.OPUS, description="Encoding of the mirror: opus or aac.")
    # opusenc 0.2 takes 6 to 256 kbit/s per channel and clamps what lies outside.
    bitrate_kbps: int = Field(
        default=128, ge=6, le=512, description="Opus bitrate in kbit/s, 6 to 512."
    )
    quality: int = Field(default=4, ge=1, le=5, description="AAC quality (VBR), 1 to 5.")
    art_max_px: int = Field(
        default=1000, ge=16, le=65_535, description="Longest side of embedded covers in pixels."
    )
    art_max_kib: int = Field(
        default=500, ge=10, le=16_384, description="Largest embedded cover in KiB."
    )
    opus_gain: OpusGain = Field(
        default=OpusGain.R128,
        description="Loudness in Opus files: r128, replaygain, both or header-album.",
    )
    sidecars: Sidecars = Field(
        default=(".lrc", ".cue", "cover.jpg", "folder.jpg"),
        description="Other files copied along, by extension or name.",
    )
    prune: bool = Field(
        default=False,
        description="Whether outputs without a master are removed without `pacctl prune`.",
    )
    fat_safe: bool = Field(
        default=True, description="Whether names are made fit for FAT, exFAT and Windows."
    )


class LibrarySection(Section):
    """One FLAC root."""

    name: Name | None = Field(
        default=None, description="Name of the library; unset: its folder's name."
    )
    root: Place = Field(description="Folder of the library.")
    mirror: tuple[MirrorSection, ...] = ()
