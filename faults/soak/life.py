"""What people do to a library, at random; the model learns of each change."""

import errno
import os
import shutil
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

from faults.soak.model import Master, Model
from faults.soak.recordings import Studio, Tags, dressed, frames_at, retagged

FULL: Final = 0.6
"""What part of the library's disk may be taken before more is removed than comes in."""

MOST: Final = 120
"""Masters; a checkpoint looks at each of them."""

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


class Life:
    """One person with many habits; every method does one thing to the library."""

    def __init__(
        self, library: Path, staging: Path, studio: Studio, model: Model, chance: Random
    ) -> None:
        self._library = library
        self._studio = studio
        self._model = model
        self._chance = chance
        self._staging = staging
        self._staged: dict[Path, Master] = {}
        self._number = 0
        self._writers: list[threading.Thread] = []
        self._landed: deque[tuple[Path, PurePosixPath]] = deque()
        self.done: dict[str, int] = {}

    def something(self, *, room: bool = True) -> str:
        """
        Do one thing; return what.

        Args:
            room: Whether there is room on the disk; without, nothing is written.
        """
        self._take_landed()
        habits = self._habits() if room else (self._move_file, self._recase, self._remove_file)
        habit = self._chance.choice(habits)
        name = habit.__name__.strip("_")
        try:
            habit()
        except OSError as error:
            if room or error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
        self.done[name] = self.done.get(name, 0) + 1
        return name

    def _habits(self) -> list[Callable[[], None]]:
        arriving = [self._arrive_by_cp, self._arrive_by_mv, self._arrive_by_rsync]
        arriving += [self._arrive_slowly, self._arrive_oddly, self._copy_file]
        changing = [self._retag, self._retag, self._retag_by_metaflac, self._swap_cover]
        changing += [self._move_album, self._move_file, self._recase, self._rename_artist]
        changing += [self._swap_files, self._rerip, self._rerip_in_place, self._link]
        changing += [self._damage, self._mend, self._mend, self._write_sidecar, self._write_sidecar]
        leaving = [self._remove_file, self._remove_sidecar]
        crowded = len(self._model.masters) > MOST
        leaving += [self._remove_album] * (8 if crowded else 1)
        return [*changing, *leaving] if crowded else [*arriving, *changing, *leaving]

    def finish(self) -> None:
        """Wait for copies that are still under way."""
        for writer in self._writers:
            writer.join()
        self._take_landed()

    def _take_landed(self) -> None:
        """Put on record what other threads have copied in: the model belongs to this one."""
        self._writers = [each for each in self._writers if each.is_alive()]
        while self._landed:
            self._arrived(*self._landed.popleft())

    # --- what arrives

    def _arrive_by_cp(self) -> None:
        album, made = self._album()
        shutil.copytree(album, self._library / made, dirs_exist_ok=True)
        self._arrived(album, made)

    def _arrive_by_mv(self) -> None:
        """A rename within one disk: no event tells of what is in it."""
        album, made = self._album()
        incoming = self._library / ".incoming"
        shutil.copytree(album, incoming)
        (self._library / made).parent.mkdir(parents=True, exist_ok=True)
        incoming.rename(self._library / made)
        self._arrived(album, made)

    def _arrive_by_rsync(self) -> None:
        album, made = self._album()
        (self._library / made).parent.mkdir(parents=True, exist_ok=True)
        command = ["rsync", "-a", f"{album}/", f"{self._library / made}/"]
        subprocess.run(command, check=True)
        self._arrived(album, made)

    def _arrive_slowly(self) -> None:
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

    def _arrive_oddly(self) -> None:
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
            self._staged[path] = Master(recording.md5, tags, cover)
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

    def _copy_file(self) -> None:
        """The same recording twice."""
        path, album = self._model.any_master(), self._model.any_album()
        if path and album:
            to = self._free(album / f"copy of {path.name}")
            if to:
                master = self._model.masters[path]
                shutil.copyfile(self._library / path, self._library / to)
                self._model.masters[to] = replace(master)

    # --- what changes

    def _retag(self) -> None:
        self._edit(dressed)

    def _retag_by_metaflac(self) -> None:
        self._edit(lambda path, tags, _cover: retagged(path, {"TITLE": tags["TITLE"]}))

    def _edit(self, edit: Callable[[Path, Tags, bytes], None]) -> None:
        path = self._model.any_master()
        if path is None:
            return
        master = self._model.masters[path]
        tags = {**master.tags, "TITLE": [f"Title {self._chance.randrange(10_000)}"]}
        before = (self._library / path).stat()
        edit(self._library / path, tags, master.cover)
        self._edited(path, before, replace(master, tags=tags))

    def _swap_cover(self) -> None:
        path = self._model.any_master()
        if path is None:
            return
        master, cover = self._model.masters[path], self._studio.cover()
        before = (self._library / path).stat()
        dressed(self._library / path, {}, cover)
        self._edited(path, before, replace(master, cover=cover))

    def _edited(self, path: PurePosixPath, before: os.stat_result, now: Master) -> None:
        """What an editor wrote in place is so under every name of the file."""
        names = self._model.names_of(path) if before.st_nlink > 1 else [path]
        here = (self._library / path).stat().st_ino
        for name in names:
            if (self._library / name).stat().st_ino == here:
                self._model.masters[name] = now
            else:
                self._model.unlinked.add(name)

    def _move_album(self) -> None:
        album = self._model.any_album()
        if album:
            artist = f"Artist {self._chance.randrange(8)}"
            self._rename(album, PurePosixPath(artist, album.name))

    def _rename_artist(self) -> None:
        album = self._model.any_album()
        if album and len(album.parts) > 1 and not album.parts[0].startswith("Slow"):
            artist = album.parts[0]
            self._rename(PurePosixPath(artist), PurePosixPath(f"{artist[:20]} {self._number}"))

    def _move_file(self) -> None:
        path, album = self._model.any_master(), self._model.any_album()
        if path and album:
            self._rename(path, album / path.name)

    def _recase(self) -> None:
        path = self._model.any_master() or self._model.any_album()
        if path:
            path = self._chance.choice((path, path.parent))
            self._rename(path, path.with_name(path.stem.swapcase() + path.suffix))

    def _rename(self, old: PurePosixPath, new: PurePosixPath) -> bool:
        source, target = self._library / old, self._library / new
        if os.path.lexists(target) or old in new.parents or self._busy(old):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        self._model.moved(old, new)
        return True

    def _busy(self, path: PurePosixPath) -> bool:
        """Whether somebody may still be copying into a place."""
        return path.parts[0].startswith("Slow") and bool(self._writers)

    def _swap_files(self) -> None:
        one, other = self._model.any_master(), self._model.any_master()
        if one and other and one != other:
            aside = PurePosixPath(".aside.flac")
            for old, new in ((one, aside), (other, one), (aside, other)):
                (self._library / old).rename(self._library / new)
                self._model.moved(old, new)

    def _rerip(self) -> None:
        """A new file by the old name, put there at once."""
        self._replace(lambda source, target: source.rename(target))

    def _rerip_in_place(self) -> None:
        """The old file, overwritten as cp does it."""

        def overwrite(source: Path, target: Path) -> None:
            shutil.copyfile(source, target)
            source.unlink()

        self._replace(overwrite)

    def _replace(self, put: Callable[[Path, Path], object]) -> None:
        path = self._model.any_master()
        if path and len(self._model.names_of(path)) == 1:
            recording = self._studio.record()
            self._put(path, replace(self._model.masters[path], md5=recording.md5), put)

    def _put(
        self, path: PurePosixPath, master: Master, put: Callable[[Path, Path], object]
    ) -> None:
        new = self._library / ".new.flac"
        shutil.copyfile(self._studio.recordings[master.md5].source, new)
        dressed(new, master.tags, master.cover)
        put(new, self._library / path)
        self._model.replaced(path, master)

    def _damage(self) -> None:
        """A bit of the audio flips; only if the file stays the one that was damaged."""
        path = self._model.any_master()
        damaged = sum(bool(each.damaged) for each in self._model.masters.values())
        if path is None or len(self._model.names_of(path)) > 1 or damaged > MOST // 10:
            return
        target = self._library / path
        with target.open("r+b") as file:
            data = bytearray(file.read())
            at = self._chance.randrange(frames_at(bytes(data)) + 100, len(data) - 100)
            data[at] ^= 1 << self._chance.randrange(8)
            os.pwrite(file.fileno(), data[at : at + 1], at)
            same = os.fstat(file.fileno()).st_ino == target.stat().st_ino
        if same:
            self._model.masters[path] = replace(self._model.masters[path], damaged=bytes(data))

    def _mend(self) -> None:
        """A good copy takes the place of a damaged file."""
        path = self._model.any_master(damaged=True)
        if path:
            good = replace(self._model.masters[path], damaged=b"")
            self._put(path, good, lambda source, target: source.rename(target))

    def _link(self) -> None:
        path = self._model.any_master()
        if path and len(self._model.names_of(path)) == 1 and self._chance.random() < 0.3:
            to = self._free(path.with_name(f"link to {path.name}"))
            before = (self._library / path).stat().st_ino
            if to:
                (self._library / to).hardlink_to(self._library / path)
                self._model.masters[to] = self._model.masters[path]
                if (self._library / path).stat().st_ino != before:
                    self._model.masters[path] = replace(self._model.masters[to])

    # --- sidecars, and what leaves

    def _write_sidecar(self) -> None:
        path = self._model.any_master()
        if path:
            lyrics = path.with_suffix(".lrc")
            sidecar = self._chance.choice((lyrics, path.with_name("cover.jpg")))
            words = f"words {self._chance.random()}".encode()
            (self._library / sidecar).write_bytes(words)
            self._model.sidecars[sidecar] = words

    def _remove_sidecar(self) -> None:
        if self._model.sidecars:
            path = self._chance.choice(sorted(self._model.sidecars))
            (self._library / path).unlink()
            self._model.removed(path)

    def _remove_file(self) -> None:
        path = self._model.any_master(damaged=self._chance.random() < 0.2)
        if path:
            (self._library / path).unlink()
            self._model.removed(path)

    def _remove_album(self) -> None:
        album = self._model.any_album()
        if album and not self._busy(album):
            shutil.rmtree(self._library / album)
            self._model.removed(album)

    def _free(self, path: PurePosixPath) -> PurePosixPath | None:
        """A name that nothing has, if it is short enough."""
        short = len(os.fsencode(path.name)) <= 200
        return None if not short or os.path.lexists(self._library / path) else path
