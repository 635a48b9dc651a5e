"""Gives a file a second name in an open folder; where that cannot be, a copy with all it has."""

import errno
import os
import shutil
from pathlib import Path
from typing import Final

from pacd.domain.change import Observation
from pacd.domain.recycled import Recycled
from pacd.errors import OccupiedError, SourceChangedError
from pacd.files.attributes import carry_over
from pacd.files.regular import observe, open_own, open_regular, require_untouched

# link(2): another file system within the library; no hard links there, or none of such a file.
_NO_LINK: Final = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EINVAL}
)


def take_in(target: Path, inner: int, recycled: Recycled) -> None:
    """Give a file a second name in the bin; where that cannot be, a copy."""
    before = observe(target)
    if not recycled.is_still(before):
        raise SourceChangedError(target)
    try:
        os.link(target, recycled.path.name, dst_dir_fd=inner, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        _copy_in(target, inner, before, recycled.path.name)
    else:
        there = os.stat(recycled.path.name, dir_fd=inner, follow_symlinks=False)
        linked = (there.st_ino, there.st_size, there.st_mtime_ns)
        if linked != (before.inode, before.size_bytes, before.mtime_ns):
            raise SourceChangedError(target)


def identity(folder: int, name: str) -> tuple[int, ...]:
    """Which file bears a name in an open folder, and what tells whether it was written to."""
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def require_kept(folder: int, name: str, kept: tuple[int, ...]) -> None:
    """
    Look at a second name again, by way of the bin, before the first may go.

    Args:
        name: As it is reached from the open folder of the bin.

    Raises:
        OccupiedError: It is another file now, or gone.
    """
    try:
        lies = identity(folder, name) == kept
    except (FileNotFoundError, NotADirectoryError):
        lies = False
    if not lies:
        raise OccupiedError("somebody else has taken it from the recycle bin meanwhile")


def _copy_in(target: Path, inner: int, before: Observation, name: str) -> None:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    made = os.open(name, flags, 0o600, dir_fd=inner)
    with os.fdopen(made, "wb") as copy, open_regular(target) as source:
        shutil.copyfileobj(source, copy, 1 << 20)
        copy.flush()
        carry_over(target.name, source.fileno(), copy.fileno(), keep_mtime=True)
        os.fsync(copy.fileno())
    require_untouched(target, before)


def copy_into(source: Path, scratch: Path) -> None:
    """Copy a file with all that is carried over into a scratch file; its reader syncs it."""
    with open_regular(source) as old, open_own(scratch) as new:
        shutil.copyfileobj(old, new, 1 << 20)
        new.flush()
        carry_over(source.name, old.fileno(), new.fileno(), keep_mtime=True)
