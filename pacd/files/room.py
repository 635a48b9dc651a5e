"""How much room a disk has, as it says and as a scratch file finds; leaves nothing behind."""

import errno
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pacd.errors import PacError
from pacd.files.atomic import reserve, sibling

PROBES_BYTES: Final = (64 << 10, 1 << 20, 8 << 20)
"""
How large the scratch files are that tell of a quota, which statvfs(3) does not know: tags and
covers, lyrics and short tracks, a song of eight minutes at 128 kbit/s.
"""

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the kernel answers where bytes or inodes are used up (write(2), open(2))."""


@dataclass(frozen=True, slots=True)
class Free:
    """
    What a disk says is free for those who are not root.

    Attributes:
        files: Inodes; infinite where a file system has no fixed number of them.
    """

    size_bytes: int
    files: float

    @classmethod
    def on(cls, root: Path) -> "Free":
        """
        Ask the disk of root.

        Raises:
            OSError: It cannot be told.
        """
        told = os.statvfs(root)
        # Without a table of inodes (btrfs, FAT, CIFS) both are 0; Linux knows no f_favail of its
        # own: glibc 2.36 gives f_ffree.
        return cls(told.f_bavail * told.f_frsize, told.f_favail if told.f_files else math.inf)

    def lacks(self, reserve_bytes: int) -> str:
        """
        Return what there is less of than a reserve wants, a clause; "" for nothing.

        It wants as many inodes as mebibytes: music takes more than one of these for each file.
        """
        if self.size_bytes < reserve_bytes:
            return "less free space than the reserve"
        if self.files < reserve_bytes >> 20:
            return "fewer free inodes, of which each file takes one, than the reserve"
        return ""


@dataclass(frozen=True, slots=True)
class Room:
    """
    What a disk says is free, and what could be written there.

    Attributes:
        fits_bytes: The largest scratch file that found room; 0 for none.
        error: Why not one did, of FULL; 0 where one did, or that is not what failed.
    """

    free: Free
    fits_bytes: int
    error: int = 0

    @property
    def without_inodes(self) -> bool:
        """Whether bytes are free, and no file may be made for want of inodes."""
        return self.error == errno.ENOSPC and self.free.files == 0

    def exceeds(self, other: "Room") -> bool:
        """Whether there is so much more that what failed for want of room may go well now."""
        return self.fits_bytes > other.fits_bytes or any(
            now > before and now >= 2 * before
            for now, before in (
                (self.free.size_bytes, other.free.size_bytes),
                (self.free.files, other.free.files),
            )
        )

    def least(self, other: "Room") -> "Room":
        """Return the lesser of both, one by one."""
        free = Free(
            min(self.free.size_bytes, other.free.size_bytes), min(self.free.files, other.free.files)
        )
        return Room(free, min(self.fits_bytes, other.fits_bytes))


NO_ROOM: Final = Room(Free(0, 0), -1)
"""What any room exceeds."""


def probe(root: Path) -> Room:
    """
    Find out how large a file may be made in root just now; it is gone when this returns.

    Where one can, no inode left is not true: some file systems in user space say so always.
    """
    try:
        free = Free.on(root)
    except OSError:
        free = Free(0, math.inf)
    fits_bytes, error = _fitting(root)
    files = free.files if free.files or not fits_bytes else math.inf
    return Room(Free(free.size_bytes, files), fits_bytes, error)


def _fitting(root: Path) -> tuple[int, int]:
    """Tell the largest of PROBES_BYTES that finds room, and why none does if it is for that."""
    fits_bytes = 0
    try:
        with sibling(root / "probe") as scratch:
            for size_bytes in PROBES_BYTES:
                reserve(scratch, size_bytes)
                fits_bytes = size_bytes
    except OSError as error:
        if error.errno in FULL and not fits_bytes:
            return 0, error.errno
    except PacError:  # root is not a folder, or not there: that is another problem
        pass
    return fits_bytes, 0


def lack(root: Path, reserve_bytes: int) -> str:
    """
    Return what the disk of root has less of than a reserve wants, a clause; "" for nothing.

    Raises:
        OSError: It cannot be told.
    """
    free = Free.on(root)
    lacks = free.lacks(reserve_bytes)
    doubtful = lacks and free.size_bytes >= reserve_bytes and not free.files
    return probe(root).free.lacks(reserve_bytes) if doubtful else lacks
