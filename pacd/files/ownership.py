"""What root makes beside the daemon's files belongs to the daemon's user, who must use it (S4)."""

import os
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def give(made: int, folder: Path) -> None:
    """
    As root, give an open file or folder to the owner of a folder; others own what they make.

    It is for what was just made there, and open: a name may have come to mean another file.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(made, owner.st_uid, owner.st_gid)


def make_folder(path: Path, mode: int = 0o777) -> None:
    """
    Make a folder where none is, and give it to the owner of the folder it is in.

    Raises:
        OSError: It cannot be made.
    """
    if path.is_dir():
        return
    path.mkdir(mode, exist_ok=True)
    made = os.open(path, _FOLDER)
    try:
        give(made, path.parent)
    finally:
        os.close(made)
