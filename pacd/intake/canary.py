"""A file whose events must come back: proof that watching works, not that its threads live."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from watchdog.events import FileClosedEvent, FileSystemEvent, FileSystemEventHandler

from pacd.files.ownership import give, make_folder

_NAME: Final = "canary"


class Canary(FileSystemEventHandler):
    """
    Closes a file in a folder of its own that was open for writing, and listens for the event.

    Nothing is written: a full disk does not matter, nor does its wear.  On a read-only disk
    it is mute, and proves nothing.

    Attributes:
        folder: Watched by whoever owns it, with this as the handler.
    """

    events: Final[list[type[FileSystemEvent]]] = [FileClosedEvent]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._came_back = threading.Event()
        self._came_back.set()

    def settle_in(self) -> bool:
        """Make the folder; return whether it is there."""
        with suppress(OSError):
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_folder(self.folder, 0o700)
        return self.folder.is_dir()

    def send(self) -> None:
        """Have an event made; without the right to, nothing is awaited."""
        self._came_back.clear()
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            song = os.open(self.folder / _NAME, flags, 0o600)
            try:
                give(song, self.folder)
            finally:
                os.close(song)
        except OSError:
            self._came_back.set()

    def back(self, within_s: float = 0.0) -> bool:
        """Whether the event of the last send() has come, or comes in time."""
        return self._came_back.wait(within_s)

    def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002  # watchdog's
        self._came_back.set()
