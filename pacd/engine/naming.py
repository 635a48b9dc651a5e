"""Knows where single folders of a library lie in its mirrors; lists the folders above them."""

import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.owners import Owners
from pacd.intake.audit import look
from pacd.intake.ignore import Ignore
from pacd.planning.outputs import (
    FoldersRenamed,
    OutputFolders,
    Places,
    folders_renamed,
)

KEPT: Final = 1_000
"""Folders whose listing is remembered: a walk's visits come back to the same few."""

# A folder changed again within one tick of its file system's clock has the same mtime as
# before; FAT counts in steps of two seconds (Microsoft, FAT 1.03, "Date and Time Formats").
_TICK_NS: Final = 2_000_000_000

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Listed:
    """The folders of a folder, as long as its stamp stays."""

    stamp: _Stamp
    folders: frozenset[str]
    renamed: FoldersRenamed | None


class Naming:
    """
    Names folders of one library; belongs to one thread.

    A walk knows the folders it has met; a visit of a single one has to look at the
    folders above it, because a name depends on those beside it (M10).
    """

    def __init__(self, policy: LibraryPolicy, ignore: Ignore) -> None:
        self.policy = policy
        self.ignore = ignore
        self._kept: dict[PurePosixPath, _Listed] = {}

    def places(self, folder: PurePosixPath) -> Places | None:
        """Where a folder lies in each mirror; None where a folder above it cannot be listed."""
        known = self.above(folder)
        return known.of(folder) if known else None

    def above(self, folder: PurePosixPath) -> OutputFolders | None:
        """Where a folder and those above it lie, for a walk to go on with; None as places()."""
        known = OutputFolders(self.policy.mirrors)
        if not self.policy.mirrors:
            return known
        way = [*reversed(folder.parents), folder]
        for parent, child in pairwise(way):
            listed = self._listed(parent)
            if listed is None:
                return None
            renamed = listed.renamed
            if child.name not in listed.folders:  # it has gone, or came just now
                renamed = folders_renamed([child.name], [], self.policy.mirrors)
            known.learn(parent, [child.name], renamed)
        return known

    def master_of(self, mirror: MirrorPolicy, output: PurePosixPath) -> PurePosixPath | None:
        """The master whose output belongs at a path of a mirror; None without one."""
        return Owners(self.policy, mirror, self.ignore).of(output).master

    def _listed(self, folder: PurePosixPath) -> _Listed | None:
        stamp = _stamp(self.policy.root / folder)
        kept = self._kept.get(folder)
        if kept and kept.stamp == stamp:
            return kept
        view = look(self.policy.root, folder, self.ignore)
        if not view.readable or stamp is None:
            return None
        masters = [row[0] for row in view.rows]
        renamed = folders_renamed(view.folders, masters, self.policy.mirrors)
        listed = _Listed(stamp, frozenset(view.folders), renamed)
        if time.time_ns() - max(stamp[2:]) > _TICK_NS:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[folder] = listed
        return listed


def _stamp(folder: Path) -> _Stamp | None:
    """What changes when an entry of a folder does; None when it cannot be told."""
    try:
        seen = folder.stat()
    except OSError:
        return None
    return (seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns)
