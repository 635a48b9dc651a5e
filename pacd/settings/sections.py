"""Every key of the configuration with its default, unit and limits; reads nothing."""

from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pacd.domain.policy import HardLinks
from pacd.settings.kinds import (
    Color,
    Count,
    Detectors,
    Pattern,
    Place,
    Resolution,
    Section,
    Words,
)
from pacd.settings.roots import LibrarySection, MirrorSection


class DaemonSection(Section):
    """Where the daemon keeps its things and how it logs."""

    state_dir: Place | None = Field(
        default=None,
        description="Folder of the database; unset: $STATE_DIRECTORY, else $XDG_STATE_HOME/pacd.",
    )
    socket: Place | None = Field(
        default=None,
        description="Socket that pacctl talks to; unset: $RUNTIME_DIRECTORY/pacd.sock, "
        "else $XDG_RUNTIME_DIR/pacd/pacd.sock, else /run/pacd/pacd.sock.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line written: debug, info, warning or error."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="Form of the log: json, console, or auto (console on a terminal).",
    )


class WatchSection(Section):
    """How changes are noticed."""

    settle_s: float = Field(
        default=10.0,
        gt=0,
        le=86_400,
        description="Seconds an album must have been quiet before it is worked on.",
    )
    max_delay_s: float = Field(
        default=600.0,
        gt=0,
        le=604_800,
        description="Seconds after which a busy album is looked at all the same.",
    )
    mode: Literal["auto", "inotify", "poll"] = Field(
        default="auto",
        description="How changes are seen: inotify, poll (by faster audits), or auto "
        "(poll on network file systems).",
    )
    ignore: Words = Field(
        default=(),
        description="Names left alone besides the built-in list, as patterns like *.bak.",
    )

    @model_validator(mode="after")
    def _delay_outlasts_settling(self) -> "WatchSection":
        if self.max_delay_s < self.settle_s:
            raise ValueError(
                f"max_delay_s = {self.max_delay_s:g} is shorter than "
                f"settle_s = {self.settle_s:g}: no album would ever settle"
            )
        return self


class AuditSection(Section):
    """How often everything is looked at."""

    interval_hours: float = Field(
        default=24, gt=0, le=8_784, description="Hours from the end of one full audit to the next."
    )
    jitter_minutes: float = Field(
        default=30,
        ge=0,
        le=1_440,
        description="Minutes that an audit is delayed by at most, at random.",
    )
    verify_after_days: int = Field(
        default=90,
        ge=1,
        le=36_500,
        description="Days after which a master is tested again for bit rot.",
    )
    min_free_mib: int = Field(
        default=1024,
        ge=0,
        description="MiB kept free on a disk; below it nothing more is written there.",
    )

    @property
    def interval(self) -> timedelta:
        """From the end of one audit to the next."""
        return timedelta(hours=self.interval_hours)

    @property
    def jitter(self) -> timedelta:
        """The longest random delay."""
        return timedelta(minutes=self.jitter_minutes)

    @property
    def verify_after(self) -> timedelta:
        """Age at which an integrity verdict is too old."""
        return timedelta(days=self.verify_after_days)


class WorkersSection(Section):
    """How many things are done at once; what is unset is derived from the cores."""

    total: Count | None = Field(
        default=None, description="Worker processes in all; unset: one per core."
    )
    encode: Count | None = Field(
        default=None, description="Encodes at once; unset: as many as there are workers."
    )
    analysis: Count | None = Field(
        default=None, description="Tests and analyses at once; unset: as many as there are workers."
    )
    art: Count | None = Field(default=None, description="Cover exports at once; unset: 1.")


class FlacSection(Section):
    """How masters are kept."""

    target_compression: int = Field(
        default=8, ge=0, le=8, description="Compression level that masters are brought to, 0 to 8."
    )
    resample_to_cd: bool = Field(
        default=True,
        description="Whether masters above 16 bit, 44.1 kHz or 2 channels are brought to CD form.",
    )
    stop_on: Literal["never", "suspect", "error"] = Field(
        default="error",
        description="Worst verdict that stops further work: never, suspect or error.",
    )
    continue_on_issues: bool = Field(
        default=False,
        description="Whether work goes on for suspects, which are then only reported.",
    )
    keep_mtime: bool = Field(
        default=True, description="Whether a rewritten master keeps its modification time."
    )
    hardlinks: HardLinks = Field(
        default=HardLinks.SKIP,
        description="Masters with several names: skip leaves them, break separates them.",
    )


class AuthenticitySection(Section):
    """How masters that were lossy once are found."""

    enabled: bool = Field(
        default=True, description="Whether masters are examined for traces of lossy encoding."
    )
    skip_highbit: bool = Field(
        default=True, description="Whether masters of more than 16 bit are not examined."
    )
    skip_lossy_mastered: bool = Field(
        default=True, description="Whether releases known to be mastered lossy are not examined."
    )
    skip_tags: Words = Field(
        default=("LOSSYMASTERED", "WEB"), description="Tags that mark a release as mastered lossy."
    )
    detectors: Detectors = Field(
        default=("builtin", "aucdtect", "lac"),
        description="Detectors used where installed: builtin, aucdtect, lac.",
    )
    aucdtect: Place | None = Field(
        default=None, description="Program of the detector aucdtect; unset: auCDtect on PATH."
    )
    lac: Place | None = Field(
        default=None, description="Program of the detector lac; unset: LAC on PATH."
    )


class SpectrogramSection(Section):
    """Pictures of suspects."""

    enabled: bool = Field(
        default=False, description="Whether a suspect gets a spectrogram as evidence."
    )
    resolution: Resolution = Field(
        default="1280x720", description="Width and height of a spectrogram in pixels."
    )
    color: Color = Field(
        default="rainbow",
        description="Colour map of a spectrogram: rainbow, viridis, magma, plasma, cividis, cool, "
        "fiery, fire, fruit, green, intensity, moreland, nebulae or terrain.",
    )
    root: Place | None = Field(
        default=None, description="Folder for spectrograms; unset: below the state directory."
    )


class ArtworkSection(Section):
    """Where covers are exported."""

    enabled: bool = Field(default=True, description="Whether front covers are exported as files.")
    root: Place = Field(
        default=Path("~/Music/_art"),
        description="Folder for covers, outside every library and mirror: if ~/Music is a library, "
        "set another.",
    )
    pattern: Pattern = Field(
        default="{albumartist}/{album}/front.jpg",
        description="Path of a cover below root, from "
        "{albumartist} {artist} {album} {date} {disc}.",
    )
    max_px: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="Longest side in pixels; 0 leaves covers as they are.",
    )


class RecycleSection(Section):
    """How long removed files can be brought back."""

    retention_days: int = Field(
        default=30,
        ge=1,
        le=36_500,
        description="Days that removed and replaced files stay in the recycle bin.",
    )

    @property
    def retention(self) -> timedelta:
        """How long a file stays in the recycle bin."""
        return timedelta(days=self.retention_days)


class TaggingSection(Section):
    """Tags made from the sound itself."""

    auto: bool = Field(default=False, description="Whether new masters are tagged unasked.")
    models_dir: Place | None = Field(
        default=None, description="Folder of ONNX models with their JSON; unset: loudness only."
    )
    ignore: Words = Field(
        default=(), description="Masters never tagged, as patterns like Audiobooks/*."
    )


class Sections(BaseSettings):
    """The whole configuration; where its values come from is the loader's matter."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, case_sensitive=True)

    daemon: DaemonSection = DaemonSection()
    watch: WatchSection = WatchSection()
    audit: AuditSection = AuditSection()
    workers: WorkersSection = WorkersSection()
    flac: FlacSection = FlacSection()
    authenticity: AuthenticitySection = AuthenticitySection()
    spectrogram: SpectrogramSection = SpectrogramSection()
    artwork: ArtworkSection = ArtworkSection()
    recycle: RecycleSection = RecycleSection()
    tagging: TaggingSection = TaggingSection()
    library: tuple[LibrarySection, ...] = ()


# Tables in tables by their dotted name, in the order of the shipped file.
SECTIONS: Final[dict[str, type[Section]]] = {
    "daemon": DaemonSection,
    "watch": WatchSection,
    "audit": AuditSection,
    "workers": WorkersSection,
    "flac": FlacSection,
    "authenticity": AuthenticitySection,
    "spectrogram": SpectrogramSection,
    "artwork": ArtworkSection,
    "recycle": RecycleSection,
    "tagging": TaggingSection,
    "library": LibrarySection,
    "library.mirror": MirrorSection,
}
REPEATED: Final = frozenset({"library", "library.mirror"})
