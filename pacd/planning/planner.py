"""Facts, policy and the time in; plan items with reasons out.  Does nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.hold import Cause
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Album, Facts, PlanItem
from pacd.domain.policy import LibraryPolicy, MirrorPolicy, StopOn
from pacd.planning import covers, holding
from pacd.planning.authenticity import authenticate_due, listens, standing
from pacd.planning.rules import REWRITES, above_cd, integrity_due, output_due
from pacd.planning.setbacks import held_for, set_aside, setback_of, waiting_for


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What is done about one master now.

    Attributes:
        items: Due now; empty when nothing is.
        standing: Why nothing more is, a clause for people.
    """

    items: tuple[PlanItem, ...]
    standing: str


def plan(album: Album, policy: LibraryPolicy, now: datetime) -> tuple[PlanItem, ...]:
    """
    Return everything that is due now in one folder, tracks in the order given.

    The plan holds only what present facts justify: what depends on the outcome
    of an item is planned in a later round, once the outcome is a fact (P2).
    Planning again after carrying a plan out ends in the empty plan (P4).
    """
    items = [item for facts in album.tracks for item in decide(facts, policy, now).items]
    return (*items, *plan_covers(album, policy, now))


def decide(facts: Facts, policy: LibraryPolicy, now: datetime) -> Decision:
    """Return what is due for one master, covers apart, and where the rest stands."""
    held = tuple(_new_holds(facts, policy, now))
    if not facts.settled:
        return Decision(held, "waiting until nobody has written to it for a while")
    judging = _judging_due(facts, policy, now)
    if judging:
        return _try(facts, *judging, now, held, listens=listens(facts, policy.authenticity))
    stop = stopped(facts, policy, now)
    if stop:
        return Decision(held, "; ".join([stop, *_uncovered(facts, policy, now)]))
    rewrite = _rewrite_due(facts, policy, now)
    if rewrite and not set_aside(setback_of(facts, rewrite[0]), now):
        return _try(facts, *rewrite, now, held)
    outputs = tuple(_plan_outputs(facts, policy, now))
    return Decision((*held, *outputs), _at_rest(facts, policy, rewrite, now))


def _judging_due(facts: Facts, policy: LibraryPolicy, now: datetime) -> tuple[Action, str] | None:
    """What is to be found out about a master before anything else is done with it."""
    due = integrity_due(facts, policy, now)
    if due:
        return (Action.TEST, due)
    due = authenticate_due(facts, policy, now)
    failed = setback_of(facts, Action.AUTHENTICATE)
    if due is None or (failed and _passes(held_for(failed), facts, policy)):
        return None
    return (Action.AUTHENTICATE, due)


def _passes(cause: Cause | None, facts: Facts, policy: LibraryPolicy) -> bool:
    """Whether a master goes on although its authenticity could not be told."""
    reported = cause is Cause.AUTH_ERROR and policy.flac.stop_on is StopOn.NEVER
    return reported or cause in facts.accepted


def stopped(
    facts: Facts, policy: LibraryPolicy, now: datetime, *, covers: bool = False
) -> str | None:
    """
    Return why a tested master is neither rewritten nor mirrored, or None (P3).

    Damage always stops; what a person accepted stops no longer, damage excepted.

    Args:
        covers: Return instead why its cover is not exported.
    """
    if facts.check is None:
        return "not tested yet"
    if not facts.check.integrity.sound:
        return facts.check.message
    stop_on = policy.flac.stop_on
    hold = holding.blocked(facts, stop_on, covers=covers)
    if hold:
        return f"held ({hold.cause}): {hold.reason}"
    for finding in holding.findings(facts, policy, now):
        stops = holding.stops(finding, stop_on, covers=covers)
        if stops and not finding.mirror and finding.cause not in facts.accepted:
            return finding.reason
    return None


def _try(
    facts: Facts,
    action: Action,
    reason: str,
    now: datetime,
    held: tuple[PlanItem, ...],
    *,
    listens: bool = False,
) -> Decision:
    wait = waiting_for(setback_of(facts, action), now)
    if wait:
        return Decision(held, wait)
    return Decision((*held, PlanItem(facts.path, action, reason, listens=listens)), reason)


def _rewrite_due(facts: Facts, policy: LibraryPolicy, now: datetime) -> tuple[Action, str] | None:
    """How and why a master is to be rewritten, unless a person accepted that it stays as it is."""
    if Cause.REWRITTEN_TOO_OFTEN in facts.accepted:
        return None
    for action, rule in REWRITES:
        due, setback = rule(facts, policy, now), setback_of(facts, action)
        failed_for_good = setback is not None and held_for(setback) in facts.accepted
        if due and not failed_for_good:
            return (action, due)
    return None


def _new_holds(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[PlanItem]:
    known = {(hold.cause, hold.mirror) for hold in facts.holds}
    for finding in holding.findings(facts, policy, now):
        if (finding.cause, finding.mirror) not in known and finding.cause not in facts.accepted:
            known.add((finding.cause, finding.mirror))
            yield PlanItem(
                facts.path,
                Action.HOLD,
                finding.reason,
                mirror=finding.mirror,
                cause=finding.cause,
                evidence=finding.evidence,
            )


def _plan_outputs(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[PlanItem]:
    for mirror in policy.mirrors:
        due = output_due(facts, mirror)
        if due is None or holding.blocked(facts, policy.flac.stop_on, mirror.name):
            continue
        action, reason = due
        output = facts.outputs[mirror.name]
        if not waiting_for(setback_of(facts, action, mirror.name), now):
            origin = _origin(facts, mirror, action)
            yield PlanItem(
                facts.path, action, reason, mirror=mirror.name, target=output.path, origin=origin
            )


def _origin(facts: Facts, mirror: MirrorPolicy, action: Action) -> PurePosixPath | None:
    """Where the output that is to be renamed stands now."""
    if action is not Action.MIRROR_RENAME:
        return None
    output = facts.outputs[mirror.name]
    spare = facts.spares.get(mirror.name)
    # A spare is looked for only where what stands there, however it is listed, is of no use.
    return spare.path if spare else output.path.with_name(output.listed)


def plan_covers(album: Album, policy: LibraryPolicy, now: datetime) -> Iterator[PlanItem]:
    """Plan one export per cover target, from masters at rest (F7)."""
    by_path = {facts.path: facts for facts in album.tracks}
    for wanted, reason in covers_due(album, policy):
        facts = by_path[wanted.source]
        ready = facts.settled and _cover_ready(facts, policy, now)
        if ready and not waiting_for(setback_of(facts, Action.EXPORT_ARTWORK), now):
            export = album.exports.get(wanted.target)
            yield PlanItem(
                facts.path,
                Action.EXPORT_ARTWORK,
                reason,
                target=wanted.target,
                replaces=export is not None and export.present and not export.changed,
            )


def covers_due(album: Album, policy: LibraryPolicy) -> Iterator[tuple[covers.CoverWanted, str]]:
    """Name the covers that are not as they should be, each with the reason; some have to wait."""
    if not policy.artwork.enabled or not album.covers_wanted:
        return
    for wanted in covers.wanted_covers(album.tracks, policy.artwork):
        reason = _cover_due(wanted, album, policy)
        if reason:
            yield wanted, reason


def inherited_covers(album: Album, policy: LibraryPolicy) -> Iterator[covers.CoverWanted]:
    """Name the covers that stand as this album wants them, and whose own master has gone."""
    if not policy.artwork.enabled or not album.covers_wanted:
        return
    for wanted in covers.wanted_covers(album.tracks, policy.artwork):
        export = album.exports.get(wanted.target)
        orphaned = export is not None and not (export.source_present or export.shared)
        if orphaned and export and export.picture_md5 == wanted.picture.md5:
            yield wanted


def eclipsed_covers(album: Album, policy: LibraryPolicy) -> Iterator[str]:
    """Name the covers that are not exported, because another folder's stands there; clauses."""
    if not policy.artwork.enabled or not album.covers_wanted:
        return
    pattern = policy.artwork.pattern
    apart = " or ".join(field for field in ("{date}", "{disc}") if field not in pattern)
    fix = f"add {apart} to pattern in [artwork]" if apart else "give them other tags"
    for wanted in covers.wanted_covers(album.tracks, policy.artwork):
        export = album.exports.get(wanted.target)
        if export is None or not export.source or export.picture_md5 == wanted.picture.md5:
            continue
        other = export.source_present and export.source.parent != wanted.source.parent
        if export.present and (export.shared or other):
            where = " of another library" if export.shared else ""
            yield (
                f"its cover is not exported: {wanted.target} shows that of {export.source}{where}; "
                f"{fix} to keep them apart"
            )


def _cover_ready(facts: Facts, policy: LibraryPolicy, now: datetime) -> bool:
    """Whether what comes before its cover has been done, or will not be (P2, P3)."""
    if _judging_due(facts, policy, now) or stopped(facts, policy, now, covers=True):
        return False
    return bool(stopped(facts, policy, now)) or not _rewrite_due(facts, policy, now)


def _cover_due(wanted: covers.CoverWanted, album: Album, policy: LibraryPolicy) -> str | None:
    export = album.exports.get(wanted.target)
    if export is None:
        return "its cover is not among the exported ones"
    if not export.present:
        return "the exported cover is gone"
    elsewhere = export.source is not None and export.source.parent != wanted.source.parent
    if export.shared or (elsewhere and export.source_present):
        return None
    if export.picture_md5 != wanted.picture.md5:
        return "its front cover has changed"
    if export.max_px != policy.artwork.max_px:
        return f"covers are now limited to {policy.artwork.max_px or 'no'} pixels"
    return None


def _waiting(
    facts: Facts, policy: LibraryPolicy, rewrite: tuple[Action, str] | None, now: datetime
) -> Iterator[str]:
    """What failed and is tried again later, a clause for each."""
    if rewrite:
        yield from filter(None, [waiting_for(setback_of(facts, rewrite[0]), now)])
    for mirror in policy.mirrors:
        due = output_due(facts, mirror)
        wait = waiting_for(setback_of(facts, due[0], mirror.name), now) if due else None
        if wait:
            yield f"not up to date in {mirror.name}: {wait}"
    yield from _uncovered(facts, policy, now)


def _uncovered(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[str]:
    """Whether its cover could not be exported and is tried again later, a clause."""
    wait = waiting_for(setback_of(facts, Action.EXPORT_ARTWORK), now)
    if wait and policy.artwork.enabled:
        yield wait


def _at_rest(
    facts: Facts, policy: LibraryPolicy, rewrite: tuple[Action, str] | None, now: datetime
) -> str:
    """
    Say why nothing is due now for a sound master: first what failed and waits (w58).

    Args:
        rewrite: The one that was set aside, if any.
    """
    clauses = [f"intact, tested {facts.check.tested_at:%Y-%m-%d}" if facts.check else ""]
    clauses.append(above_cd(facts, policy) or "")
    clauses.append(standing(facts, policy.authenticity).reason)
    if facts.track and facts.track.compression:
        clauses.append(f"compressed ({facts.track.compression})")
    for mirror in policy.mirrors:
        output = facts.outputs.get(mirror.name)
        if mirror.name in facts.awaited:
            clauses.append(f"not mirrored to {mirror.name} yet: {facts.awaited[mirror.name]}")
        elif output and output.state is OutputState.OURS:
            clauses.append(f"mirrored to {mirror.name} ({output.quality})")
    rest = ", ".join(clause for clause in clauses if clause)
    return "; ".join([*_waiting(facts, policy, rewrite, now), rest])
