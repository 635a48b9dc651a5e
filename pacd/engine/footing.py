"""
Below which mount each root that PAC writes to lies, so that an empty one tells when that has gone.

A mirror without any output yet leaves nothing on record: only its mount is missing then.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final

from pacd.engine.presence import available, reachable
from pacd.intake.mounts import MountTable
from pacd.store.memory import Memory

FOOTING: Final = "footing"
"""Key in the store's memory: by root, where that is mounted which it lies on."""

_LOWEST: Final = "/"


def note(memory: Memory, roots: Iterable[Path]) -> None:
    """Remember what roots lie on, in a transaction; not of one whose mount seems to be away."""
    before: Mapping[str, str] = memory.get(FOOTING, {})
    now = dict(before)
    for root in roots:
        mount = _footing(root)
        certain = available(root) or (reachable(root) and not _has_fallen(before, root, mount))
        if certain and mount == _footing(root):  # the disk may go in between
            now[str(root)] = mount
    if before != now:
        memory.set(FOOTING, now)


def is_uncovered(memory: Memory, root: Path) -> bool:
    """Whether what was mounted where a root lies is not, so that what is below it shows."""
    known = memory.get(FOOTING, {})
    return known.get(str(root), _LOWEST) != _LOWEST and _has_fallen(known, root, _footing(root))


def _has_fallen(known: Mapping[str, str], root: Path, mount: str) -> bool:
    return PurePath(mount) in PurePath(known.get(str(root), _LOWEST)).parents


def _footing(root: Path) -> str:
    """Where that is mounted which a root lies on; folders bound to themselves apart."""
    table = MountTable.read()
    mount = table.beneath(table.real(root))
    return os.fsdecode(mount.point) if mount else _LOWEST
