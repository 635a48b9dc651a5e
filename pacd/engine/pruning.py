"""
Which outputs no master wants, and whether they may be removed (M9).

A library that is suddenly much smaller is more often a disk that is away than a decision.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.change import FolderId, Observation
from pacd.domain.hold import Cause
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.naming import Naming
from pacd.engine.roots import available, identities, in_place, outputs_kept
from pacd.engine.sidecars import is_wanted
from pacd.engine.visit import Unseen, Urgency
from pacd.store.database import Store

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

    @property
    def known(self) -> Mapping[PurePosixPath, Facts]:
        """The facts, as a visit's."""
        return self.facts

    def unseen(self) -> Iterator[Unseen]:
        """None: what is removed has been read."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Orphan:
    """
    A file of a mirror that nothing wants.

    Attributes:
        path: Relative to the mirror root.
        source: What it was made of, relative to the library root.
        orphaned_at: Since when nothing wants it.
        sidecar: Whether it is a sidecar's copy, and no output.
        source_gone: Whether what it was made of is there no longer.
    """

    path: PurePosixPath
    source: PurePosixPath
    observation: Observation
    orphaned_at: datetime | None
    sidecar: bool = False
    source_gone: bool = True


@dataclass(frozen=True, slots=True)
class Review:
    """
    What is to be removed from a mirror.

    Attributes:
        refusal: Why nothing is, a clause for people; "" where nothing stands against it.
        asks: Whether a person is asked.
    """

    orphans: tuple[Orphan, ...] = ()
    refusal: str = ""
    asks: bool = False


def review(store: Store, library_id: int, naming: Naming, mirror: MirrorPolicy) -> Review:
    """Look at all orphans of a mirror; those whose masters are back are wanted again."""
    policy = naming.policy
    if not available(policy.root):
        return Review(refusal=f"{policy.root}, the library, is not there or empty")
    if not in_place(mirror.root, outputs_kept(store, library_id, mirror)):
        return Review(refusal=f"{mirror.root}, the mirror, is not there or empty")
    outputs = _outputs(store, library_id, naming, mirror)
    copies = _copies(store, library_id, naming, mirror)
    refusal = _too_many(store, library_id, policy, mirror, outputs, copies)
    return Review((*outputs, *copies), refusal, asks=bool(refusal))


def _outputs(
    store: Store, library_id: int, naming: Naming, mirror: MirrorPolicy
) -> tuple[Orphan, ...]:
    rows = store.outputs.orphans(library_id, mirror.name)
    wanted = {row.output.path for row in rows if naming.master_of(mirror, row.output.path)}
    with store.transaction():
        store.outputs.wanted(library_id, mirror.name, wanted)
    return tuple(
        Orphan(
            row.output.path,
            row.output.source_rel,
            row.output.observation or _NO_FILE,
            row.orphaned_at,
        )
        for row in rows
        if row.output.path not in wanted
    )


def _copies(
    store: Store, library_id: int, naming: Naming, mirror: MirrorPolicy
) -> tuple[Orphan, ...]:
    rows = store.sidecars.orphans(library_id, mirror.name)
    wanted = {row.copy.path for row in rows if is_wanted(naming, mirror, row)}
    with store.transaction():
        store.sidecars.wanted(library_id, mirror.name, wanted)
    return tuple(
        Orphan(
            row.copy.path,
            row.source,
            row.copy.observation or _NO_FILE,
            row.orphaned_at,
            sidecar=True,
            source_gone=not os.path.lexists(naming.policy.root / row.source),
        )
        for row in rows
        if row.copy.path not in wanted
    )


def _too_many(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    mirror: MirrorPolicy,
    outputs: tuple[Orphan, ...],
    copies: tuple[Orphan, ...],
) -> str:
    """Why a person should look first; what was accepted before is no reason."""
    accepted = store.holds.last_accepted(library_id, Cause.MASS_DISAPPEARANCE, mirror.name)
    fresh, lost = _since(outputs, accepted), _since(copies, accepted)
    before = store.memory.get(LIBRARY_ROOTS, {}).get(str(library_id))
    if (fresh or lost) and before not in {None, _spelt(policy)}:
        return f"{policy.root} is another folder, or on another disk, than when they were made"
    total = store.outputs.count(library_id, mirror.name) + len(outputs)
    if fresh >= MANY and fresh > SHARE * total:
        return f"the masters of {fresh} of {total} outputs in {mirror.name} are gone at once"
    total = store.sidecars.count(library_id, mirror.name) + len(copies)
    if lost >= MANY and lost > SHARE * total:
        return f"the sources of {lost} of {total} sidecars in {mirror.name} are gone at once"
    return ""


def _since(orphans: tuple[Orphan, ...], accepted: datetime | None) -> int:
    """How many have lost what they were made of since a person last looked."""
    return sum(
        each.source_gone
        and (accepted is None or (each.orphaned_at is not None and each.orphaned_at > accepted))
        for each in orphans
    )


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


def items(mirror: MirrorPolicy, orphans: tuple[Orphan, ...]) -> Iterator[PlanItem]:
    """Plan the removal of orphans."""
    for each in orphans:
        since = f", since {each.orphaned_at:%Y-%m-%d}" if each.orphaned_at else ""
        whose = "sidecar" if each.sidecar else "master"
        yield PlanItem(
            each.source,
            Action.MIRROR_PRUNE,
            f"no {whose} wants {each.path} in {mirror.name}{since}",
            mirror=mirror.name,
            target=each.path,
            sidecar=each.sidecar,
        )


def pruning(library_id: int, policy: LibraryPolicy, orphan: Orphan) -> Pruning:
    """Return one orphan as work."""
    facts = Facts(orphan.source, orphan.observation)
    return Pruning(library_id, policy, {orphan.source: facts}, identities(policy))


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
            "examples": [str(each.path) for each in found.orphans[:10]],
        },
    )
