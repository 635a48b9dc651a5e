"""What every file of the library should be, whatever PAC does meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from random import Random

from faults.soak.recordings import Tags


@dataclass
class Master:
    """
    One file; two names of it share one.

    Attributes:
        md5: Of its audio, as its header states it.
        cover: b"" for none.
        damaged: Its bytes, which nobody may change; b"" while it is sound.
        hires: Whether PAC is to put a CD form in its place, or has done so unseen.
    """

    md5: str
    tags: Tags
    cover: bytes
    damaged: bytes = b""
    hires: bool = False


@dataclass
class Model:
    """
    The library by paths below its root.

    Attributes:
        sidecars: What is copied along, with its bytes.
        unlinked: Paths that had a second name; nobody tells a watcher that it went.
    """

    chance: Random
    masters: dict[PurePosixPath, Master] = field(default_factory=dict)
    sidecars: dict[PurePosixPath, bytes] = field(default_factory=dict)
    unlinked: set[PurePosixPath] = field(default_factory=set)

    def any_master(self, *, damaged: bool = False) -> PurePosixPath | None:
        """Some master; None without any."""
        found = [path for path, each in self.masters.items() if bool(each.damaged) is damaged]
        return self.chance.choice(sorted(found)) if found else None

    def any_album(self) -> PurePosixPath | None:
        """Some folder with masters."""
        found = {path.parent for path in self.masters}
        return self.chance.choice(sorted(found)) if found else None

    def below(self, folder: PurePosixPath) -> Iterator[PurePosixPath]:
        """Yield all that is on record below a folder."""
        for path in (*self.masters, *self.sidecars):
            if folder in path.parents:
                yield path

    def names_of(self, path: PurePosixPath) -> list[PurePosixPath]:
        """All names of a master, itself among them."""
        master = self.masters[path]
        return [each for each, other in self.masters.items() if other is master]

    def moved(self, old: PurePosixPath, new: PurePosixPath) -> None:
        """A file or a folder has another name."""
        for path in (old, *self.below(old)):
            to = new / path.relative_to(old)
            if path in self.masters:
                self.masters[to] = self.masters.pop(path)
            if path in self.sidecars:
                self.sidecars[to] = self.sidecars.pop(path)
            if path in self.unlinked:
                self.unlinked.discard(path)
                self.unlinked.add(to)

    def removed(self, path: PurePosixPath) -> None:
        """A file is gone, or a folder with all in it."""
        for each in (path, *self.below(path)):
            if each in self.masters:
                self.unlinked.update(self.names_of(each))
                self.unlinked.discard(each)
            self.masters.pop(each, None)
            self.sidecars.pop(each, None)

    def replaced(self, path: PurePosixPath, master: Master) -> None:
        """Another file has taken a name."""
        if path in self.masters:
            self.removed(path)
        self.masters[path] = master
