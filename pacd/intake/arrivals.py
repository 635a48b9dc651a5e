"""Folders that came while all was watched: whether the watcher has followed them, too."""

import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

KEPT: Final = 512
"""Of more arrivals between two looks the latest are looked at: those come when watches run out."""


class Arrivals:
    """
    Watchdog 7.1 tells nobody that a new folder could not be watched, and an audit may be far.

    note() belongs to any thread, all else to one.
    """

    def __init__(self, is_watched: Callable[[Path], bool]) -> None:
        """
        Args:
            is_watched: Asks the kernel.
        """
        self._is_watched = is_watched
        self._new: deque[Path] = deque(maxlen=KEPT)
        self._doubtful: tuple[Path, ...] = ()

    def note(self, folder: Path) -> None:
        """A folder has come, or gone."""
        self._new.append(folder)

    def forget(self) -> None:
        """All is watched anew."""
        self._new.clear()
        self._doubtful = ()

    def unfollowed(self) -> Path | None:
        """Return a folder that nobody watches, though it was there at the last look already."""
        new = {self._new.popleft() for _ in range(len(self._new))}
        still = next(filter(self._is_alone, self._doubtful), None)
        self._doubtful = tuple(filter(self._is_alone, new))
        return still

    def _is_alone(self, folder: Path) -> bool:
        """Whether nobody watches it, who could: links and what may not be read are left alone."""
        could = os.path.isdir(folder) and os.access(folder, os.R_OK)  # noqa: PTH112  # never raises
        return could and not folder.is_symlink() and not self._is_watched(folder)
