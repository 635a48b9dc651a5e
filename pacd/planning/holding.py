"""Which files a person must look at, and which no longer; touches nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pacd.domain.hold import Cause, Hold
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import LibraryPolicy, StopOn
from pacd.domain.verdict import Authenticity, Integrity
from pacd.planning import authenticity, rules
from pacd.planning.setbacks import held_for, told

MAX_REWRITES: Final = 3
"""Rewrites of one path within an hour before the loop is broken (checklist 22)."""

UNSTABLE_AFTER: Final = timedelta(minutes=30)
"""How long a file may go on changing before a person is told: three times the longest debounce."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A cause that present facts justify.

    Attributes:
        mirror: Name of the mirror it concerns; "" for the master.
        evidence: As Hold.evidence.
    """

    cause: Cause
    reason: str
    mirror: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def findings(facts: Facts, policy: LibraryPolicy, now: datetime) -> tuple[Finding, ...]:
    """Return every cause to hold a master now, whether or not it is held or accepted."""
    return tuple(finding for source in _SOURCES for finding in source(facts, policy, now))


def ended(facts: Facts, policy: LibraryPolicy, now: datetime) -> tuple[Hold, ...]:
    """
    Return the open holds that present facts no longer justify (H2).

    A hold stands until the bytes there now have been found good; until then
    nothing is known that could end it.  So it is with one on its origin, until it is judged.
    """
    if facts.check is None:
        return ()
    justified = {(each.cause, each.mirror) for each in findings(facts, policy, now)}
    unjudged = authenticity.authenticate_due(facts, policy, now) is not None
    return tuple(
        hold
        for hold in facts.holds
        if (hold.cause, hold.mirror) not in justified
        and not _unseen(facts, hold.mirror)
        and not (unjudged and hold.cause.is_of_authenticity)
    )


def _unseen(facts: Facts, mirror: str) -> bool:
    """Whether nothing is known of a mirror just now: its root may be away."""
    output = facts.outputs.get(mirror)
    return output is not None and output.state is OutputState.UNSEEN


def blocked(
    facts: Facts, stop_on: StopOn, mirror: str = "", *, covers: bool = False
) -> Hold | None:
    """Return the open hold that keeps a master from being rewritten or mirrored, or None."""
    for hold in facts.holds:
        if hold.mirror in {"", mirror} and stops(hold, stop_on, covers=covers):
            return hold
    return None


def stops(held: Hold | Finding, stop_on: StopOn, *, covers: bool = False) -> bool:
    """
    Whether it keeps a master from being rewritten or mirrored (P3); a bad cover does not.

    Args:
        covers: Ask instead whether it keeps its cover from being exported.
    """
    if held.cause is Cause.SUSPECT and covers:
        return stop_on is StopOn.SUSPECT
    if held.cause.is_of_authenticity:
        return stop_on is not StopOn.NEVER
    return held.cause.blocks_mirror and held.evidence.get("action") != Action.EXPORT_ARTWORK


def _verdict(facts: Facts, _policy: LibraryPolicy, _now: datetime) -> Iterator[Finding]:
    check = facts.check
    if check is None or check.integrity.sound:
        return
    cause = Cause.NOT_FLAC if check.integrity is Integrity.NOT_FLAC else Cause.CORRUPT
    evidence = {"tool": check.tool, "tested": check.tested_at.isoformat(), "words": check.words}
    yield Finding(cause, check.message, evidence=evidence)


def _origins(facts: Facts, policy: LibraryPolicy, _now: datetime) -> Iterator[Finding]:
    found = authenticity.suspicion(facts, policy.authenticity)
    if found:
        cause = Cause.SUSPECT if found.status is Authenticity.SUSPECT else Cause.AUTH_ERROR
        yield Finding(cause, found.rationale, evidence=authenticity.evidence(found))


def _failures(facts: Facts, policy: LibraryPolicy, _now: datetime) -> Iterator[Finding]:
    mirrors = {"", *(mirror.name for mirror in policy.mirrors)}
    for setback in facts.setbacks:
        cause = held_for(setback)
        if cause and setback.mirror in mirrors:
            evidence = {
                "action": setback.action.value,
                "failure": setback.kind.value,
                "tries": setback.tries,
                "words": setback.words,
            }
            yield Finding(cause, told(setback), setback.mirror, evidence)


def _loops(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[Finding]:
    """Once held the loop stays broken: an hour of rest does not end the other program."""
    due = (rule(facts, policy, now) for _, rule in rules.REWRITES)
    wanted = next((reason for reason in due if reason), None)
    held = any(hold.cause is Cause.REWRITTEN_TOO_OFTEN for hold in facts.holds)
    if wanted and (held or facts.rewrites >= MAX_REWRITES):
        reason = (
            f"PAC has rewritten it {facts.rewrites} times within an hour and would again: {wanted}"
        )
        yield Finding(Cause.REWRITTEN_TOO_OFTEN, reason, evidence={"rewrites": facts.rewrites})


def _links(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[Finding]:
    reason = rules.hardlinked(facts, policy, now)
    if reason:
        yield Finding(Cause.HARDLINKED, reason, evidence={"links": facts.observation.links})


def _collisions(facts: Facts, policy: LibraryPolicy, _now: datetime) -> Iterator[Finding]:
    for mirror in policy.mirrors:
        output = facts.outputs.get(mirror.name)
        if output and output.state is OutputState.FOREIGN:
            reason = f"a file that PAC did not make stands at {output.path} in mirror {mirror.name}"
            yield Finding(Cause.COLLISION, reason, mirror.name, {"output": str(output.path)})


def _restless(facts: Facts, _policy: LibraryPolicy, _now: datetime) -> Iterator[Finding]:
    if facts.restless and facts.restless > UNSTABLE_AFTER:
        minutes = int(facts.restless.total_seconds() // 60)
        reason = f"something has kept writing to it for {minutes} minutes"
        yield Finding(Cause.UNSTABLE, reason, evidence={"minutes": minutes})


_SOURCES: Final[tuple[Callable[[Facts, LibraryPolicy, datetime], Iterator[Finding]], ...]] = (
    _verdict,
    _origins,
    _failures,
    _loops,
    _links,
    _collisions,
    _restless,
)
