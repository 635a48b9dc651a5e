"""From settings to what the engine is built from; the daemon and a one-shot run share it."""

import functools
from datetime import timedelta
from pathlib import Path
from typing import Final

from pacd import logs
from pacd.domain.media import Codec
from pacd.domain.policy import DaemonPolicy
from pacd.engine.setup import Setup
from pacd.errors import PreflightError
from pacd.settings import Settings
from pacd.tools.flac import Flac
from pacd.tools.toolbox import OPUS_REMEDY, Toolbox, find_tools

_NO_FLAC: Final = Flac(Path("flac"), "none")
"""Stands for the missing one while it is found out what else is missing."""

DATABASE: Final = "pacd.db"
LOCK: Final = "pacd.lock"


def policy_of(settings: Settings) -> DaemonPolicy:
    """Return the owner's wishes as the engine takes them."""
    return DaemonPolicy(
        libraries=settings.libraries(),
        settle_s=settings.watch.settle_s,
        max_delay_s=settings.watch.max_delay_s,
        ignore=tuple(settings.watch.ignore),
        min_free_bytes=settings.audit.min_free_mib << 20,
    )


def setup_of(settings: Settings, tools: Toolbox, *, patience: timedelta = timedelta.max) -> Setup:
    """Return what the engine is built from."""
    level, form = settings.daemon.log_level, settings.daemon.log_format
    return Setup(
        database=settings.state_dir / DATABASE,
        policy=policy_of(settings),
        limits=settings.workers,
        tools=tools,
        worker_setup=functools.partial(logs.configure_worker, level, form),
        patience=patience,
    )


def preflight(settings: Settings) -> Toolbox:
    """
    Find the programs that the configuration needs.

    Raises:
        PreflightError: Some are missing; the message names each and says how to get it.
    """
    missing: list[str] = []
    try:
        tools = find_tools()
    except PreflightError as error:
        missing.append(str(error))
        tools = find_tools(_NO_FLAC)
    wanted = {mirror.codec for library in settings.libraries() for mirror in library.mirrors}
    if Codec.OPUS in wanted and tools.opus is None:
        missing.append(f"A mirror wants Opus, but no encoder for it is installed: {OPUS_REMEDY}")
    if Codec.AAC in wanted:
        missing.append(
            f"A mirror wants AAC, which this version cannot make yet: "
            f'set codec = "{Codec.OPUS.value}" or remove the mirror.'
        )
    if missing:
        raise PreflightError("\n  ".join(missing))
    return tools
