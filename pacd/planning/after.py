"""An outcome becomes a fact; touches nothing."""

from dataclasses import replace
from datetime import datetime

from pacd.domain.outcome import (
    Authenticated,
    Copied,
    Done,
    Exported,
    Failed,
    Mirrored,
    Outcome,
    Pruned,
    Recompressed,
    Resampled,
    Result,
    Tested,
)
from pacd.domain.plan import Facts, PlanItem, Setback
from pacd.domain.verdict import Judgement, joined
from pacd.planning.setbacks import retry_wait, setback_of, tries_after


def after(facts: Facts, outcome: Outcome, now: datetime) -> Facts:
    """Return what is known of a master once an outcome is."""
    match outcome:
        case Failed():
            return _with(facts, failure(facts, outcome, now))
        case Done():
            return _learn(_without(facts, outcome.item), outcome.item, outcome.result, now)


def _learn(facts: Facts, item: PlanItem, result: Result, now: datetime) -> Facts:
    match result:
        case Tested(check, track, observation):
            known = replace(facts, check=check, track=track, observation=observation)
            return replace(known, judgement=judgement_after(facts.judgement, result, now))
        case Authenticated(track, observation):
            known = replace(facts, track=track, observation=observation)
            return replace(known, judgement=judgement_after(facts.judgement, result, now))
        case Recompressed(track, check, observation) | Resampled(track, check, observation):
            known = replace(facts, check=check, track=track, observation=observation)
            return replace(known, rewrites=facts.rewrites + 1)
        case Mirrored(output):
            before = facts.outputs.get(item.mirror, output)
            named = replace(output, renamed=before.renamed)
            spares = {name: each for name, each in facts.spares.items() if name != item.mirror}
            outputs = {**facts.outputs, item.mirror: named}
            return replace(facts, outputs=outputs, spares=spares)
        case Copied(copy):
            before = facts.outputs.get(item.mirror, copy)
            outputs = {**facts.outputs, item.mirror: replace(copy, renamed=before.renamed)}
            spares = {name: each for name, each in facts.spares.items() if name != item.mirror}
            return replace(facts, outputs=outputs, spares=spares)
        case Exported() | Pruned():
            return facts  # a cover is a fact of its album, an orphan none of any master


def judgement_after(
    before: Judgement | None, result: Tested | Authenticated, now: datetime
) -> Judgement | None:
    """Return the verdict on a recording once a result is known that may bear on it."""
    new = joined(before, result.findings, now=now) if result.findings else before
    if new is None or isinstance(result, Tested):
        return new
    spectrogram = result.spectrogram or new.spectrogram
    return replace(new, spectrogram=spectrogram, undrawn=result.undrawn or new.undrawn)


def failure(facts: Facts, failed: Failed, now: datetime) -> Setback:
    """Return the setback that a failure makes of the one before it, if any."""
    before = setback_of(facts, failed.item.action, failed.item.mirror)
    tries = tries_after(before, failed.kind)
    return Setback(
        action=failed.item.action,
        mirror=failed.item.mirror,
        kind=failed.kind,
        tries=tries,
        message=failed.message,
        words=failed.words,
        retry_at=now + retry_wait(failed.kind, tries),
    )


def _with(facts: Facts, setback: Setback) -> Facts:
    others = _without(facts, setback)
    return replace(others, setbacks=(*others.setbacks, setback))


def _without(facts: Facts, work: PlanItem | Setback) -> Facts:
    """Forget that this action failed before."""
    kept = tuple(
        each for each in facts.setbacks if (each.action, each.mirror) != (work.action, work.mirror)
    )
    return replace(facts, setbacks=kept)
