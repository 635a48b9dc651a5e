"""Removes what workers that are gone have left behind; touches nothing else."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pacd.domain.plan import Action, PlanItem
from pacd.domain.policy import LibraryPolicy
from pacd.errors import PacError
from pacd.files import recycle
from pacd.files.atomic import is_left_over, is_scratch
from pacd.files.folders import entered

Gone = Callable[[str], bool]
"""Whether nobody is at work on the scratch file of this name."""


def sweep(root: Path, folder: PurePosixPath, names: Iterable[str], gone: Gone) -> None:
    """
    Remove the scratch files among some names of a folder; on a read-only disk they stay.

    Args:
        folder: Relative to the root; nothing is removed by way of a link below it.
    """
    with suppress(OSError, PacError), entered(root, root / folder) as home:
        _sweep(home, names, gone)


def sweep_folder(root: Path, folder: PurePosixPath, gone: Gone) -> None:
    """Remove the scratch files of a folder, if it can be listed; folder is as for sweep()."""
    with suppress(OSError, PacError), entered(root, root / folder) as home:
        _sweep(home, os.listdir(home), gone)  # noqa: PTH208  # the names are all that is wanted


def sweep_tree(root: Path, gone: Gone) -> bool:
    """Remove the scratch files of a folder and all below it; False if not all could be listed."""
    unread: list[OSError] = []
    try:
        for _, _, names, home in os.fwalk(root, onerror=unread.append):
            _sweep(home, names, gone)
    except OSError as error:  # the root itself is not there, as before the first of its files
        unread.append(error)
    return not unread


def _sweep(home: int, names: Iterable[str], gone: Gone) -> None:
    for name in names:
        if is_scratch(name) is not None and gone(name):
            with suppress(OSError):
                os.unlink(name, dir_fd=home)


def sweep_after(item: PlanItem, policy: LibraryPolicy) -> None:
    """Remove what a worker left that was lost with an item: beside the master, or the target."""
    sweep_folder(policy.root, item.path.parent, is_left_over)
    if item.action is Action.AUTHENTICATE:
        for own in own_folders(policy):
            sweep_tree(own, is_left_over)
    if item.action is Action.RESAMPLE:
        with suppress(OSError, PacError):
            recycle.settle(policy.root, is_left_over)
    root = target_root(item, policy)
    if root and item.target:
        sweep_folder(root, item.target.parent, is_left_over)


def own_folders(policy: LibraryPolicy) -> tuple[Path, ...]:
    """The folders that hold nothing but what PAC has put there for detectors or drawn."""
    wishes = policy.authenticity
    picture = wishes.spectrogram if wishes.enabled else None
    scratch = wishes.scratch if scratch_root(policy) else None
    return tuple(filter(None, (scratch, picture.root if picture else None)))


def scratch_root(policy: LibraryPolicy) -> Path | None:
    """What samples for detectors are written below; None where none of them reads files."""
    wishes = policy.authenticity
    return wishes.scratch.parent if wishes.enabled and wishes.needs_files else None


def target_root(item: PlanItem, policy: LibraryPolicy) -> Path | None:
    """The root that an item writes below; None for one that only reads or removes."""
    if item.action in {Action.TEST, Action.MIRROR_PRUNE}:
        return None
    if item.action is Action.AUTHENTICATE:
        return scratch_root(policy)
    if item.action is Action.EXPORT_ARTWORK:
        return policy.artwork.root
    mirrors = {mirror.name: mirror.root for mirror in policy.mirrors}
    return mirrors.get(item.mirror, policy.root)
