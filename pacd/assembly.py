"""From settings to what the engine is built from; the daemon and a one-shot run share it."""

import functools
from datetime import timedelta
from typing import Final

from pacd import logs
from pacd.domain.policy import DaemonPolicy
from pacd.engine.engine import Setup
from pacd.settings import Settings
from pacd.tools.toolbox import Toolbox, find_tools

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
        PreflightError: Some are missing; the message names them all and how to get them.
    """
    wanted = {mirror.codec for library in settings.libraries() for mirror in library.mirrors}
    return find_tools(wanted)
