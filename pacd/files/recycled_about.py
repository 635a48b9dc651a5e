"""What a file in the recycle bin tells of itself: ``about.json`` beside it."""

import errno
import json
import os
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.recycled import Recycled

ABOUT: Final = "about.json"

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LARGEST_BYTES: Final = 1 << 16

# open(2), read(2): nothing bears the name, or what does is no file, or no folder above it.
NOTHING_THERE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO}
)
"""Errors that say what stands in a bin; any other says only that nobody could look."""


def write_about(folder: int, recycled: Recycled) -> None:
    """Write it into an open folder, which has none, and have it on disk."""
    told = {
        "entry": recycled.entry,
        "path": str(recycled.path),
        "at": recycled.at.isoformat(),
        "reason": recycled.reason,
        "inode": recycled.inode,
        "size_bytes": recycled.size_bytes,
        "mtime_ns": recycled.mtime_ns,
        "audio_md5": recycled.audio_md5,
        "made_md5": recycled.made_md5,
    }
    with os.fdopen(os.open(ABOUT, _NEW, 0o600, dir_fd=folder), "w", encoding="ascii") as file:
        json.dump(told, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def read_about(folder: int) -> Recycled | None:
    """
    Read it from an open folder; None where there is none, or nothing that makes sense.

    Whoever can write there can name any path: it is one below the library's root.

    Raises:
        OSError: It could not be read: that says nothing of what is there.
    """
    try:
        with os.fdopen(os.open(ABOUT, _READ, dir_fd=folder), "rb") as file:
            told = json.loads(file.read(_LARGEST_BYTES))
        path, entry = PurePosixPath(told["path"]), str(told["entry"])
        if path.is_absolute() or not all(map(_plain, (entry, path.name, *path.parts))):
            return None
        at = datetime.fromisoformat(told["at"])
        numbers = (int(told["inode"]), int(told["size_bytes"]), int(told["mtime_ns"]))
        md5s = (str(told["audio_md5"]), str(told["made_md5"]))
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            raise
        return None
    except (ValueError, KeyError, TypeError):
        return None
    return None if at.tzinfo is None else Recycled(entry, path, at, told["reason"], *numbers, *md5s)


def entry_name(at: datetime, token: str) -> str:
    """Return a name for a file's folder in the bin: when, for people, and what makes it one."""
    return f"{at:%Y%m%dT%H%M%SZ}-{token}"


def _plain(name: str) -> bool:
    """Whether it names something in a folder, and nothing else."""
    return name not in {"", ".", ".."} and not {"/", "\0"} & set(name)
