"""What a library waits for: roots that are away, said in words; reads, and changes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePosixPath

from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.grounds import away, recall
from pacd.engine.presence import reachable
from pacd.engine.roots import Roots, covers_in_place, in_place, outputs_kept
from pacd.intake.volumes import lasting, same_place
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store


def absent_targets(
    store: Store, library_id: int, library: LibraryPolicy
) -> Iterator[tuple[str, str]]:
    """Yield each mirror whose root is not in place, "" for the covers, and a clause of it."""
    for mirror in library.mirrors:
        if not in_place(mirror.root, outputs_kept(store, library_id, mirror)):
            yield mirror.name, f"mirror {mirror.name}: its root {_how(mirror.root)}"
    root = library.artwork.root
    if library.artwork.enabled and not covers_in_place(store, library_id, root):
        yield "", f"covers: their root {_how(root)}"


def missed(
    store: Store, ids: Mapping[str, int], policy: DaemonPolicy, told: tuple[Problem, ...]
) -> tuple[Problem, ...]:
    """
    Return a problem for each root that is not in place now, but for those that are told of.

    Args:
        told: What the engine knows already, as of its last look.
    """
    known = {each.path for each in told if each.kind is ProblemKind.ROOT_MISSING}
    roots = Roots(store)
    found = (roots.missed(each, ids[each.name]) for each in policy.libraries if each.name in ids)
    return tuple(each for each in chain.from_iterable(found) if each.path not in known)


def is_strange(store: Store, library_id: int, library: LibraryPolicy) -> bool:
    """Whether a library's root is another folder than the last whole walk has vouched for (w09)."""
    return not same_place(recall(store, library_id).place, lasting(library.root))


def disks_away(store: Store, library_id: int, library: LibraryPolicy) -> tuple[PurePosixPath, ...]:
    """Return the disks inside a library that are not there now, below its root."""
    return away(recall(store, library_id), library.root)


def disk_away(
    store: Store, library_id: int, library: LibraryPolicy, folder: PurePosixPath
) -> PurePosixPath | None:
    """Return the disk inside a library that a folder was on and that is not there now, or None."""
    ground = recall(store, library_id)
    above = {name: at for name, at in ground.inside.items() if folder.is_relative_to(name)}
    return next(iter(away(replace(ground, inside=above), library.root)), None)


def without_disk(library: LibraryPolicy, disk: PurePosixPath) -> Problem:
    """What is said of a disk inside a library that is away."""
    return Problem(
        kind=ProblemKind.ROOT_MISSING,
        what=f"Library {library.name}: the disk that was mounted on {library.root / disk} is away; "
        "nothing that was there is forgotten, and no mirror is pruned.",
        fix="Mount it again; PAC goes on by itself. If it is gone for good, say so: pacctl scan",
        path=str(library.root / disk),
    )


def doubt(
    store: Store, library_id: int, library: LibraryPolicy, folder: PurePosixPath
) -> Problem | None:
    """Return why what a folder holds may only be tested for now, or None (vouching.doubted)."""
    if is_strange(store, library_id, library):
        return _own_absence(store, library_id, library)
    disk = disk_away(store, library_id, library, folder)
    return without_disk(library, disk) if disk else None


def unseen(
    store: Store,
    library_id: int,
    library: LibraryPolicy,
    path: PurePosixPath,
    told: Iterable[Problem],
) -> Problem | None:
    """
    Return why a file that is not to be seen may be there all the same; None where it is gone.

    Args:
        told: What the engine knows, of disks inside the library too.
    """
    place = library.root / path
    gone = (each for each in told if each.kind is ProblemKind.ROOT_MISSING and each.path)
    known = next((each for each in gone if place.is_relative_to(each.path)), None)
    return known or _own_absence(store, library_id, library)


def absences(store: Store, library_id: int, library: LibraryPolicy) -> Iterator[str]:
    """Yield a sentence for each root of a library that is away, its own first."""
    own = _own_absence(store, library_id, library)
    if own:
        yield own.what
    for disk in disks_away(store, library_id, library):
        yield without_disk(library, disk).what
    for _, clause in absent_targets(store, library_id, library):
        yield f"Library {library.name} waits for {clause}."


def _own_absence(store: Store, library_id: int, library: LibraryPolicy) -> Problem | None:
    """What is wrong with a library's own root now, or None; another folder is not trusted yet."""
    missing = Roots(store).missing(library, library_id)
    if missing or not is_strange(store, library_id, library):
        return missing
    return Problem(
        kind=ProblemKind.ROOT_MISSING,
        what=f"Library {library.name}: {library.root} is another folder than before, or on another "
        "disk: what is in it is tested and waits until PAC has looked through it.",
        fix="PAC looks through it by itself, and at once after `pacctl scan`.",
        path=str(library.root),
    )


def _how(root: Path) -> str:
    return f"{root} is empty" if reachable(root) else f"{root} is not there"
