"""Measures which folders of a library the kernel watches, while a walk meets them all."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.intake.audit import FolderView

KEPT: Final = 256
"""Folders without a watch that are kept by name; of more only the number."""

_TOP: Final = PurePosixPath()


class Gauge:
    """
    Counts the folders that a walk meets, and those among them that nobody watches.

    Each is asked for by itself, so neither folders that are watched and ignored, nor watches on
    folders that have left, stand for one that nobody watches.

    Attributes:
        folders: How many the walk has met.
    """

    def __init__(self, root: Path, is_watched: Callable[[Path], bool]) -> None:
        """
        Args:
            is_watched: Asks the kernel.
        """
        self._root = root
        self._is_watched = is_watched
        self._missing: set[PurePosixPath] = set()
        self._more = 0
        self.folders = 0

    def meet(self, view: FolderView) -> None:
        """Take in a folder; one that could not be read cannot be watched either."""
        if view.identity is None or not view.readable:
            return
        self.folders += 1
        if self._is_watched(self._root / view.path):
            return
        if len(self._missing) < KEPT:
            self._missing.add(view.path)
        else:
            self._more += 1

    def look_again(self, is_watched: Callable[[Path], bool] | None = None) -> None:
        """
        Forget the folders that are watched now, or gone: what came meanwhile may be.

        Where some of those kept by name are watched, nothing is known of the others any more.

        Args:
            is_watched: Asks the kernel; None for what was given at first.
        """
        asked = is_watched or self._is_watched
        folders = {path: self._root / path for path in self._missing}
        watched = {path for path, folder in folders.items() if asked(folder)}
        self._missing = {
            path
            for path, folder in folders.items()
            if path not in watched and os.path.isdir(folder)  # noqa: PTH112  # never raises
        }
        if watched:
            self._more = 0

    @property
    def unwatched(self) -> int:
        """How many folders were met that nobody watches."""
        return len(self._missing) + self._more

    @property
    def example(self) -> PurePosixPath | None:
        """One that nobody watches, the first by name; the root would tell nothing."""
        return min(self._missing - {_TOP}, default=None)
