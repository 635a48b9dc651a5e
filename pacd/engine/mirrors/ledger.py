"""Keeps the record of a mirror's folders in step with folders that went, or are spelt otherwise."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pacd.domain.policy import MirrorPolicy
from pacd.engine.naming import Naming
from pacd.engine.owners import Owners
from pacd.engine.roots import in_place, outputs_kept
from pacd.store.database import Store


def tidy_folders(store: Store, library_id: int, naming: Naming) -> bool:
    """
    Drop what is on record of folders of the mirrors that nobody comes by any more.

    A folder may be gone from the library and from a mirror at the same time; and one whose name
    changed in case alone is still the same to a file system that has no case: what stands in it
    is on record by the present spelling, and is not counted twice.

    Returns:
        Whether that is all: no mirror is away, and in none is a folder left that the library
        does not have.  It reads all of a mirror's records, which is too much for every audit.
    """
    tidy = True
    for mirror in naming.policy.mirrors:
        if not in_place(mirror.root, outputs_kept(store, library_id, mirror)):
            tidy = False
            continue
        strange = store.outputs.strange_folders(library_id, mirror.name)
        strange |= store.sidecars.strange_folders(library_id, mirror.name)
        if not strange:
            continue
        respelt = dict(_respelt(naming, mirror, strange))
        gone = [folder for folder in strange if _is_gone(mirror.root / folder)]
        tidy &= strange <= {*respelt, *gone}
        with store.transaction():
            for old, new in respelt.items():
                store.sidecars.respelt(library_id, mirror.name, old, new)
            for folder in (*respelt, *gone):
                for shelf in (store.outputs, store.sidecars):
                    rows = shelf.in_folder(library_id, mirror.name, folder)
                    shelf.forget(library_id, mirror.name, rows)
    return tidy


def _respelt(
    naming: Naming, mirror: MirrorPolicy, folders: frozenset[PurePosixPath]
) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Yield the folders that the library names otherwise by now, each with its new name."""
    owners = Owners(naming.policy, mirror, naming.ignore)
    for folder in folders:
        owner = owners.folder(folder).master
        places = naming.places(owner) if owner is not None else None
        if places and places[mirror.name].path != folder:
            yield folder, places[mirror.name].path


def _is_gone(folder: Path) -> bool:
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # nobody can tell
    return False
