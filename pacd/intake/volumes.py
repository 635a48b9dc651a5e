"""
Which disk a folder lies on, by what stays when disks are numbered anew and differs between two.

An inode is not enough: the root of every new ext4 is inode 2, of btrfs 256, of xfs 64 or 128.
"""

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId
from pacd.intake.audit import opened_folder
from pacd.intake.mounts import MountTable, filesystem

_GET_UUID: Final = 0x8011_1500
"""Linux 6.9, include/uapi/linux/fs.h: FS_IOC_GETFSUUID, _IOR(0x15, 0, struct fsuuid2)."""

_UUID: Final = bytes(17)
"""The same: struct fsuuid2 is a byte, the length, and 16 of the UUID."""

_NUMBER_BITS: Final = 32
"""
An f_fsid of no more bits is 0 or the number of the device, which tells nothing.

Linux: huge_encode_dev() has 32 bits, and is the f_fsid of xfs, f2fs, FAT, exFAT and others (as in
fs/xfs/xfs_super.c, xfs_fs_statfs); NFS and FUSE have 0; ext4, btrfs, ZFS and bcachefs make 64 bits
of their UUID.  A UUID of 32 bits, FAT's serial number, is not told from such a number later.
"""

_BRIEF: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "overlay", "aufs"})
"""File systems that are made, or may be named, anew at each mount (shmem_fill_super, overlayfs)."""

_AUTOFS: Final = "autofs"


@dataclass(frozen=True, slots=True)
class Spot:
    """
    Which folder a root is while it stays mounted.

    Attributes:
        volume: Of its file system, in hexadecimal digits; "" where nothing tells.
    """

    folder: FolderId
    volume: str


def spot(root: Path) -> Spot | None:
    """Tell which folder a root is now; None where it cannot be opened."""
    try:
        descriptor = opened_folder(os.fspath(root), follow=True)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        return Spot((status.st_dev, status.st_ino), _volume(descriptor))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def lasting(root: Path, kind: str = "") -> str:
    """
    Spell which folder a root is, to be told from others after the next boot; "" where it is away.

    Args:
        kind: The type of its file system, where that is known.
    """
    found = spot(root)
    if found is None:
        return ""
    brief = not found.volume or (kind or filesystem(root)) in _BRIEF
    return f"{'' if brief else found.volume}:{found.folder[1]}"


def same_place(known: str | int | None, now: str) -> bool:
    """
    Whether a root is the folder that was remembered; so it is where none was.

    Args:
        known: As lasting() spelt it; an inode alone, or a device's number with it, as earlier
            versions of PAC did, is believed as far as it goes.
        now: From lasting().
    """
    if known is None:
        return True
    before, _, inode = str(known).rpartition(":")
    volume, _, found = now.rpartition(":")
    return inode == found and (len(before) * 4 <= _NUMBER_BITS or before == volume)


def inside(root: Path) -> Mapping[str, str]:
    """
    Tell what is mounted below a root: by its path from there, what lasting() says of it.

    Of other machines' disks, and of those that are mounted when somebody looks, nothing is asked.
    """
    table = MountTable.read()
    real = table.real(root)
    return {
        os.fsdecode(os.path.relpath(mount.point, real)): ""
        if mount.kind == _AUTOFS or table.is_network(mount)
        else lasting(Path(os.fsdecode(mount.point)), mount.kind)
        for mount in table.below(real)
    }


def uuid(descriptor: int) -> str:
    """The UUID of an open folder's file system; "" where it has none, or Linux is before 6.9."""
    try:
        answer = fcntl.ioctl(descriptor, _GET_UUID, _UUID)
    except OSError:
        return ""
    return answer[1 : 1 + answer[0]].hex()


def _volume(descriptor: int) -> str:
    number = os.fstatvfs(descriptor).f_fsid
    return f"{number:x}" if number >> _NUMBER_BITS else uuid(descriptor)
