"""Whether a place is a folder, and whether it holds something."""

import os
import stat
from pathlib import Path

from pacd.intake.audit import opened_folder
from pacd.intake.ignore import Ignore


def reachable(root: Path) -> bool:
    """Whether a root is a directory; one that may not be looked at is none for us."""
    try:
        return stat.S_ISDIR(root.stat().st_mode)
    except OSError:
        return False


def available(root: Path, besides: Ignore | None = None) -> bool:
    """Whether a root is a directory that holds something, besides what is not maintained."""
    try:
        descriptor = opened_folder(os.fspath(root), follow=True)
    except OSError:
        return False
    try:
        with os.scandir(descriptor) as listing:
            return any(not (besides and _is_left_alone(each.name, besides)) for each in listing)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _is_left_alone(name: str, ignore: Ignore) -> bool:
    return bool(ignore.folder(name) or ignore.file(name))
