"""Looks at a library folder together with its folders in the mirrors; reads directories alone."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.change import Entry, fingerprint
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.naming import Naming
from pacd.engine.presence import available
from pacd.engine.roots import in_place, outputs_kept
from pacd.files.renaming import same_entry
from pacd.intake.audit import FolderView, look, walk
from pacd.intake.ignore import Ignore
from pacd.planning.names import alike
from pacd.planning.outputs import Places, folders_renamed, is_far
from pacd.planning.sidecars import copies_of, kinds_in
from pacd.store.database import Store

_NOTHING: Final = Ignore()


@dataclass(frozen=True, slots=True)
class Looked:
    """
    A library folder and its folders in the mirrors, seen at one moment.

    Attributes:
        mirrors: By mirror name; None where the mirror's root is not in place, or where
            the folder lies in it is not known.
        places: Where it lies in each mirror; empty where that is not known.
    """

    library: FolderView
    mirrors: Mapping[str, FolderView | None]
    places: Places = field(default_factory=dict)

    @property
    def fingerprint(self) -> bytes:
        """Changes when anything in these folders does."""
        views = [self.library, *(view for view in self.mirrors.values() if view)]
        return fingerprint(group for view in views for group in (view.rows, view.beside))

    @property
    def mirrored(self) -> bool:
        """Whether something stands in a mirror's folder, be there a master of it or not."""
        return any(view.rows or view.beside for view in self.mirrors.values() if view)

    @property
    def complete(self) -> bool:
        """Whether everything could be looked at."""
        return not self.library.warnings and all(
            view is not None and not view.warnings for view in self.mirrors.values()
        )


class Standing:
    """
    What stands in a mirror's folder.

    A file system that does not tell upper case from lower, or that has a Unicode form of its
    own, may list an output otherwise than it is named: it is found all the same.
    """

    def __init__(self, view: FolderView, wanted: Collection[PurePosixPath] = ()) -> None:
        """
        Args:
            wanted: What belongs there: what is listed by such a name is nothing else, however
                alike the two are (without fat_safe they may be).
        """
        self._wanted = wanted
        entries = (*view.entries, *map(Entry.of, view.beside))
        self._exact = {view.path / entry.name: entry for entry in entries}

    def at(self, path: PurePosixPath) -> Entry | None:
        """What is listed by a name, or else by one like it; None for nothing."""
        return self._exact.get(path) or self._by_likeness.get(alike(path.name))

    @cached_property
    def _by_likeness(self) -> Mapping[str, Entry]:
        return {
            alike(path.name): entry
            for path, entry in self._exact.items()
            if path not in self._wanted
        }


def look_at(store: Store, library_id: int, naming: Naming, folder: PurePosixPath) -> Looked:
    """Look at a library folder and at its folders in the mirrors."""
    policy = naming.policy
    view = look(policy.root, folder, naming.ignore, beside=kinds_in(policy.mirrors))
    return _look_around(store, library_id, policy, view, naming.places(folder))


def walk_around(
    store: Store, library_id: int, policy: LibraryPolicy, ignore: Ignore, below: PurePosixPath
) -> Iterator[Looked]:
    """Look at every folder of a library, each with its folders in the mirrors."""
    naming = Naming(policy, ignore)
    known = naming.above(below)
    for view in walk(policy.root, ignore, below=below, beside=kinds_in(policy.mirrors)):
        yield _look_around(store, library_id, policy, view, known.of(view.path) if known else None)
        if known and view.folders:
            masters = [row[0] for row in view.rows]
            renamed = folders_renamed(view.folders, masters, policy.mirrors)
            known.learn(view.path, view.folders, renamed)


def strays(policy: LibraryPolicy, looked: Looked) -> Iterator[tuple[MirrorPolicy, FolderView]]:
    """
    Look at the folders beside a folder's in the mirrors that no library folder stands for.

    Nothing is told of a library folder that could not be read whole, or whose root is gone.
    """
    if looked.library.warnings:
        return
    for mirror in policy.mirrors:
        view = looked.mirrors[mirror.name]
        if view is None:
            continue
        strange = tuple(_strange(mirror, looked.library, view))
        if strange and not available(policy.root):  # asked last: most folders have none
            return
        for name in strange:
            yield from _all_below(mirror, view.path / name)


class FarFolders:
    """Which folders of the mirrors stand, under a hash, for folders whose paths are too long."""

    def __init__(self) -> None:
        self._met: set[tuple[str, str]] = set()

    def meet(self, looked: Looked) -> None:
        """Take in a folder of the library."""
        folder = looked.library.path
        for name, place in looked.places.items():
            if place.path != folder or len(folder.parts) == 1:  # one may be named so by somebody
                top = place.path.parts[0] if place.path.parts else ""
                if is_far(top):
                    self._met.add((name, top))

    def strays(self, policy: LibraryPolicy) -> Iterator[tuple[MirrorPolicy, FolderView]]:
        """Look at those that stand for none of a library, all of which has been met."""
        for mirror in policy.mirrors:
            tops = look(mirror.root, PurePosixPath(), _NOTHING, suffix=mirror.extension).folders
            strange = [top for top in tops if is_far(top) and (mirror.name, top) not in self._met]
            if strange and not available(policy.root):
                return
            for top in strange:
                yield from _all_below(mirror, PurePosixPath(top))


def _all_below(
    mirror: MirrorPolicy, folder: PurePosixPath
) -> Iterator[tuple[MirrorPolicy, FolderView]]:
    kinds = copies_of(mirror.sidecars)
    views = walk(mirror.root, _NOTHING, below=folder, suffix=mirror.extension, beside=kinds)
    return ((mirror, view) for view in views)


def _strange(mirror: MirrorPolicy, library: FolderView, view: FolderView) -> Iterator[str]:
    """The folders in a mirror's folder that are named for none of the library's."""
    if not view.folders:
        return
    masters = [row[0] for row in library.rows]
    renamed = (folders_renamed(library.folders, masters, [mirror]) or {}).get(mirror.name, {})
    named = {renamed[name].name if name in renamed else name for name in library.folders}
    likely = {alike(name): name for name in named}
    here = mirror.root / view.path
    for name in sorted(set(view.folders) - named):
        like = likely.get(alike(name))
        if not (is_far(name) or (like and same_entry(here / like, here / name))):
            yield name


def _look_around(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    view: FolderView,
    places: Places | None,
) -> Looked:
    if places is None:
        return Looked(view, dict.fromkeys(mirror.name for mirror in policy.mirrors))
    there = {}
    for mirror in policy.mirrors:
        kept = outputs_kept(store, library_id, mirror)
        there[mirror.name] = _look_in(mirror, places[mirror.name].path, kept)
    return Looked(view, there, places)


def _look_in(
    mirror: MirrorPolicy, folder: PurePosixPath, kept: Callable[[], int]
) -> FolderView | None:
    kinds = copies_of(mirror.sidecars)
    view = look(mirror.root, folder, _NOTHING, suffix=mirror.extension, beside=kinds)
    # What is listed shows that the root is there: most folders need no second look.
    listed = view.rows or view.folders or view.beside
    return view if listed or in_place(mirror.root, kept) else None
