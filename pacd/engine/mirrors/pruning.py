"""Orphans on their way out (M9): what workers are asked, and what people are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pacd.domain.change import FolderId, Observation
from pacd.domain.hold import MISSING, Cause
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.mirrors.errands import OutputKey
from pacd.engine.mirrors.guards import LAST_GONE, Refusal, Review
from pacd.engine.mirrors.orphans import Orphan, maker
from pacd.engine.roots import identities
from pacd.engine.visit import Unseen, Urgency
from pacd.intake.audit import root_id
from pacd.store.sidecars import SidecarRow

EXAMPLES: Final = 10
"""Outputs in question that a hold names."""

_NO_FILE: Final = Observation(0, 0, 0, 0, 0)

NOTHING: Final = Facts(PurePosixPath(), _NO_FILE)
"""What is known of the file that a question is about: it is about none."""


@dataclass(frozen=True, slots=True, eq=False)
class Pruning:
    """An orphan on its way out: work as a visit has, but of no folder of the library."""

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
class Doomed:
    """
    An orphan that is to be removed, unless it is wanted by the time of its turn.

    Attributes:
        root: Which folder the library's root was when that was found.
    """

    library_id: int
    policy: LibraryPolicy
    mirror: MirrorPolicy
    row: Orphan
    root: FolderId | None

    @property
    def key(self) -> OutputKey:
        """What makes two of them the same."""
        return (self.library_id, self.mirror.name, self.row.output.path)

    @property
    def item(self) -> PlanItem:
        """Its removal, planned."""
        return prune_item(self.mirror, self.row)

    @property
    def work(self) -> Pruning:
        """Its removal, as work."""
        roots = dict(identities(self.policy))
        if self.root:
            roots[self.policy.root] = self.root
        source = source_of(self.row)
        facts = Facts(source, self.row.output.observation or _NO_FILE)
        return Pruning(self.library_id, self.policy, {source: facts}, roots)


def doomed(
    library_id: int, policy: LibraryPolicy, mirror: MirrorPolicy, rows: Iterable[Orphan]
) -> Iterator[Doomed]:
    """Yield the orphans of one mirror that are to be removed."""
    root = root_id(policy.root)
    for row in rows:
        yield Doomed(library_id, policy, mirror, row, root)


def prune_item(mirror: MirrorPolicy, row: Orphan) -> PlanItem:
    """Plan the removal of an orphan."""
    since = f", since {row.orphaned_at:%Y-%m-%d}" if row.orphaned_at else ""
    return PlanItem(
        source_of(row),
        Action.MIRROR_PRUNE,
        f"no {maker(row)} wants {row.output.path} in {mirror.name}{since}",
        mirror=mirror.name,
        target=row.output.path,
        sidecar=isinstance(row, SidecarRow),
    )


def source_of(row: Orphan) -> PurePosixPath:
    """What a file says that it was made of; its own path where that leads elsewhere."""
    source = row.output.source_rel
    leads_out = source.is_absolute() or ".." in source.parts or not source.parts
    return row.output.path if leads_out else source


def question(mirror: MirrorPolicy, found: Review, refusal: Refusal) -> PlanItem:
    """The hold that asks a person before anything is removed."""
    moments = [row.orphaned_at for row in found.orphans if row.orphaned_at]
    return PlanItem(
        PurePosixPath(),
        Action.HOLD,
        refusal.reason,
        mirror=mirror.name,
        cause=Cause.MASS_DISAPPEARANCE,
        evidence=_evidence(found, moments, refusal),
    )


def _evidence(found: Review, moments: list[datetime], refusal: Refusal) -> Mapping[str, Any]:
    """What is in question; while a root is away nobody can say that anything is gone for good."""
    if refusal.missing:
        return {MISSING: refusal.missing, "of": found.outputs + found.copies}
    copies = sum(isinstance(row, SidecarRow) for row in found.orphans)
    return {
        "outputs": len(found.orphans) - copies,
        "of": found.outputs,
        **({"copies": copies, "of_copies": found.copies} if copies else {}),
        **({LAST_GONE: max(moments).isoformat()} if moments else {}),
        "examples": [str(row.output.path) for row in found.orphans[:EXAMPLES]],
    }
