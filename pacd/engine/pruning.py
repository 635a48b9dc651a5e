"""
Which outputs no master wants, and whether they may be removed (M9).

A library that is suddenly much smaller is more often a disk that is away than a decision.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.change import FolderId, Observation
from pacd.domain.hold import Cause
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.naming import Naming
from pacd.engine.roots import available, identities, in_place, outputs_kept
from pacd.engine.visit import Unseen, Urgency
from pacd.store.database import Store
from pacd.store.outputs import OutputRow

MANY: Final = 20
"""Fewer outputs than this are never too many to be removed at once (requirements M9)."""

SHARE: Final = 0.2
"""Of all outputs of a mirror: more than this are too many at once (requirements M9)."""

LIBRARY_ROOTS: Final = "library_roots"
"""Key in the store's memory: which folder each library's root was, by the library's id."""

_NO_FILE: Final = Observation(0, 0, 0, 0, 0)

NOTHING: Final = Facts(PurePosixPath(), _NO_FILE)
"""What is known of the file that a question is about: it is about none."""


@dataclass(frozen=True, slots=True, eq=False)
class Pruning:
    """Orphans on their way out: work as a visit has, but of no folder of the library."""

    library_id: int
    policy: LibraryPolicy
    facts: dict[PurePosixPath, Facts]
    roots: Mapping[Path, FolderId]
    urgency: Urgency = Urgency.AUDIT
    turn: int = 0

    def unseen(self) -> Iterator[Unseen]:
        """None: what is removed has been read."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Review:
    """
    What is to be removed from a mirror.

    Attributes:
        refusal: Why nothing is, a clause for people; "" where nothing stands against it.
        asks: Whether a person is asked.
    """

    orphans: tuple[OutputRow, ...] = ()
    refusal: str = ""
    asks: bool = False


def review(store: Store, library_id: int, naming: Naming, mirror: MirrorPolicy) -> Review:
    """Look at all orphans of a mirror; those whose masters are back are wanted again."""
    policy = naming.policy
    if not available(policy.root):
        return Review(refusal=f"{policy.root}, the library, is not there or empty")
    if not in_place(mirror.root, outputs_kept(store, library_id, mirror)):
        return Review(refusal=f"{mirror.root}, the mirror, is not there or empty")
    rows = store.outputs.orphans(library_id, mirror.name)
    wanted = [row.output.path for row in rows if naming.master_of(mirror, row.output.path)]
    with store.transaction():
        store.outputs.wanted(library_id, mirror.name, wanted)
    orphans = tuple(row for row in rows if row.output.path not in set(wanted))
    refusal = _too_many(store, library_id, policy, mirror, orphans)
    return Review(orphans, refusal, asks=bool(refusal))


def _too_many(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    mirror: MirrorPolicy,
    orphans: tuple[OutputRow, ...],
) -> str:
    """Why a person should look first; what was accepted before is no reason."""
    accepted = store.holds.last_accepted(library_id, Cause.MASS_DISAPPEARANCE, mirror.name)
    fresh = [
        row
        for row in orphans
        if accepted is None or (row.orphaned_at is not None and row.orphaned_at > accepted)
    ]
    before = store.memory.get(LIBRARY_ROOTS, {}).get(str(library_id))
    if fresh and before not in {None, _spelt(policy)}:
        return f"{policy.root} is another folder, or on another disk, than when they were made"
    total = store.outputs.count(library_id, mirror.name) + len(orphans)
    if len(fresh) >= MANY and len(fresh) > SHARE * total:
        return f"the masters of {len(fresh)} of {total} outputs in {mirror.name} are gone at once"
    return ""


def remember_root(store: Store, library_id: int, policy: LibraryPolicy) -> None:
    """Note which folder the library's root is; from now on another one is strange."""
    known = store.memory.get(LIBRARY_ROOTS, {})
    spelt = _spelt(policy)
    if spelt and known.get(str(library_id)) != spelt:
        with store.transaction():
            store.memory.set(LIBRARY_ROOTS, {**known, str(library_id): spelt})


def _spelt(policy: LibraryPolicy) -> str:
    """The file system and the folder, by what stays when disks are numbered anew."""
    try:
        return f"{os.statvfs(policy.root).f_fsid:x}:{policy.root.stat().st_ino}"
    except OSError:
        return ""


def items(mirror: MirrorPolicy, orphans: tuple[OutputRow, ...]) -> Iterator[PlanItem]:
    """Plan the removal of orphans."""
    for row in orphans:
        since = f", since {row.orphaned_at:%Y-%m-%d}" if row.orphaned_at else ""
        yield PlanItem(
            row.output.source_rel,
            Action.MIRROR_PRUNE,
            f"no master wants {row.output.path} in {mirror.name}{since}",
            mirror=mirror.name,
            target=row.output.path,
        )


def pruning(library_id: int, policy: LibraryPolicy, row: OutputRow) -> Pruning:
    """Return one orphan as work."""
    output = row.output
    facts = Facts(output.source_rel, output.observation or _NO_FILE)
    return Pruning(library_id, policy, {output.source_rel: facts}, identities(policy))


def question(mirror: MirrorPolicy, found: Review) -> PlanItem:
    """The hold that asks a person before so much is removed."""
    return PlanItem(
        PurePosixPath(),
        Action.HOLD,
        f"{found.refusal}; nothing is removed",
        mirror=mirror.name,
        cause=Cause.MASS_DISAPPEARANCE,
        evidence={
            "outputs": len(found.orphans),
            "examples": [str(row.output.path) for row in found.orphans[:10]],
        },
    )
