"""Prunes as people ask for them: what would go, what goes, and why something does not."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.engine.engine import Engine
from pacd.engine.mirrors.errands import OutputKey, PruneErrand, Reviewed
from pacd.engine.mirrors.guards import Refusal, questions, review
from pacd.engine.mirrors.orphans import Orphan
from pacd.engine.mirrors.pruning import source_of
from pacd.engine.views import rfc3339
from pacd.errors import RefusedError, UnknownError
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import OrphanView, Prune, PruneState, RefusalView
from pacd.store.database import Store

MAX_LISTED: Final = 10_000
"""Orphans that one answer lists; the rest are a number."""

_CHANGED: Final = "it has changed, or is wanted again"


def mirrors_named(
    policy: DaemonPolicy, name: str | None
) -> tuple[tuple[LibraryPolicy, MirrorPolicy], ...]:
    """
    Return the mirrors of this name, or all.

    Raises:
        UnknownError: There is none.
    """
    every = [(library, mirror) for library in policy.libraries for mirror in library.mirrors]
    found = tuple(pair for pair in every if name in {None, pair[1].name})
    if name is not None and not found:
        names = ", ".join(sorted({mirror.name for _, mirror in every})) or "none"
        raise UnknownError(f"There is no mirror {name}; there are: {names}.")
    return found


def require_rest(engine: Engine) -> None:
    """
    Make sure that no output is about to become another master's; in the engine's thread.

    Raises:
        RefusedError: Work is under way.
    """
    if engine.starting or not engine.at_rest or engine.pipeline.keeper.busy:
        raise RefusedError(
            "PAC is at work, and what no master wants now may be wanted by the end of it.",
            fix="`pacctl wait`, then again.",
        )


def foreseen(store: Store, engine: Engine, wanted: str | None) -> Prune:
    """Return what a prune would do now; in any thread, with a store of its own."""
    policy, ids = engine.pipeline.policy, engine.pipeline.library_ids
    ignore = Ignore(policy.ignore)
    found = []
    for library, mirror in mirrors_named(policy, wanted):
        number = ids[library.name]
        seen = review(store, number, library, mirror, ignore)
        asked = next((hold.id for hold in questions(store, number, mirror.name)), None)
        found.append(Reviewed(number, library.name, mirror, seen, asked))
    return _view(0, PruneState.FORESEEN, found)


def begin(engine: Engine, wanted: str | None, *, now: datetime) -> Prune:
    """
    Begin a prune; in the engine's thread.

    Raises:
        UnknownError: There is no mirror of this name.
        RefusedError: PAC is paused, or work is under way.
    """
    mirrors = mirrors_named(engine.pipeline.policy, wanted)
    if engine.pause.active(now):
        raise RefusedError("PAC is paused, so nothing is removed.", fix="`pacctl resume`.")
    require_rest(engine)
    ids = engine.pipeline.library_ids
    errand = engine.pipeline.keeper.prune(
        ((ids[library.name], library, mirror) for library, mirror in mirrors), now=now
    )
    return _errand_view(errand)


def ticket(engine: Engine, number: int) -> Prune:
    """
    Tell how a prune stands; in the engine's thread.

    Raises:
        UnknownError: There is none of this number.
    """
    errand = engine.pipeline.keeper.errands.get(number)
    if errand is None:
        raise UnknownError(f"No prune has the number {number}, or it is long over.")
    return _errand_view(errand)


def _errand_view(errand: PruneErrand) -> Prune:
    state = PruneState.RUNNING if errand.pending else PruneState.DONE
    view = _view(errand.id, state, errand.found, left=errand.left)
    found = {key: (one, row) for one in errand.found for key, row in one.rows}
    failed = tuple(_orphan(*found[key], words) for key, words in errand.failed.items())
    return replace(view, removed=errand.removed, failed=failed)


def _view(
    number: int, state: PruneState, found: Iterable[Reviewed], *, left: Collection[OutputKey] = ()
) -> Prune:
    """Put what was found into a document."""
    each = tuple(found)
    going = [(key, one, row) for one in each if not one.review.refusal for key, row in one.rows]
    stays = [_orphan(one, row, _CHANGED) for key, one, row in going if key in left]
    goes = [_orphan(one, row) for key, one, row in going if key not in left]
    return Prune(
        id=number,
        state=state,
        orphans=tuple(goes[:MAX_LISTED]),
        more=max(0, len(goes) - MAX_LISTED),
        kept=(*stays, *(_orphan(one, row, why) for one in each for row, why in one.review.kept)),
        refused=tuple(_refusals(each)),
    )


def _refusals(found: Iterable[Reviewed]) -> Iterator[RefusalView]:
    for one in found:
        refusal = one.review.refusal
        if refusal:
            yield RefusalView(
                library=one.library,
                mirror=one.mirror.name,
                reason=refusal.reason,
                fix=_fix(refusal, one.hold),
                outputs=len(one.review.orphans),
                hold=one.hold,
            )


def _fix(refusal: Refusal, hold: int | None) -> str:
    """What a person can do about a refusal, and how to answer its question."""
    if refusal.missing or not refusal.asks:
        return refusal.fix
    if hold is None:
        return f"{refusal.fix} `pacctl prune` opens a hold that asks."
    accept = f"`pacctl release {hold} --accept`, then `pacctl prune`, if they are gone for good."
    return f"{refusal.fix} `pacctl holds show {hold}` names some; {accept}"


def _orphan(one: Reviewed, row: Orphan, reason: str = "") -> OrphanView:
    return OrphanView(
        library=one.library,
        mirror=one.mirror.name,
        path=str(row.output.path),
        source=str(source_of(row)),
        since=rfc3339(row.orphaned_at),
        reason=reason,
    )
