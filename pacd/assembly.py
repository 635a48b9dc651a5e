"""From settings to what the engine is built from; the daemon and a one-shot run share it."""

import functools
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pacd import logs
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.domain.verdict import BUILTIN_VERSION, Detector
from pacd.engine.setup import Setup
from pacd.files.folders import require_proc
from pacd.protocol.documents import ConfigView, SettingView
from pacd.settings import Settings
from pacd.settings.loaded import flat
from pacd.tools.toolbox import Toolbox, find_tools

DATABASE: Final = "pacd.db"
LOCK: Final = "pacd.lock"


def policy_of(settings: Settings, tools: Toolbox) -> DaemonPolicy:
    """Return the owner's wishes as the engine takes them, to be met with these programs."""
    return DaemonPolicy(
        libraries=tuple(_equipped(library, tools) for library in settings.libraries()),
        settle_s=settings.watch.settle_s,
        max_delay_s=settings.watch.max_delay_s,
        ignore=tuple(settings.watch.ignore),
        min_free_bytes=settings.audit.min_free_mib << 20,
        retention=settings.sections.recycle.retention,
    )


def _equipped(library: LibraryPolicy, tools: Toolbox) -> LibraryPolicy:
    """
    Name the programs that are there for each wish.

    Of those that make mirrors and change rates without their versions: only another one
    makes anything anew.
    """
    mirrors = []
    for mirror in library.mirrors:
        encoder = tools.encoder(mirror.codec)
        program = encoder.name.split()[0] if encoder else ""
        mirrors.append(replace(mirror, encoder=program))
    authenticity = replace(
        library.authenticity, versions=tuple(_versions(library.authenticity.detectors, tools))
    )
    resampler = tools.resampler.name.split()[0] if tools.resampler else ""
    flac = replace(library.flac, resampler=resampler)
    return replace(library, flac=flac, mirrors=tuple(mirrors), authenticity=authenticity)


def _versions(wanted: Collection[Detector], tools: Toolbox) -> Iterator[tuple[Detector, str]]:
    """Name the detectors that are wanted and there."""
    versions = {each.detector: each.version for each in tools.detectors}
    versions[Detector.BUILTIN] = BUILTIN_VERSION
    return ((each, versions[each]) for each in wanted if each in versions)


def roots_of(settings: Settings) -> dict[str, Path]:
    """The roots of all libraries, by name."""
    return {library.name: library.root for library in settings.libraries()}


def setup_of(settings: Settings, tools: Toolbox, *, patience: timedelta = timedelta.max) -> Setup:
    """Return what the engine is built from."""
    level, form = settings.daemon.log_level, settings.daemon.log_format
    return Setup(
        database=settings.state_dir / DATABASE,
        policy=policy_of(settings, tools),
        limits=settings.workers,
        tools=tools,
        worker_setup=functools.partial(logs.configure_worker, level, form),
        patience=patience,
    )


def preflight(settings: Settings) -> Toolbox:
    """
    Find the programs that the configuration needs.

    Raises:
        PreflightError: Some are missing; the message names them all and how to get them.  Or
            /proc is.
    """
    require_proc()
    wanted = {mirror.codec for library in settings.libraries() for mirror in library.mirrors}
    return find_tools(wanted, places=settings.detectors)


def config_view(settings: Settings, restart: tuple[str, ...], *, now: datetime) -> ConfigView:
    """Make the document once for each reading of the settings: every status shows a part of it."""
    return ConfigView(
        path=str(settings.source),
        loaded_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        settings=tuple(
            SettingView(key=key, value=value, origin=settings.origin(key))
            for key, value in flat(settings.effective()).items()
        ),
        restart=restart,
    )
