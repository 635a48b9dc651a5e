"""What the kernel says of a process: an account that owes nothing to PAC's own."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId

_INOTIFY: Final = "anon_inode:inotify"
_MINOR_BITS: Final = 20  # Linux, include/linux/kdev_t.h: fdinfo has the kernel's own form


def watches(process: Path = Path("/proc/self")) -> frozenset[FolderId]:
    """Tell which folders a process watches (proc(5), fdinfo), by its folder in /proc."""
    found: set[FolderId] = set()
    for descriptor in (process / "fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            if str(descriptor.readlink()) == _INOTIFY:
                found.update(_watched(process / "fdinfo" / descriptor.name))
    return frozenset(found)


def _watched(info: Path) -> Iterator[FolderId]:
    """Read `inotify wd:1 ino:3f7e8 sdev:fe00000 mask:…`: the numbers are hexadecimal."""
    for line in info.read_bytes().splitlines():
        if line.startswith(b"inotify wd:"):
            fields = dict(part.split(b":", 1) for part in line.split(b" ", 4)[1:4])
            inode, device = int(fields[b"ino"], 16), int(fields[b"sdev"], 16)
            yield (os.makedev(device >> _MINOR_BITS, device & (1 << _MINOR_BITS) - 1), inode)
