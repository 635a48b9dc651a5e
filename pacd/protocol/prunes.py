"""The documents of `prune`: frozen values; touches nothing."""

from dataclasses import dataclass
from enum import StrEnum


class PruneState(StrEnum):
    """How far a prune has come."""

    FORESEEN = "foreseen"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanView:
    """
    An output that no master wants, or the copy of a sidecar that no sidecar does.

    Attributes:
        path: Relative to the mirror's root.
        source: What it was made of, as far as it tells, relative to the library's root.
        since: Since when nothing wants it; None where that is not known.
        reason: Why it stays, or could not be removed; "" where it goes.
    """

    library: str
    mirror: str
    path: str
    source: str
    since: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalView:
    """
    Why nothing is removed from a mirror.

    Attributes:
        outputs: How many would be.
        hold: The hold that asks a person about it; None where none does.
    """

    library: str
    mirror: str
    reason: str
    fix: str
    outputs: int
    hold: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prune:
    """
    The orphans of mirrors, and what becomes of them.

    Attributes:
        id: To follow it by; 0 where it is only foreseen.
        orphans: Those that go, or would; `more` says how many a very long list leaves out.
        removed: How many have gone.
        kept: Those that stay, where nothing is refused.
        failed: Those that could not be removed.
        refused: The mirrors that nothing is removed from.
    """

    id: int
    state: PruneState
    orphans: tuple[OrphanView, ...] = ()
    more: int = 0
    removed: int = 0
    kept: tuple[OrphanView, ...] = ()
    failed: tuple[OrphanView, ...] = ()
    refused: tuple[RefusalView, ...] = ()
