"""What people do to a library, at random; the model learns of each change."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from random import Random
from typing import Final

from faults.soak.arrivals import Arrivals
from faults.soak.model import Master, Model
from faults.soak.recordings import Studio, Tags, dressed, frames_at, retagged

Put = Callable[[Path, Path], object]
"""How a new file takes the place of an old one."""

MOST: Final = 120
"""Masters; a checkpoint looks at each of them."""


class Life:
    """One person with many habits; every method does one thing to the library."""

    def __init__(
        self, library: Path, arrivals: Arrivals, studio: Studio, model: Model, chance: Random
    ) -> None:
        self._library = library
        self._arrivals = arrivals
        self._studio = studio
        self._model = model
        self._chance = chance
        self.done: dict[str, int] = {}

    def finish(self) -> None:
        """Wait for copies that are still under way."""
        self._arrivals.finish()

    def something(self, *, room: bool = True) -> str:
        """
        Do one thing; return what.

        Args:
            room: Whether there is room on the disk; without, nothing is written.
        """
        self._arrivals.take_landed()
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
        come = self._arrivals
        arriving = [come.by_cp, come.by_mv, come.by_rsync, come.slowly, come.oddly, self._copy_file]
        changing = [self._retag, self._retag, self._retag_by_metaflac, self._swap_cover]
        changing += [self._move_album, self._move_file, self._recase, self._rename_artist]
        changing += [self._swap_files, self._rerip, self._rerip_in_place, self._link]
        changing += [self._damage, self._mend, self._mend, self._write_sidecar, self._write_sidecar]
        leaving = [self._remove_file, self._remove_sidecar]
        crowded = len(self._model.masters) > MOST
        leaving += [self._remove_album] * (8 if crowded else 1)
        return [*changing, *leaving] if crowded else [*arriving, *changing, *leaving]

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
            artist = PurePosixPath(album.parts[0])
            self._rename(artist, PurePosixPath(f"{artist.name[:20]} {self._chance.randrange(100)}"))

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
        return path.parts[0].startswith("Slow") and self._arrivals.busy

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

    def _replace(self, put: Put) -> None:
        path = self._model.any_master()
        if path and len(self._model.names_of(path)) == 1:
            recording = self._studio.record()
            master = replace(self._model.masters[path], md5=recording.md5, hires=recording.hires)
            self._put(path, master, put)

    def _put(self, path: PurePosixPath, master: Master, put: Put) -> None:
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
        if self._model.masters[path].hires:  # what its audio is by now is not known
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
