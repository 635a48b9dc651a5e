"""Whether the places PAC works in are there: an unmounted disk is not an empty library."""

import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId
from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.intake.audit import opened_folder, root_id
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store
from pacd.store.memory import Memory

_BESIDES: Final = Ignore()


def reachable(root: Path) -> bool:
    """Whether a root is a directory; one that may not be looked at is none for us."""
    try:
        return stat.S_ISDIR(root.stat().st_mode)
    except OSError:
        return False


def available(root: Path, besides: Ignore | None = None) -> bool:
    """Whether a root is a directory that holds something, besides what is not maintained."""
    try:
        descriptor = opened_folder(os.fspath(root), follow=True)
    except OSError:
        return False
    try:
        with os.scandir(descriptor) as listing:
            return any(not (besides and _is_left_alone(each.name, besides)) for each in listing)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _is_left_alone(name: str, ignore: Ignore) -> bool:
    return bool(ignore.folder(name) or ignore.file(name))


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
    """Count the outputs and the copies of sidecars that should stand in a mirror."""
    outputs, copies, name = store.outputs, store.sidecars, mirror.name
    return lambda: outputs.count(library_id, name) + copies.count(library_id, name)


def covers_kept(store: Store, library_id: int) -> Callable[[], int]:
    """Count the covers of a library that should stand in the art root."""
    return partial(store.exports.count, library_id)


def missing_library(name: str, root: Path, known_files: Callable[[], int]) -> Problem | None:
    """
    Return what is wrong with a library's root, or None; a new library may be empty.

    Args:
        known_files: Counts them; asked only where the root is empty, but for what every new
            disk holds, or any program may have left there.
    """
    if available(root, _BESIDES):
        return None
    if not reachable(root):
        return Problem(
            kind=ProblemKind.ROOT_MISSING,
            what=f"Library {name}: its root {root} is not there, so nothing is done or forgotten.",
            fix=f"Mount the disk that holds it, or correct root in [[library]] {name}.",
        )
    known = known_files()
    if not known:
        return None
    return Problem(
        kind=ProblemKind.ROOT_MISSING,
        what=f"Library {name}: {root} is empty, but {known} files are known in it.",
        fix="Mount the disk that holds it; PAC goes on by itself once the files are back.",
    )


def prepare(policy: DaemonPolicy, memory: Memory) -> None:
    """Make the roots of mirrors and covers that never were there; others are left missing."""
    known = set(memory.get("roots", []))
    wanted = {
        root
        for library in policy.libraries
        for root in (
            *(mirror.root for mirror in library.mirrors),
            *((library.artwork.root,) if library.artwork.enabled else ()),
        )
    }
    for root in wanted:
        if not reachable(root) and str(root) not in known:
            with suppress(OSError):  # it is then a problem that status shows
                root.mkdir(parents=True)
    there = known | {str(root) for root in wanted if reachable(root)}
    if there != known:
        memory.set("roots", sorted(there))


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
        before = self.problems.get(library.name, ())
        missing = self.missing(library, library_id)
        targets = self._missing_targets(library, library_id)
        now = ((missing,) if missing else ()) + tuple(targets)
        self.problems[library.name] = now
        return bool(set(before) - set(now))

    def missing(self, library: LibraryPolicy, library_id: int) -> Problem | None:
        """Return what is wrong with the library's own root now, or None."""
        count = partial(self._store.tracks.valid_count, library_id)
        return missing_library(library.name, library.root, count)

    def keep(self, libraries: Collection[str]) -> None:
        """Drop what is known of all libraries but these."""
        self.problems = {name: found for name, found in self.problems.items() if name in libraries}

    def _missing_targets(self, library: LibraryPolicy, library_id: int) -> Iterator[Problem]:
        """Yield a problem for each root of a mirror or of covers that is not in place."""
        for mirror in library.mirrors:
            kept = outputs_kept(self._store, library_id, mirror)
            yield from _missing_target(library, f"Mirror {mirror.name}", mirror.root, kept)
        if library.artwork.enabled:
            kept = covers_kept(self._store, library_id)
            yield from _missing_target(library, "The cover folder", library.artwork.root, kept)


def _missing_target(
    library: LibraryPolicy, what: str, root: Path, kept: Callable[[], int]
) -> Iterator[Problem]:
    if in_place(root, kept):
        return
    place = f"{what} of library {library.name}: {root}"
    if reachable(root):
        yield Problem(
            kind=ProblemKind.ROOT_MISSING,
            what=f"{place} is empty, but PAC has put {kept()} files there, so it is left alone.",
            fix="Mount the disk that holds it; PAC goes on by itself. If you have emptied it "
            f"yourself, any folder in it has everything made anew: mkdir {root}/new",
        )
    else:
        yield Problem(
            kind=ProblemKind.ROOT_MISSING,
            what=f"{place} is not there, so it is left alone.",
            fix=f"Mount the disk that holds it, or make the folder: mkdir -p {root}",
        )
