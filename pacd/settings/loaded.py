"""The configuration as everything else sees it: checked, complete, with absolute paths."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from pacd.domain.policy import (
    ArtworkPolicy,
    AuthenticityPolicy,
    FlacPolicy,
    LibraryPolicy,
    MirrorPolicy,
    SpectrogramPolicy,
    StopOn,
    WorkerLimits,
)
from pacd.domain.verdict import Detector
from pacd.errors import UnknownError
from pacd.settings.roots import LibrarySection, MirrorSection
from pacd.settings.sections import (
    AuditSection,
    DaemonSection,
    Sections,
    WatchSection,
)

# What is built once and lives as long as the process.
RESTART_KEYS: Final = (
    "daemon.state_dir",
    "daemon.socket",
    "workers.total",
    "workers.encode",
    "workers.analysis",
    "workers.art",
)


_SCRATCH: Final = "scratch"
_SPECTROGRAMS: Final = "spectrograms"
"""Folders below the state directory."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    One reading of the configuration; a reload makes another.

    Attributes:
        source: The file it was read from, absolute.
        sections: Every key with the value in force: names and paths filled in.
        state_dir: Absolute.
        socket: Absolute.
        origins: Where each dotted key that is not at its default was set.
    """

    source: Path
    sections: Sections
    state_dir: Path
    socket: Path
    workers: WorkerLimits
    origins: Mapping[str, str]

    @property
    def daemon(self) -> DaemonSection:
        """How to log; state directory and socket are better asked for here."""
        return self.sections.daemon

    @property
    def watch(self) -> WatchSection:
        """How changes are noticed."""
        return self.sections.watch

    @property
    def audit(self) -> AuditSection:
        """How often everything is looked at, and how much room is left on disks."""
        return self.sections.audit

    @property
    def detectors(self) -> Mapping[Detector, Path]:
        """Where programs that detect lossy encoding are, as far as the settings say."""
        wishes = self.sections.authenticity
        places = {Detector.AUCDTECT: wishes.aucdtect, Detector.LAC: wishes.lac}
        return {detector: place for detector, place in places.items() if place}

    def libraries(self) -> tuple[LibraryPolicy, ...]:
        """The wishes for each library, in the order of the file."""
        return tuple(self._library(library) for library in self.sections.library)

    def effective(self) -> dict[str, Any]:
        """Every key with the value in force, as plain values that JSON can hold."""
        plain: dict[str, Any] = _plain(self.sections)
        return plain

    def origin(self, key: str) -> str:
        """
        Where a key's value comes from: "default", a file, or "$VARIABLE".

        Args:
            key: Dotted, as "watch.settle_s" or "library.0.mirror.1.codec".

        Raises:
            UnknownError: There is no such key.
        """
        if key not in flat(self.effective()):
            raise UnknownError(f"There is no setting {key}.")
        return self.origins.get(key, "default")

    def _library(self, library: LibrarySection) -> LibraryPolicy:
        flac, artwork = self.sections.flac, self.sections.artwork
        return LibraryPolicy(
            name=library.name or "",
            root=library.root,
            artwork=ArtworkPolicy(
                enabled=artwork.enabled,
                root=artwork.root,
                pattern=artwork.pattern,
                max_px=artwork.max_px,
            ),
            flac=FlacPolicy(
                target_compression=flac.target_compression,
                verify_after=self.audit.verify_after,
                keep_mtime=flac.keep_mtime,
                hardlinks=flac.hardlinks,
                stop_on=StopOn.NEVER if flac.continue_on_issues else StopOn(flac.stop_on),
                resample_to_cd=flac.resample_to_cd,
            ),
            mirrors=tuple(_mirror(mirror) for mirror in library.mirror),
            authenticity=self._authenticity(),
        )

    def _authenticity(self) -> AuthenticityPolicy:
        """As far as the settings tell: which versions are there is for who looks for programs."""
        wishes = self.sections.authenticity
        return AuthenticityPolicy(
            enabled=wishes.enabled,
            skip_highbit=wishes.skip_highbit,
            skip_lossy_mastered=wishes.skip_lossy_mastered,
            skip_tags=tuple(name.upper() for name in wishes.skip_tags),
            detectors=tuple(each for each in Detector if each.value in wishes.detectors),
            versions=(),
            spectrogram=self._spectrogram(),
            scratch=self.state_dir / _SCRATCH,
        )

    def _spectrogram(self) -> SpectrogramPolicy | None:
        wishes = self.sections.spectrogram
        if not wishes.enabled:
            return None
        width, height = (int(number) for number in wishes.resolution.split("x"))
        root = wishes.root or self.state_dir / _SPECTROGRAMS
        return SpectrogramPolicy(root, width, height, wishes.color)


def _mirror(mirror: MirrorSection) -> MirrorPolicy:
    return MirrorPolicy(
        name=mirror.name or mirror.codec.value,
        root=mirror.root,
        codec=mirror.codec,
        bitrate_kbps=mirror.bitrate_kbps,
        art_max_px=mirror.art_max_px,
        art_max_kib=mirror.art_max_kib,
        opus_gain=mirror.opus_gain,
        vbr_mode=mirror.quality,
        fat_safe=mirror.fat_safe,
        prune=mirror.prune,
        sidecars=mirror.sidecars,
    )


def needs_restart(old: Settings, new: Settings) -> tuple[str, ...]:
    """The keys that have changed but that only a restart applies."""
    before, after = flat(old.effective()), flat(new.effective())
    return tuple(key for key in RESTART_KEYS if before[key] != after[key])


def in_force(running: Settings, read: Settings) -> Settings:
    """What was read, with the running values of what only a restart applies."""
    waiting = needs_restart(running, read)
    daemon = {"state_dir": running.state_dir, "socket": running.socket}
    update = {
        "daemon": read.daemon.model_copy(update=daemon),
        "workers": running.sections.workers,
    }
    origins = {key: origin for key, origin in read.origins.items() if key not in waiting}
    held = {key: running.origins[key] for key in waiting if key in running.origins}
    return replace(
        read,
        sections=read.sections.model_copy(update=update),
        workers=running.workers,
        origins=origins | held,
        **daemon,
    )


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables by dotted keys; lists that are not of tables are values."""
    return dict(_flattened(values, ""))


def _flattened(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flattened(inner, f"{at}.{key}" if at else key)
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for number, inner in enumerate(value):
            yield from _flattened(inner, f"{at}.{number}")
    else:
        yield at, value


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {key: _plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value
