"""Music that a walk passes by, for a dot or a symbolic link: found, so that it can be said."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.intake.audit import MASTER_SUFFIX, FolderView, opened_folder
from pacd.intake.ignore import Ignore
from pacd.intake.mounts import MountTable

_FOLDERS: Final = 32
_ENTRIES: Final = 1000
"""How much is listed behind one name, until music turns up: an artist's albums, no whole tree."""

_AUTOFS: Final = "autofs"


@dataclass(frozen=True, slots=True)
class Overlooked:
    """
    Music that is not maintained.

    Attributes:
        path: Relative to the library's root.
        why: A clause that follows the path.
        fix: What to do about it, a sentence.
    """

    path: PurePosixPath
    why: str
    fix: str


class Search:
    """Looks behind the names that one walk passes by; reads directories, never files."""

    def __init__(self, root: Path, ignore: Ignore, homes: Iterable[Path]) -> None:
        """
        Args:
            homes: The roots of all libraries: a link to what lies in one hides nothing.
        """
        self._root = root
        self._ignore = ignore
        self._libraries = tuple(homes)

    def among(self, view: FolderView) -> Iterator[Overlooked]:
        """Yield what looks like music among the names that a folder's view has passed by."""
        for name in view.passed:
            path = view.path / name
            try:
                mode = (self._root / path).lstat().st_mode
            except OSError:
                continue
            if stat.S_ISLNK(mode):
                yield from self._linked(path)
            elif self._is_music(os.fspath(self._root / path), mode):
                kind = "is hidden" if stat.S_ISREG(mode) else "has music in it and is hidden"
                yield Overlooked(
                    path,
                    f"{kind}, for its name begins with a dot",
                    "Give it a name without the dot; or, if it is to be left alone, "
                    "name it in `ignore` of [watch].",
                )

    def _linked(self, path: PurePosixPath) -> Iterator[Overlooked]:
        if self._ignore.file(path.name) or self._ignore.folder(path.name):
            return
        target = self._table.real(self._root / path)
        mount = self._table.holding(target)
        far = self._table.is_network(mount) or (mount is not None and mount.kind == _AUTOFS)
        # A server that is gone would keep the walk waiting for ever.
        if far or any(_lies_in(target, home) for home in self._homes):
            return
        try:
            mode = os.stat(target).st_mode  # noqa: PTH116  # bytes, as the table has them
        except OSError:
            return
        if self._is_music(os.fsdecode(target), mode):
            yield Overlooked(
                path,
                "is a symbolic link to music outside the libraries, and PAC follows none",
                "Move the music there, mount it there (mount --bind), or make its place a "
                "[[library]]; or, if it is to be left alone, name the link in `ignore` of [watch].",
            )

    @cached_property
    def _table(self) -> MountTable:
        return MountTable.read()

    @cached_property
    def _homes(self) -> tuple[bytes, ...]:
        return tuple(self._table.real(root) for root in self._libraries)

    def _is_music(self, path: str, mode: int) -> bool:
        if stat.S_ISDIR(mode):
            return self._holds_music(path)
        return stat.S_ISREG(mode) and path.lower().endswith(MASTER_SUFFIX)

    def _holds_music(self, folder: str) -> bool:
        waiting = [folder]
        for _ in range(_FOLDERS):
            if not waiting:
                return False
            here = waiting.pop()
            try:
                names = tuple(_listed(here))
            except OSError:
                continue
            for name, is_folder in names:
                if is_folder and not self._ignore.folder(name):
                    waiting.append(f"{here}/{name}")
                elif name.lower().endswith(MASTER_SUFFIX) and not self._ignore.file(name):
                    return True
        return False


def _listed(folder: str) -> Iterator[tuple[str, bool]]:
    """Yield the first names in a folder, and whether each is a folder's."""
    descriptor = opened_folder(folder, follow=False)
    try:
        with os.scandir(descriptor) as listing:
            for item in islice(listing, _ENTRIES):
                yield item.name, item.is_dir(follow_symlinks=False)
    finally:
        os.close(descriptor)


def _lies_in(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")
