"""Whether the places PAC works in are there: an unmounted disk is not an empty library."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId
from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.domain.words import several
from pacd.engine import footing
from pacd.engine.presence import available, reachable
from pacd.intake.audit import root_id
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store
from pacd.store.decisions import AWAITED, ROOTS
from pacd.store.memory import Memory

_BESIDES: Final = Ignore()
_REMOUNT: Final = "Mount the disk that holds it; PAC goes on by itself."
_BY_THE_LOST: Final = "the database that was lost knew it"


def identities(library: LibraryPolicy) -> Mapping[Path, FolderId]:
    """Tell which folders the roots that a library's items write below are just now."""
    mirrors = (mirror.root for mirror in library.mirrors)
    roots = (library.root, *mirrors, library.artwork.root)
    return {root: found for root in roots if (found := root_id(root))}


def in_place(root: Path, kept: Callable[[], int]) -> bool:
    """
    Whether a root that PAC writes to is there; an empty one that should hold something is not.

    Args:
        kept: Counts what should be in it; asked only where the root is empty.
    """
    return available(root) or (reachable(root) and not kept())


def outputs_kept(store: Store, library_id: int, mirror: MirrorPolicy) -> Callable[[], int]:
    """
    Count the outputs and the copies of sidecars that should stand in a mirror.

    One where nobody knows how many, or what is put there would be hidden: its disk is away.
    """
    outputs, copies, name = store.outputs, store.sidecars, mirror.name
    return lambda: (
        outputs.count(library_id, name) + copies.count(library_id, name)
        or awaited(store, mirror.root)
        or footing.is_uncovered(store.memory, mirror.root)
    )


def covers_in_place(store: Store, library_id: int, root: Path) -> bool:
    """Whether the folder of a library's covers is there."""
    return in_place(root, covers_kept(store, library_id, root))


def covers_kept(store: Store, library_id: int, root: Path) -> Callable[[], int]:
    """Count the covers of a library that should stand in the art root; as outputs_kept()."""
    return lambda: (
        store.exports.count(library_id)
        or awaited(store, root)
        or footing.is_uncovered(store.memory, root)
    )


def awaited(store: Store, root: Path) -> bool:
    """Whether a database knew a root that is lost, and nothing has been seen in it since."""
    return str(root) in store.memory.get(AWAITED, [])


def missing_library(name: str, root: Path, known: Callable[[], str]) -> Problem | None:
    """
    Return what is wrong with a library's root, or None; a new library may be empty.

    Args:
        known: Says what is known of it, "" for nothing; asked only where the root is empty, but
            for what every new disk holds, or any program may have left there.
    """
    if available(root, _BESIDES):
        return None
    if not reachable(root):
        return Problem(
            kind=ProblemKind.ROOT_MISSING,
            what=f"Library {name}: its root {root} is not there, so nothing is done or forgotten.",
            fix=f"Mount the disk that holds it, or correct root in [[library]] {name}.",
            path=str(root),
        )
    if not (said := known()):
        return None
    return Problem(
        kind=ProblemKind.ROOT_MISSING,
        what=f"Library {name}: {root} is empty, but {said}.",
        fix="Mount the disk that holds it; PAC goes on by itself once the files are back.",
        path=str(root),
    )


def prepare(policy: DaemonPolicy, memory: Memory) -> None:
    """Make the roots of mirrors and covers that never were there; others are left missing."""
    known = set(memory.get(ROOTS, []))
    wanted = {root for library in policy.libraries for root in _targets(library)}
    for root in wanted:
        if not reachable(root) and str(root) not in known:
            with suppress(OSError):  # it is then a problem that status shows
                root.mkdir(parents=True)
    there = known | {str(root) for root in wanted if reachable(root)}
    if there != known:
        memory.set(ROOTS, sorted(there))
    footing.note(memory, wanted)


def _targets(library: LibraryPolicy) -> Iterator[Path]:
    """Yield the roots of a library's mirrors and covers."""
    yield from (mirror.root for mirror in library.mirrors)
    if library.artwork.enabled:
        yield library.artwork.root


class Roots:
    """
    Remembers which roots are gone; belongs to the engine's thread.

    Attributes:
        problems: As of the last look, by library.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.problems: dict[str, tuple[Problem, ...]] = {}

    def look(self, library: LibraryPolicy, library_id: int) -> bool:
        """Look for the roots of one library; return whether one that was gone is back."""
        self._meet(library)
        before = self.problems.get(library.name, ())
        self.problems[library.name] = now = self.missed(library, library_id)
        return bool(set(before) - set(now))

    def missed(self, library: LibraryPolicy, library_id: int) -> tuple[Problem, ...]:
        """Return a problem for each root of a library that is not in place now; only reads."""
        missing = self.missing(library, library_id)
        targets = self._missing_targets(library, library_id)
        return ((missing,) if missing else ()) + tuple(targets)

    def _meet(self, library: LibraryPolicy) -> None:
        """
        Note what the roots stand on just now.

        Those that hold something are awaited no longer: from now on they may be empty.
        """
        targets = tuple(_targets(library))
        with self._store.transaction():
            footing.note(self._store.memory, targets)
        waiting = set(self._store.memory.get(AWAITED, []))
        if not waiting:
            return
        there = {str(root) for root in targets if available(root)}
        if available(library.root, _BESIDES):
            there.add(str(library.root))
        if waiting & there:
            with self._store.transaction():
                self._store.memory.set(AWAITED, sorted(waiting - there))

    def missing(self, library: LibraryPolicy, library_id: int) -> Problem | None:
        """Return what is wrong with the library's own root now, or None."""
        root = library.root
        return missing_library(library.name, root, lambda: _known(self._store, library_id, root))

    def keep(self, libraries: Collection[str]) -> None:
        """Drop what is known of all libraries but these."""
        self.problems = {name: found for name, found in self.problems.items() if name in libraries}

    def _missing_targets(self, library: LibraryPolicy, library_id: int) -> Iterator[Problem]:
        """Yield a problem for each root of a mirror or of covers that is not in place."""
        for mirror in library.mirrors:
            kept = outputs_kept(self._store, library_id, mirror)
            yield from _missing_target(
                self._store, library, f"Mirror {mirror.name}", mirror.root, kept
            )
        if library.artwork.enabled:
            kept = covers_kept(self._store, library_id, library.artwork.root)
            yield from _missing_target(
                self._store, library, "The cover folder", library.artwork.root, kept
            )


def _known(store: Store, library_id: int, root: Path) -> str:
    """A clause: what is known of a library's root; "" of a new one."""
    files = store.tracks.valid_count(library_id)
    if files:
        return f"{several(files, 'file')} {'is' if files == 1 else 'are'} known in it"
    return _BY_THE_LOST if awaited(store, root) else ""


def _missing_target(
    store: Store, library: LibraryPolicy, what: str, root: Path, kept: Callable[[], int]
) -> Iterator[Problem]:
    if in_place(root, kept):
        return
    place = f"{what} of library {library.name}: {root}"
    anew = "any folder in it has everything made anew"
    if reachable(root):
        said = f"{place} is empty, but {_expected(store, root, kept)}, so it is left alone."
        fix = f"{_REMOUNT} If it is empty on purpose, {anew}: mkdir {root}/new"
    elif kept():  # an empty folder in its place would not do
        said = f"{place} is not there, but {_expected(store, root, kept)}, so it is left alone."
        fix = f"{_REMOUNT} If it was removed on purpose, {anew}: mkdir -p {root}/new"
    else:
        said = f"{place} is not there, so it is left alone."
        fix = f"Mount the disk that holds it, or make the folder: mkdir -p {root}"
    yield Problem(kind=ProblemKind.ROOT_MISSING, what=said, fix=fix, path=str(root))


def _expected(store: Store, root: Path, kept: Callable[[], int]) -> str:
    """A clause: why a root should not be empty, or should be another."""
    if awaited(store, root):
        return _BY_THE_LOST
    if footing.is_uncovered(store.memory, root):
        return "the disk that was mounted there is not"
    return f"PAC has put {several(kept(), 'file')} there"
