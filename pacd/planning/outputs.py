"""Where each output of a mirror belongs; touches nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.policy import MirrorPolicy
from pacd.planning.names import (
    MAX_NAME_BYTES,
    NOTHING_RENAMED,
    Renamed,
    digest,
    plain_name,
    renamed_folders,
    renamed_masters,
    shown,
)

PATH_MAX: Final = 4096
"""Of Linux (limits.h): bytes of a path that is given to the system, its final NUL among them."""

_LONG_HASH: Final = 32
"""Hexadecimal digits: nothing else keeps a folder apart whose path is too long for its mirror."""

_MAX_CHAR_BYTES: Final = 4  # UTF-8


@dataclass(frozen=True, slots=True)
class Named:
    """
    Where a folder's outputs, or one output, belong in a mirror.

    Attributes:
        path: Relative to the mirror root.
        reason: Why it is not the path in the library, a clause; "" where it is,
            an output's extension apart.
    """

    path: PurePosixPath
    reason: str = ""

    def child(self, name: str, original: str, renamed: Renamed | None, mirror: str) -> "Named":
        """
        What lies directly below.

        Args:
            name: Its plain name, which it has unless renamed.
        """
        if renamed is None:
            return Named(self.path / name, self.reason)
        words = f"{shown(original)} is named {renamed.name} in mirror {mirror}: {renamed.reason}"
        reason = f"{self.reason}; {words}" if self.reason else words
        return Named(self.path / renamed.name, reason)


Places = Mapping[str, Named]
"""Where a library folder lies in each mirror, by the mirror's name."""

FoldersRenamed = Mapping[str, Mapping[str, Renamed]]
"""Folders of one folder that are not named as in the library, by mirror and name."""


class OutputFolders:
    """
    Where the folders of one library lie in its mirrors, learnt from the root down (M1, M10).

    What a folder is named depends on its siblings, and where it lies on the names of all
    folders above.  Only folders that lie elsewhere than in the library are remembered.
    """

    def __init__(self, mirrors: Sequence[MirrorPolicy]) -> None:
        self._mirrors = mirrors
        self._moved: dict[str, dict[PurePosixPath, Named]] = {each.name: {} for each in mirrors}

    def of(self, folder: PurePosixPath) -> Places:
        """
        Where a folder lies.

        Args:
            folder: Relative to the library root; all above it have been learnt.
        """
        return {
            mirror: (moved.get(folder) if moved else None) or Named(folder)
            for mirror, moved in self._moved.items()
        }

    def learn(
        self, folder: PurePosixPath, names: Sequence[str], renamed: FoldersRenamed | None = None
    ) -> None:
        """
        Take in folders of a folder.

        Args:
            renamed: What folders_renamed says of all folders of this folder.
        """
        for mirror in self._mirrors:
            moved = self._moved[mirror.name]
            new_names = (renamed or {}).get(mirror.name, NOTHING_RENAMED)
            here = moved.get(folder)
            room = _room(mirror)
            tight = _MAX_CHAR_BYTES * (len(str(folder)) + MAX_NAME_BYTES) > room
            if here is None and not new_names and not tight:
                continue
            here = here or Named(folder)
            for name in names:
                place = here.child(name, name, new_names.get(name), mirror.name)
                if tight and len(bytes(place.path)) > room:
                    place = _far(folder / name, mirror)
                if place.path != folder / name:
                    moved[folder / name] = place


def folders_renamed(
    folders: Sequence[str], masters: Sequence[str], mirrors: Sequence[MirrorPolicy]
) -> FoldersRenamed | None:
    """
    Name the folders of one folder in every mirror.

    Args:
        masters: Those that lie beside them: no output may bear the name of a folder.

    Returns:
        None when all are named as in the library.
    """
    found = {
        mirror.name: renamed_folders(folders, masters, mirror.extension, fat_safe=mirror.fat_safe)
        for mirror in mirrors
    }
    return found if any(found.values()) else None


def output_paths(
    masters: Iterable[PurePosixPath], mirror: MirrorPolicy, folder: Named | None = None
) -> Mapping[PurePosixPath, Named]:
    """
    Name the output of each master of one folder (M1, M10).

    Args:
        masters: All of them, relative to the library root.
        folder: Where the folder lies in the mirror; unset: where it lies in the library.

    Returns:
        By master, sorted; no two are the same.
    """
    by_name = {master.name: master for master in sorted(masters)}
    renamed = renamed_masters(by_name, mirror.extension, fat_safe=mirror.fat_safe)
    named = {}
    for name, master in by_name.items():
        place = folder or Named(master.parent)
        plain = plain_name(name, mirror.extension)
        named[master] = place.child(plain, name, renamed.get(name), mirror.name)
    return named


def _room(mirror: MirrorPolicy) -> int:
    """How many bytes the path of a folder may have, so that any name can be put below it."""
    return PATH_MAX - len(bytes(mirror.root)) - MAX_NAME_BYTES - len("//\0")


def _far(folder: PurePosixPath, mirror: MirrorPolicy) -> Named:
    """Where a folder lies whose path the mirror has no room for: at its root, under a hash."""
    name = f"~{digest(bytes(folder), _LONG_HASH)}"
    words = f"{shown(folder.name)} is {name} in mirror {mirror.name}: its path would be too long"
    return Named(PurePosixPath(name), words)
