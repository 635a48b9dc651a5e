"""Folders that came while all was watched: whether the watcher has followed them, too."""

from collections import deque
from pathlib import Path
from typing import Final

from pacd.intake.gauge import Devices, is_watched, watches

KEPT: Final = 512
"""Of more arrivals between two looks the latest are looked at: those come when watches run out."""


class Arrivals:
    """
    Watchdog 7.1 tells nobody that a new folder could not be watched, and an audit may be far.

    note() belongs to any thread, all else to one.
    """

    def __init__(self) -> None:
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
        """
        Return a folder that nobody watches, though it was there at the last look already.

        Without arrivals this costs nothing; after some, what watches() does.
        """
        new = {self._new.popleft() for _ in range(len(self._new))}
        if not new and not self._doubtful:
            return None
        there, devices = watches(), Devices()

        def alone(folder: Path) -> bool:
            return not is_watched(folder, there, devices) and folder.is_dir()

        still = next(filter(alone, self._doubtful), None)
        self._doubtful = tuple(filter(alone, new))
        return still
