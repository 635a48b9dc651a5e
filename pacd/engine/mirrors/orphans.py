"""What nothing seems to want in a mirror, outputs and copies alike, and what wants it (M9, M11)."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.mirrors.sidecars import claims_in
from pacd.engine.naming import Naming
from pacd.engine.owners import Owner, Owners
from pacd.errors import PacError
from pacd.files.atomic import observe
from pacd.intake.ignore import Ignore
from pacd.store.database import Store
from pacd.store.outputs import OutputRow
from pacd.store.sidecars import SidecarRow

Orphan = OutputRow | SidecarRow
"""An output on record that no master wants, or a sidecar's copy that no sidecar does."""


def all_orphans(store: Store, library_id: int, mirror: str) -> tuple[Orphan, ...]:
    """Return the orphans on record of a mirror: outputs, then copies, each by path."""
    outputs = store.outputs.orphans(library_id, mirror)
    return (*outputs, *store.sidecars.orphans(library_id, mirror))


def maker(orphan: Orphan) -> str:
    """What an orphan is made of, in a word."""
    return "sidecar" if isinstance(orphan, SidecarRow) else "master"


def is_as_it_was(store: Store, library_id: int, mirror: str, orphan: Orphan) -> bool:
    """Whether an orphan is on record just as it was."""
    path = orphan.output.path
    shelf = store.sidecars if isinstance(orphan, SidecarRow) else store.outputs
    return shelf.in_folder(library_id, mirror, path.parent).get(path) == orphan


def is_there(root: Path, orphan: Orphan) -> bool:
    """
    Whether an orphan still stands in its mirror.

    What somebody has changed is no copy any more but theirs: no tag says otherwise.
    """
    path = root / orphan.output.path
    known = orphan.output.observation
    if not os.path.lexists(path):
        return False
    if not isinstance(orphan, SidecarRow) or known is None:
        return True
    try:
        return observe(path).content[1:] == known.content[1:]  # its disk may be numbered anew
    except OSError:
        return True  # nobody can tell; it is looked at again before it is removed
    except PacError:
        return False  # a link, or no file at all


class Claims:
    """Tells what wants the orphans of one mirror; as Owners, make one for each moment."""

    def __init__(self, policy: LibraryPolicy, mirror: MirrorPolicy, ignore: Ignore) -> None:
        self._mirror = mirror
        self._owners = Owners(policy, mirror, ignore)
        self._naming = Naming(policy, ignore)
        self._known: dict[PurePosixPath, Mapping[PurePosixPath, PurePosixPath] | None] = {}

    def on(self, orphan: Orphan) -> Owner:
        """The master or the sidecar that an orphan belongs to after all."""
        if not isinstance(orphan, SidecarRow):
            return self._owners.of(orphan.output.path)
        folder = orphan.source.parent
        if folder not in self._known:
            self._known[folder] = claims_in(self._naming, self._mirror, folder)
        known = self._known[folder]
        return Owner(hidden=True) if known is None else Owner(known.get(orphan.copy.path))
