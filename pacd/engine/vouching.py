"""Whether a walk has seen the library that it was to see; else nothing it missed is forgotten."""

import os
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.absent import disk_away, without_disk
from pacd.engine.audits import Audit
from pacd.engine.grounds import Ground, away, recall, remember
from pacd.engine.presence import available
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.intake.volumes import Spot, inside, lasting, same_place, spot
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store

FEW: Final = 20
SHARE: Final = 0.2
"""So many files at least, and more than this share of all, gone at once: as for orphans (M9)."""


def outdated(audit: Audit, policy: DaemonPolicy) -> bool:
    """Whether its library has left the settings, or its place, meanwhile."""
    wanted = policy.library(audit.policy.name)
    if wanted is not None and wanted.root == audit.policy.root:
        return False
    audit.error = f"library {audit.policy.name} is no longer at {audit.policy.root}"
    return True


class Vouched:
    """Which folder each root was when a walk last vouched for it; the engine's thread's."""

    def __init__(self) -> None:
        self._roots: dict[str, Spot | None] = {}
        self._withheld: dict[str, set[PurePosixPath]] = {}

    def begin(self, store: Store, audit: Audit) -> None:
        """Note what a walk is about to see; another folder than before the start is not trusted."""
        policy, library_id = audit.policy, audit.library_id
        audit.root = spot(policy.root)
        audit.known = store.tracks.valid_count(library_id)
        self._meet(store, library_id, policy, audit.root)
        if audit.whole and audit.root:
            ground = recall(store, library_id)
            mounted = {**inside(policy.root), **ground.inside}
            remember(store, library_id, replace(ground, inside=mounted))

    def _meet(self, store: Store, library_id: int, policy: LibraryPolicy, now: Spot | None) -> None:
        if now and policy.name not in self._roots:
            same = same_place(recall(store, library_id).place, lasting(policy.root))
            self._roots[policy.name] = now if same else None

    def holds(self, store: Store, library_id: int, policy: LibraryPolicy, view: FolderView) -> bool:
        """
        Whether a folder is the library's, or is no longer; False if it may be where its disk is.

        A folder that is there is looked at in any case: files tell themselves apart.  What it
        lacks is another matter: see withholding().
        """
        if view.identity is not None:
            return True
        now = spot(policy.root)
        if not available(policy.root) or now != self._roots.get(policy.name, now):
            return False
        return disk_away(store, library_id, policy, view.path) is None

    def withholding(
        self,
        store: Store,
        library_id: int,
        policy: LibraryPolicy,
        folder: PurePosixPath,
        asked: Audit | None,
    ) -> set[PurePosixPath] | None:
        """
        Return None while what a folder lacks is gone, else where to put the folder down.

        Another root may have folders of the same names, with nothing of the library in them: what
        they lack is let go once a walk has vouched for that root.  So may the empty folder that a
        disk inside the library was mounted on: what was there waits for the disk.

        Args:
            asked: The walk that looks, if one does: what a person asks for settles it at once.
        """
        now = spot(policy.root)
        self._meet(store, library_id, policy, now)
        forced = asked is not None and asked.forced
        known = asked.root if asked and forced else self._roots.get(policy.name)
        if now is None or now != known:
            return self.withheld(policy.name)
        lost = not forced and disk_away(store, library_id, policy, folder) is not None
        return self.withheld(policy.name) if lost else None

    def trusts(self, store: Store, library_id: int, policy: LibraryPolicy) -> bool:
        """Whether the root is the folder that a walk has vouched for, or none ever has."""
        now = spot(policy.root)
        self._meet(store, library_id, policy, now)
        return now is not None and now == self._roots.get(policy.name)

    def doubted(
        self, store: Store, library_id: int, policy: LibraryPolicy, folder: PurePosixPath
    ) -> bool:
        """
        Whether what a folder holds may only be tested for now; such a folder is put down.

        It may be another's than the library's, and outputs that seem to be nobody's may be those
        of masters on the disk that is away.
        """
        withheld = self.withholding(store, library_id, policy, folder, None)
        if withheld is None:
            return False
        withheld.add(folder)
        return True

    def withheld(self, library: str) -> set[PurePosixPath]:
        """The folders that lack files which were not let go."""
        return self._withheld.setdefault(library, set())

    def withholds(self, place: Place) -> bool:
        """Whether a folder is such a one, so that it is not at rest."""
        return place.folder in self.withheld(place.library)

    def doubts(self, store: Store, audit: Audit) -> bool:
        """Whether nothing that a walk has not met may be forgotten; a whole one may settle that."""
        name, asked_for = audit.policy.name, audit.whole or audit.forced
        other = audit.root != self._roots.get(name, audit.root)
        if not asked_for and other:
            audit.error = f"{audit.policy.root} is another folder than at the last whole walk"
            return True
        if _in_doubt(store, audit, other=other):
            return True
        if audit.whole and not audit.error:
            self._roots[name] = audit.root
        return False

    def settle(self, store: Store, audit: Audit) -> None:
        """Remember what a walk without doubts has vouched for; say which disks inside are away."""
        policy, ground = audit.policy, recall(store, audit.library_id)
        if not (audit.whole or audit.forced):
            return
        gone = away(ground, policy.root)
        if audit.forced:  # a person has said so
            kept = [each for each in gone if not each.is_relative_to(audit.below)]
        else:
            kept = [each for each in gone if self._lacks(store, audit, each)]
        lost = {str(each) for each in gone}
        mounted = {name: at for name, at in ground.inside.items() if name not in lost}
        mounted |= {str(each): ground.inside[str(each)] for each in kept}
        if audit.whole:
            mounted = {**inside(policy.root), **mounted}
            ground = Ground(lasting(policy.root) or ground.place, audit.discovered)
        audit.away = tuple(without_disk(policy, each) for each in kept)
        remember(store, audit.library_id, replace(ground, inside=mounted))

    def _lacks(self, store: Store, audit: Audit, disk: PurePosixPath) -> bool:
        """Whether something that was on a disk is nowhere to be seen."""
        below = (each for each in self.withheld(audit.policy.name) if each.is_relative_to(disk))
        files = (store.tracks.in_folder(audit.library_id, folder) for folder in below)
        valid = (file.path for file in chain.from_iterable(files) if file.is_valid)
        return not all(os.path.lexists(audit.policy.root / path) for path in valid)


def _in_doubt(store: Store, audit: Audit, *, other: bool) -> bool:
    """
    Whether what it has not met may be elsewhere, on the disk that used to be there.

    The root must be the same folder from the first look to the last (w09).  Where it is another
    one than at the last walk, a disk restored perhaps, most of the library must be in it, unless
    a person has asked for the walk: of what that walk saw, however much else there is here.
    """
    root = spot(audit.policy.root)
    if root != audit.root or root is None:
        audit.error = f"{audit.policy.root} became another folder while it was walked"
        return True
    if not audit.whole or audit.error or audit.forced or not other:
        return False
    seen = recall(store, audit.library_id).files
    library = audit.known if seen is None else seen
    gone = store.tracks.valid_count(audit.library_id) - audit.discovered
    if gone < FEW or gone <= SHARE * library:
        return False
    audit.doubt = Problem(
        kind=ProblemKind.ROOT_MISSING,
        what=f"Library {audit.policy.name}: {audit.policy.root} is another folder than before, or "
        f"on another disk, and {gone} of {library} files are not in it; nothing is forgotten.",
        fix="Mount the disk that holds them; PAC goes on by itself. "
        "If this is the library from now on, say so: pacctl scan",
        path=str(audit.policy.root),
    )
    audit.error = audit.doubt.what
    return True
