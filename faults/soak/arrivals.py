"""How albums come into a library: copied, moved, written slowly, under odd names."""

import os
import shutil
import subprocess
import threading
import time
from collections import deque
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

from faults.soak.model import Master, Model
from faults.soak.recordings import Studio, Tags, dressed

ODD_NAMES: Final = (
    "new\nline",
    os.fsdecode(b"latin-\xe9\xff"),
    "-rf --help",
    "AC:DC? <live>",
    "CON",
    "dots...",
    "坂本龍一 “Thousand Knives”",
    "esc\x1b[31mred",
)


class Arrivals:
    """Brings new albums, each by a way of its own; the model learns of what is whole."""

    def __init__(
        self, library: Path, staging: Path, studio: Studio, model: Model, chance: Random
    ) -> None:
        self._library = library
        self._staging = staging
        self._studio = studio
        self._model = model
        self._chance = chance
        self._staged: dict[Path, Master] = {}
        self._number = 0
        self._writers: list[threading.Thread] = []
        self._landed: deque[tuple[Path, PurePosixPath]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a copy is under way."""
        return bool(self._writers)

    def finish(self) -> None:
        """Wait for copies that are still under way."""
        for writer in self._writers:
            writer.join()
        self.take_landed()

    def take_landed(self) -> None:
        """Put on record what other threads have copied in: the model belongs to this one."""
        self._writers = [each for each in self._writers if each.is_alive()]
        while self._landed:
            self._arrived(*self._landed.popleft())

    def by_cp(self) -> None:
        album, made = self._album()
        shutil.copytree(album, self._library / made, dirs_exist_ok=True)
        self._arrived(album, made)

    def by_mv(self) -> None:
        """A rename within one disk: no event tells of what is in it."""
        album, made = self._album()
        incoming = self._library / ".incoming"
        shutil.copytree(album, incoming)
        (self._library / made).parent.mkdir(parents=True, exist_ok=True)
        incoming.rename(self._library / made)
        self._arrived(album, made)

    def by_rsync(self) -> None:
        album, made = self._album()
        (self._library / made).parent.mkdir(parents=True, exist_ok=True)
        command = ["rsync", "-a", f"{album}/", f"{self._library / made}/"]
        subprocess.run(command, check=True)
        self._arrived(album, made)

    def slowly(self) -> None:
        """Written under its final name, with pauses longer than PAC waits."""
        album, made = self._album(artist=f"Slow {self._number}")
        reopened = self._chance.random() < 0.5
        writer = threading.Thread(target=self._write, args=(album, made, reopened))
        writer.start()
        self._writers.append(writer)

    def _write(self, album: Path, made: PurePosixPath, reopened: bool) -> None:
        (self._library / made).mkdir(parents=True)
        for source in sorted(album.iterdir()):
            data, target = source.read_bytes(), self._library / made / source.name
            third = len(data) // 3 + 1
            with target.open("wb") as file:
                file.write(data[:third])
                file.flush()
                time.sleep(1.2)
                if not reopened:
                    file.write(data[third:])
            if reopened:
                with target.open("ab") as file:
                    file.write(data[third : 2 * third])
                time.sleep(1.2)
                with target.open("ab") as file:
                    file.write(data[2 * third :])
        self._landed.append((album, made))

    def oddly(self) -> None:
        odd = self._chance.choice(ODD_NAMES)
        album, made = self._album(artist=odd if self._chance.random() < 0.5 else "", title=odd)
        shutil.copytree(album, self._library / made, dirs_exist_ok=True)
        self._arrived(album, made)

    def _album(self, artist: str = "", title: str = "") -> tuple[Path, PurePosixPath]:
        """A new album in the staging folder, and where it goes."""
        self._number += 1
        folder = self._staging / str(self._number)
        folder.mkdir()
        artist = artist or f"Artist {self._chance.randrange(8)}"
        made = PurePosixPath(artist, f"Album {self._number}")
        cover = self._studio.cover() if self._chance.random() < 0.8 else b""
        for number in range(1, self._chance.randint(1, 4) + 1):
            recording = self._studio.record()
            path = folder / f"{number:02d} {title or f'Träck {number}'}.flac"
            shutil.copyfile(recording.source, path)
            tags = self._tags(made, number)
            dressed(path, tags, cover)
            self._staged[path] = Master(recording.md5, tags, cover, hires=recording.hires)
        return folder, made

    def _tags(self, album: PurePosixPath, number: int) -> Tags:
        artist = f"The Artist of {album.name}"
        return {
            "TITLE": [f"Take {self._chance.randrange(1000)}"],
            "ARTIST": [artist, "A Guest"],
            "ALBUMARTIST": [artist],
            "ALBUM": [album.name],
            "TRACKNUMBER": [str(number)],
            "DATE": ["2026"],
        }

    def _arrived(self, album: Path, made: PurePosixPath) -> None:
        for source in sorted(album.iterdir()):
            self._model.replaced(made / source.name, self._staged.pop(source))
        shutil.rmtree(album)
