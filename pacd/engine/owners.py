"""Tells which master a file of a mirror belongs to by its place; reads directories alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.files.renaming import same_entry
from pacd.intake.audit import look
from pacd.intake.ignore import Ignore
from pacd.planning.names import alike
from pacd.planning.outputs import folders_renamed, output_paths


@dataclass(frozen=True, slots=True)
class Owner:
    """
    Whose output belongs at a place of a mirror.

    Attributes:
        master: Or sidecar, or folder, relative to the library root; None where nothing's does.
        hidden: Whether nobody can tell, because a folder on the way cannot be read.
    """

    master: PurePosixPath | None = None
    hidden: bool = False


class _Names:
    """What bears which name in one folder of the mirror."""

    def __init__(self, found: Mapping[str, PurePosixPath]) -> None:
        self._found = found
        self._likely = {alike(name): name for name in found}

    def like(self, name: str) -> tuple[str, PurePosixPath] | None:
        """What bears a name, or else one that some file system takes for the same."""
        if name in self._found:
            return name, self._found[name]
        likely = self._likely.get(alike(name))
        return (likely, self._found[likely]) if likely else None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A folder of the library, by the names that its folders and masters have in the mirror."""

    folders: _Names
    masters: _Names
    readable: bool


class Owners:
    """
    The owners of one mirror's places; remembers each folder that it lists.

    Names that the mirror's file system takes for one are one.  Make one for each moment: what
    it says was so when it first looked.
    """

    def __init__(self, policy: LibraryPolicy, mirror: MirrorPolicy, ignore: Ignore) -> None:
        self._policy = policy
        self._mirror = mirror
        self._ignore = ignore
        self._known: dict[PurePosixPath, _Listed] = {}

    def of(self, output: PurePosixPath) -> Owner:
        """
        Tell whose output belongs at a path.

        Args:
            output: Relative to the mirror root.
        """
        within = self.folder(output.parent)
        if within.master is None:
            return within
        listed = self._listed(within.master)
        master = self._named(listed.masters, output.parent, output.name)
        return Owner(master, hidden=master is None and not listed.readable)

    def folder(self, place: PurePosixPath) -> Owner:
        """
        Tell which folder of the library one of the mirror stands for.

        Args:
            place: Relative to the mirror root.
        """
        folder = reached = PurePosixPath()
        for name in place.parts:
            listed = self._listed(folder)
            inner = self._named(listed.folders, reached, name)
            if inner is None:
                return Owner(hidden=not listed.readable)
            folder, reached = inner, reached / name
        return Owner(folder)

    def _named(self, names: _Names, place: PurePosixPath, name: str) -> PurePosixPath | None:
        found = names.like(name)
        if found is None:
            return None
        wanted, what = found
        here = self._mirror.root / place
        return what if wanted == name or same_entry(here / wanted, here / name) else None

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
            _Names({new.get(each, each): folder / each for each in view.folders}),
            _Names({place.path.name: master for master, place in outputs.items()}),
            readable=not view.warnings,
        )
