"""What is mounted where, and which of it other machines may change; reads /proc/self/mountinfo."""

import os
import re
import select
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "virtiofs", "vboxsf", "prl_fs", "ceph",
     "glusterfs", "afs", "coda", "davfs", "sshfs", "lustre", "beegfs", "gpfs", "orangefs", "pvfs2",
     "ocfs2", "gfs2", "fakeowner", "grpcfuse", "osxfs", "drvfs"}
)  # fmt: skip
"""
File systems on which changes made elsewhere give no inotify events (inotify(7)).

With them those that several machines share as a disk, and those by which Docker Desktop,
VirtualBox, Parallels and WSL show a guest the files of its host.
"""

_FUSE: Final = ("fuse", "fuse.")
"""Of these a program may show anything, most of them another machine; fuseblk is a local disk."""

_MOUNTS: Final = Path("/proc/self/mountinfo")

# proc(5), /proc/PID/mountinfo: a space, tab, newline or backslash in a path is three octal digits.
_ESCAPED: Final = re.compile(rb"\\([0-7]{3})")

_MAX_LINKS: Final = 40  # path_resolution(7): so many links the kernel follows


@dataclass(frozen=True, slots=True)
class Mount:
    """
    One mount.

    Attributes:
        number: Its own; a mount that takes another's place has another.
        parent: The number of the mount that it is on.
        device: Of its file system, as st_dev is, but for btrfs, whose subvolumes have more.
        point: Where it is, absolute.
        root: What of its file system is there; "/" for all of it.
        options: Those of the file system.
    """

    number: int
    parent: int
    device: int
    point: bytes
    kind: str
    options: bytes = b""
    root: bytes = b"/"


@dataclass(frozen=True)
class MountTable:
    """All mounts of this process's namespace at one moment, as the kernel lists them."""

    text: bytes
    _on: dict[int, list[Mount]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def read(cls) -> "MountTable":
        """Read it anew; empty where /proc is not to be had."""
        try:
            return cls(_MOUNTS.read_bytes())
        except OSError:
            return cls(b"")

    def __post_init__(self) -> None:
        mounts = list(filter(None, map(_parsed, self.text.splitlines())))
        numbers = {mount.number for mount in mounts}
        for mount in mounts:
            # That of "/" names a parent too, one that this process cannot see.
            known = mount.parent in numbers and mount.parent != mount.number
            self._on.setdefault(mount.parent if known else 0, []).append(mount)

    def holding(self, path: bytes) -> Mount | None:
        """
        Return the mount that a path lies on; nothing on the disk is asked.

        It goes down from "/" as the kernel does: a mount that another one covers is not found.

        Args:
            path: Absolute, without links.
        """
        return next(reversed(self._passed(path)), None)

    def beneath(self, path: bytes) -> Mount | None:
        """Return it as holding() does, or the one below it where a folder is bound to itself."""
        passed = self._passed(path)
        while len(passed) > 1 and _is_bound_to_itself(passed[-1], passed[-2]):
            passed.pop()
        return next(reversed(passed), None)

    def _passed(self, path: bytes) -> list[Mount]:
        """The mounts that lie one on the other on the way to a path, from "/" on."""
        passed: list[Mount] = []
        on = self._on.get(0, [])
        while reached := [mount for mount in on if _lies_below(path, mount.point)]:
            # Of several at one place the last is on top.
            passed.append(min(reversed(reached), key=lambda mount: len(mount.point)))
            on = self._on.get(passed[-1].number, [])
        return passed

    def below(self, path: bytes) -> tuple[Mount, ...]:
        """Return the mounts that can be seen strictly below a path, in no order."""
        mounts = (mount for on in self._on.values() for mount in on)
        inside = (each for each in mounts if each.point != path and _lies_below(each.point, path))
        return tuple(each for each in inside if self.holding(each.point) == each)

    def is_network(self, mount: Mount | None) -> bool:
        """Whether other machines may change what is on a mount, unseen by inotify."""
        if mount is None:
            return False
        if mount.kind in NETWORK or mount.kind == _FUSE[0] or mount.kind.startswith(_FUSE[1]):
            return True
        # What an overlay lies over is not told of either (Linux, overlayfs.rst).
        layers = (self.holding(layer) for layer in _layers(mount))
        return any(each != mount and self.is_network(each) for each in layers)

    def real(self, path: Path) -> bytes:
        """
        Follow the links of a path, but ask nothing of a network file system.

        A server that is gone would keep whoever asks waiting for ever.
        """
        done, waiting, links = b"/", _parts(os.fsencode(path.absolute())), 0
        while waiting:
            part = waiting.pop()
            here = _parent(done) if part == b".." else _joined(done, part)
            if self.is_network(self.holding(here)):
                return _joined(here, *reversed(waiting))
            try:
                target = os.fsencode(Path(os.fsdecode(here)).readlink())
            except OSError:  # no link, or nothing there
                done = here
                continue
            links += 1
            if links > _MAX_LINKS:
                return here
            done = b"/" if target.startswith(b"/") else _parent(here)
            waiting += _parts(target)
        return done


class MountEvents:
    """Tells whether anything was mounted or unmounted, also what is as it was by now."""

    def __init__(self) -> None:
        self._poll = select.poll()
        try:
            self._descriptor = os.open(_MOUNTS, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._descriptor = -1
            return
        self._poll.register(self._descriptor, select.POLLPRI)

    def any(self) -> bool:
        """Whether there was one since the last call (proc(5), /proc/PID/mounts)."""
        return bool(self._poll.poll(0))

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        if self._descriptor != -1:
            os.close(self._descriptor)
            self._descriptor = -1
            self._poll = select.poll()


def filesystem(path: Path) -> str:
    """Return the type of the file system that holds a path; "unknown" where nothing tells."""
    table = MountTable.read()
    mount = table.holding(table.real(path))
    return mount.kind if mount else "unknown"


def on_network(path: Path) -> bool:
    """Whether a path lies on a file system of other machines."""
    table = MountTable.read()
    return table.is_network(table.holding(table.real(path)))


def _parsed(line: bytes) -> Mount | None:
    """Read a line: six fields, some optional ones, a dash, and three more (proc(5))."""
    before, dash, after = line.partition(b" - ")
    fields, rest = before.split(b" "), after.split(b" ")
    if not dash or len(fields) < 6 or len(rest) < 2:  # noqa: PLR2004  # proc(5)
        return None
    major, _, minor = fields[2].partition(b":")
    return Mount(
        number=int(fields[0]),
        parent=int(fields[1]),
        device=os.makedev(int(major), int(minor)),
        point=_plain(fields[4]),
        kind=rest[0].decode("ascii", "replace"),
        options=_plain(rest[2]) if len(rest) > 2 else b"",  # noqa: PLR2004  # proc(5)
        root=_plain(fields[3]),
    )


def _plain(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), text)


def _layers(mount: Mount) -> Iterator[bytes]:
    """The folders that an overlay shows, as far as they are told in this namespace's terms."""
    if mount.kind != "overlay":
        return
    for option in mount.options.split(b","):
        name, _, value = option.partition(b"=")
        if name in {b"lowerdir", b"upperdir", b"lowerdir+", b"datadir+"}:
            yield from (layer for layer in value.split(b":") if layer.startswith(b"/"))


def _is_bound_to_itself(mount: Mount, below: Mount) -> bool:
    """Whether a mount shows what was there without it, as systemd and containers have them."""
    if mount.device != below.device:
        return False
    inside = os.path.relpath(mount.point, below.point)
    return mount.root == os.path.normpath(_joined(below.root, inside))


def _lies_below(path: bytes, folder: bytes) -> bool:
    return folder in {path, b"/"} or path.startswith(folder + b"/")


def _joined(folder: bytes, *parts: bytes) -> bytes:
    return b"/".join((folder.rstrip(b"/"), *parts))


def _parent(path: bytes) -> bytes:
    return path.rpartition(b"/")[0] or b"/"


def _parts(path: bytes) -> list[bytes]:
    """The names of a path, the last one first."""
    return [part for part in reversed(path.split(b"/")) if part not in {b"", b"."}]
