"""Tells which master a file of a mirror belongs to by its place; reads directories alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.intake.audit import look
from pacd.intake.ignore import Ignore
from pacd.planning.names import alike
from pacd.planning.outputs import folders_renamed, output_paths


@dataclass(frozen=True, slots=True)
class Owner:
    """
    Whose output belongs at a place of a mirror.

    Attributes:
        master: Relative to the library root; None where no master's does.
        hidden: Whether nobody can tell, because a folder on the way cannot be read.
    """

    master: PurePosixPath | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class _Listed:
    """A folder of the library, by the names that its folders and masters have in the mirror."""

    folders: Mapping[str, PurePosixPath]
    masters: Mapping[str, PurePosixPath]
    readable: bool


class Owners:
    """
    The owners of one mirror's places; remembers each folder that it lists.

    Make one for each moment: what it says was so when it first looked.
    """

    def __init__(self, policy: LibraryPolicy, mirror: MirrorPolicy, ignore: Ignore) -> None:
        self._policy = policy
        self._mirror = mirror
        self._ignore = ignore
        # Where the mirror's names are fit for FAT, names that FAT takes for one are one.
        self._same: Callable[[str], str] = alike if mirror.fat_safe else str
        self._known: dict[PurePosixPath, _Listed] = {}

    def of(self, output: PurePosixPath) -> Owner:
        """
        Tell whose output belongs at a path.

        Args:
            output: Relative to the mirror root.
        """
        folder = PurePosixPath()
        for name in output.parent.parts:
            listed = self._listed(folder)
            inner = listed.folders.get(self._same(name))
            if inner is None:
                return Owner(hidden=not listed.readable)
            folder = inner
        listed = self._listed(folder)
        master = listed.masters.get(self._same(output.name))
        return Owner(master, hidden=master is None and not listed.readable)

    def _listed(self, folder: PurePosixPath) -> _Listed:
        if folder not in self._known:
            self._known[folder] = self._list(folder)
        return self._known[folder]

    def _list(self, folder: PurePosixPath) -> _Listed:
        view = look(self._policy.root, folder, self._ignore)
        masters = [row[0] for row in view.rows]
        renamed = folders_renamed(view.folders, masters, [self._mirror]) or {}
        new = {each: to.name for each, to in renamed.get(self._mirror.name, {}).items()}
        outputs = output_paths((folder / name for name in masters), self._mirror)
        return _Listed(
            {self._same(new.get(each, each)): folder / each for each in view.folders},
            {self._same(place.path.name): master for master, place in outputs.items()},
            readable=not view.warnings,
        )
