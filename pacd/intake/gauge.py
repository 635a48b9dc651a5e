"""Measures which folders of a library the kernel watches, while a walk meets them all."""

import os
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.change import FolderId
from pacd.intake.audit import FolderView, root_id
from pacd.intake.mounts import MountTable

KEPT: Final = 256
"""Folders without a watch that are kept by name; of more only the number."""

_TOP: Final = PurePosixPath()

_SELF: Final = Path("/proc/self")
_INOTIFY: Final = "anon_inode:inotify"
_MINOR_BITS: Final = 20  # Linux, include/linux/kdev_t.h: fdinfo has the kernel's own form


def watches() -> frozenset[FolderId]:
    """
    Tell which folders this process watches, by the kernel's own account (proc(5), fdinfo).

    For 10,000 watches this takes 70 ms, half of it the kernel's.
    """
    return read_watches(_SELF)


def read_watches(process: Path) -> frozenset[FolderId]:
    """Tell it of a process, by its folder in /proc."""
    found: set[FolderId] = set()
    for descriptor in (process / "fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if str(descriptor.readlink()) == _INOTIFY:
                found.update(map(_watch, _lines(process / "fdinfo" / descriptor.name)))
    return frozenset(found)


def _lines(info: Path) -> list[bytes]:
    return [line for line in info.read_bytes().splitlines() if line.startswith(b"inotify wd:")]


def _watch(line: bytes) -> FolderId:
    """Read `inotify wd:1 ino:3f7e8 sdev:fe00000 mask:…`: the numbers are hexadecimal."""
    fields = dict(part.split(b":", 1) for part in line.split(b" ", 4)[1:4])
    inode, device = int(fields[b"ino"], 16), int(fields[b"sdev"], 16)
    return (os.makedev(device >> _MINOR_BITS, device & (1 << _MINOR_BITS) - 1), inode)


class Devices:
    """How fdinfo calls devices: by that of the mount, where stat(2) tells more (btrfs)."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    @property
    def known(self) -> AbstractSet[int]:
        """Those of the folders named so far, as fdinfo calls them."""
        return frozenset(self._known.values())

    def told(self, folder: Path, identity: FolderId) -> FolderId:
        """Name a folder as fdinfo does."""
        device, inode = identity
        if device not in self._known:
            table = MountTable.read()
            mount = table.holding(table.real(folder))
            self._known[device] = mount.device if mount else device
        return (self._known[device], inode)


def is_watched(folder: Path, there: AbstractSet[FolderId], devices: Devices) -> bool:
    """Whether a folder is among those that are watched, as watches() tells them."""
    identity = root_id(folder)
    return identity is not None and devices.told(folder, identity) in there


class Gauge:
    """
    Compares the folders that a walk meets with those that are watched.

    Folders are told by their inodes, so neither folders that are watched and ignored, nor
    watches on folders that have left, stand for one that nobody watches.  Where a file system
    tells inotify other inodes than stat(2), numbers alone are compared: with those of the watches
    on the same file systems, as fdinfo and mountinfo both name the one that a folder is in
    (Linux, fs/notify/fdinfo.c and fs/proc_namespace.c).

    Attributes:
        folders: How many the walk has met.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._watched: AbstractSet[FolderId] | None = None
        self._number = 0
        self._devices = Devices()
        self._missing: dict[PurePosixPath, FolderId] = {}
        self._more = 0
        self.folders = 0

    def meet(self, view: FolderView) -> None:
        """Take in a folder; one that could not be read cannot be watched either."""
        if view.identity is None or not view.readable:
            return
        if self._watched is None:
            self._watched = watches()
        self.folders += 1
        seen = self._devices.told(self._root / view.path, view.identity)
        if seen in self._watched:
            return
        if len(self._missing) < KEPT:
            self._missing[view.path] = seen
        else:
            self._more += 1

    def finish(self) -> None:
        """Look again: what came while the walk was under way may be watched by now."""
        self._watched = None
        self.look_again()

    def look_again(self) -> None:
        """Forget the folders that are watched now, or gone."""
        if not self._missing:
            return
        now = watches()
        here = self._devices.known
        self._number = sum(device in here for device, _ in now)
        self._missing = {
            path: seen
            for path, seen in self._missing.items()
            if seen not in now and (self._root / path).is_dir()
        }

    @property
    def unwatched(self) -> int:
        """How many folders were met that nobody watches."""
        missing = len(self._missing) + self._more
        if _TOP in self._missing:  # all watches are gone, or the inodes are others
            return min(missing, max(0, self.folders - self._number))
        return missing

    @property
    def example(self) -> PurePosixPath | None:
        """One that nobody watches, the first of the walk."""
        return next((path for path in self._missing if path != _TOP), None)
