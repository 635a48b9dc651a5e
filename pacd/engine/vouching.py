"""Whether a walk has seen the library that it was to see; else nothing it missed is forgotten."""

from pathlib import PurePosixPath
from typing import Final

from pacd.domain.change import FolderId
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.audits import Audit
from pacd.engine.roots import available
from pacd.intake.audit import FolderView, root_id
from pacd.intake.debounce import Place
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
        self._roots: dict[str, FolderId | None] = {}
        self._withheld: dict[str, set[PurePosixPath]] = {}

    def begin(self, store: Store, audit: Audit) -> None:
        """Note what a walk is about to see; another folder than before the start is not trusted."""
        audit.root = root_id(audit.policy.root)
        audit.known = store.tracks.valid_count(audit.library_id)
        self._meet(store, audit.library_id, audit.policy.name, audit.root)

    def _meet(self, store: Store, library_id: int, name: str, root: FolderId | None) -> None:
        if root and name not in self._roots:
            same = store.memory.get(_key(library_id), root[1]) == root[1]
            self._roots[name] = root if same else None

    def holds(self, policy: LibraryPolicy, view: FolderView) -> bool:
        """
        Whether a folder is the library's, or is no longer; False if it may be where the root is.

        A folder that is there is looked at in any case: files tell themselves apart.  What it
        lacks is another matter: see withholding().
        """
        if view.identity is not None:
            return True
        now = root_id(policy.root)
        return available(policy.root) and now == self._roots.get(policy.name, now)

    def withholding(
        self, store: Store, library_id: int, policy: LibraryPolicy, asked: Audit | None
    ) -> set[PurePosixPath] | None:
        """
        Return None while what a folder lacks is gone, else where to put the folder down.

        Another root may have folders of the same names, with nothing of the library in them: what
        they lack is let go once a walk has vouched for that root.

        Args:
            asked: The walk that looks, if one does: what a person asks for settles it at once.
        """
        now = root_id(policy.root)
        self._meet(store, library_id, policy.name, now)
        known = asked.root if asked and asked.forced else self._roots.get(policy.name)
        return None if now and now == known else self.withheld(policy.name)

    def withheld(self, library: str) -> set[PurePosixPath]:
        """The folders that lack files which were not let go."""
        return self._withheld.setdefault(library, set())

    def withholds(self, place: Place) -> bool:
        """Whether a folder is such a one, so that it is not at rest."""
        return place.folder in self.withheld(place.library)

    def doubts(self, store: Store, audit: Audit) -> bool:
        """Whether nothing that a walk has not met may be forgotten; a whole one may settle that."""
        name, asked_for = audit.policy.name, audit.whole or audit.forced
        if not asked_for and audit.root != self._roots.get(name, audit.root):
            audit.error = f"{audit.policy.root} is another folder than at the last whole walk"
            return True
        if _in_doubt(store, audit):
            return True
        if audit.whole and not audit.error:
            self._roots[name] = audit.root
        return False


def _key(library_id: int) -> str:
    """Where the store remembers a root's inode: disks are numbered anew at each boot."""
    return f"root {library_id}"


def _in_doubt(store: Store, audit: Audit) -> bool:
    """
    Whether what it has not met may be elsewhere, on the disk that used to be there.

    The root must be the same folder from the first look to the last (w09).  Where it is another
    one than at the last walk, a disk restored perhaps, most of the library must be in it, unless
    a person has asked for the walk.
    """
    root = root_id(audit.policy.root)
    if root != audit.root or root is None:
        audit.error = f"{audit.policy.root} became another folder while it was walked"
        return True
    if not audit.whole or audit.error:
        return False
    key, (_, inode) = _key(audit.library_id), root
    gone = audit.known - audit.discovered
    other = store.memory.get(key, inode) != inode
    if other and not audit.forced and gone >= FEW and gone > SHARE * audit.known:
        audit.doubt = Problem(
            kind=ProblemKind.ROOT_MISSING,
            what=f"Library {audit.policy.name}: {audit.policy.root} is another folder than before, "
            f"and {gone} of {audit.known} files are not in it; nothing is forgotten.",
            fix="Mount the disk that holds them; PAC goes on by itself. "
            "If this is the library from now on, say so: pacctl scan",
        )
        audit.error = audit.doubt.what
        return True
    if store.memory.get(key) != inode:
        with store.transaction():
            store.memory.set(key, inode)
    return False
