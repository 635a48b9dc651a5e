"""Whose rights a step lacks: those to the master, or those to the mirror or art root."""

import os
from pathlib import Path
from typing import Final

from pacd.domain.job import Job
from pacd.domain.plan import Action
from pacd.errors import PacError
from pacd.steps.source import opened_source

_ONLY_READ_THE_MASTER: Final = frozenset(
    {
        Action.EXPORT_ARTWORK,
        Action.MIRROR_ENCODE,
        Action.MIRROR_RETAG,
        Action.MIRROR_RENAME,
        Action.MIRROR_COPY,
    }
)


def shut_target(job: Job) -> str:
    """
    Say what may not be written, after a step was refused; "" where that is the master's side.

    Where the master can be read nothing but its target is left: of what stands there, and of the
    folders above it, the nearest that this user may not use is named.
    """
    if job.item.action not in _ONLY_READ_THE_MASTER or job.item.target is None:
        return ""
    try:
        opened_source(job).close()
    except (OSError, PacError):
        return ""
    is_cover = job.item.action is Action.EXPORT_ARTWORK
    root = job.library.artwork.root if is_cover else job.mirror.root
    return f"{_shut(root, root / job.item.target)} cannot be written by user {os.geteuid()}"


def _shut(root: Path, target: Path) -> Path:
    """The root if that is shut, else the last folder on the way that is there."""
    if not writable(root):
        return root
    above = [folder for folder in target.parents if folder.is_relative_to(root)]
    return next((each for each in above if os.path.lexists(each) and not writable(each)), target)


def writable(folder: Path) -> bool:
    """Whether this user may make files in a folder (faccessat(2), AT_EACCESS); False if unsure."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=True)
