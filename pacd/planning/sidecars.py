"""Which files are copied along with masters (M11), under which names, and when; touches nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.hold import Hold
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.planning import holding
from pacd.planning.names import renamed_sidecars
from pacd.planning.outputs import Named
from pacd.planning.planner import Decision
from pacd.planning.setbacks import setback_of, waiting_for

MAX_BYTES: Final = 64 << 20
"""A larger file is no sidecar: lyrics, cue sheets and covers are far below (a choice of PAC's)."""

_MASTER: Final = ".flac"


@dataclass(frozen=True, slots=True)
class Kinds:
    """
    Which names are sidecars' (setting `sidecars`), without regard to case.

    Attributes:
        suffixes: What such names may end with, in lower case.
        names: Whole names, in lower case.
        bare: Whether any name without an extension is one.
    """

    suffixes: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    bare: bool = False

    def match(self, name: str) -> bool:
        """Whether a file of this name is one."""
        low = name.lower()
        return low.endswith(self.suffixes) or low in self.names or (self.bare and "." not in low)


NO_KINDS: Final = Kinds()


@cache
def kinds_of(wishes: tuple[str, ...]) -> Kinds:
    """Tell the kinds by the setting: what begins with a dot is an extension, else a whole name."""
    low = {wish.lower() for wish in wishes}
    suffixes = {wish for wish in low if wish.startswith(".")}
    return Kinds(tuple(sorted(suffixes)), frozenset(low - suffixes))


@cache
def copies_of(wishes: tuple[str, ...]) -> Kinds:
    """What copies of these may be named: one that got another name keeps its extension."""
    kinds = kinds_of(wishes)
    ends = {PurePosixPath(name).suffix for name in kinds.names}
    suffixes = {*kinds.suffixes, *ends} - {""}
    return Kinds(tuple(sorted(suffixes)), kinds.names, bare="" in ends)


def kinds_in(mirrors: Iterable[MirrorPolicy]) -> Kinds:
    """The kinds that any of these mirrors wants."""
    return kinds_of(tuple(wish for mirror in mirrors for wish in mirror.sidecars))


def is_sidecar(name: str, mirror: MirrorPolicy) -> bool:
    """Whether a mirror wants a file of this name copied; never what masters or outputs are."""
    low = name.lower()
    return kinds_of(mirror.sidecars).match(low) and not low.endswith((_MASTER, mirror.extension))


def copy_paths(
    sidecars: Iterable[PurePosixPath],
    masters: Iterable[str],
    folders: Iterable[str],
    mirror: MirrorPolicy,
    place: Named,
) -> Mapping[PurePosixPath, Named]:
    """
    Name the copies of one folder's sidecars: after the outputs that they belong to (M1, M10).

    Args:
        sidecars: All that the mirror wants, relative to the library root.
        masters, folders: Names of all that lie beside them.
        place: Where the folder lies in the mirror.

    Returns:
        By sidecar, sorted; no two are the same, and none is an output's or a folder's.
    """
    by_name = {each.name: each for each in sorted(sidecars)}
    renamed = renamed_sidecars(
        by_name, masters, folders, mirror.extension, fat_safe=mirror.fat_safe
    )
    return {
        path: place.child(name, name, renamed.get(name), mirror.name)
        for name, path in by_name.items()
    }


def plan_sidecars(
    sidecars: Iterable[Facts], policy: LibraryPolicy, now: datetime
) -> Iterator[PlanItem]:
    """Yield which copies are due, in the order given; nothing that failed just now, or is held."""
    for facts in sidecars:
        if refusal(facts) or not facts.settled:
            continue
        for mirror in policy.mirrors:
            copy = facts.outputs.get(mirror.name)
            reason = _due(facts, mirror.name, copy) if copy else None
            setback = setback_of(facts, Action.MIRROR_COPY, mirror.name)
            if copy and reason and not waiting_for(setback, now):
                yield _item(facts, reason, mirror.name, copy)


def new_holds(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[PlanItem]:
    """Yield the holds that a sidecar asks for: what stands in its way, or failed for good (H1)."""
    known = {(hold.cause, hold.mirror) for hold in facts.holds}
    for found in holding.findings(facts, policy, now):
        if (found.cause, found.mirror) not in known and found.cause not in facts.accepted:
            yield PlanItem(
                facts.path,
                Action.HOLD,
                found.reason,
                mirror=found.mirror,
                cause=found.cause,
                evidence=found.evidence,
            )


def ended_holds(facts: Facts, policy: LibraryPolicy, now: datetime) -> Iterator[Hold]:
    """Yield the open holds of a sidecar that present facts no longer justify (H2)."""
    justified = {(each.cause, each.mirror) for each in holding.findings(facts, policy, now)}
    wanting = {mirror.name for mirror in policy.mirrors if is_sidecar(facts.path.name, mirror)}
    for hold in facts.holds:
        copy = facts.outputs.get(hold.mirror)
        away = hold.mirror in wanting and copy is None
        unknown = away or (copy is not None and copy.state is OutputState.UNSEEN)
        if (hold.cause, hold.mirror) not in justified and not unknown:
            yield hold


def decide_sidecar(facts: Facts, policy: LibraryPolicy, now: datetime) -> Decision:
    """Return what is due for one sidecar, and where the rest stands."""
    items = (*new_holds(facts, policy, now), *plan_sidecars([facts], policy, now))
    return Decision(items, standing(facts, policy, now))


def is_news(facts: Facts) -> bool:
    """Whether a copy may be due once the sidecar has settled."""
    return not refusal(facts) and any(
        _due(facts, mirror, copy) for mirror, copy in facts.outputs.items()
    )


def refusal(facts: Facts) -> str | None:
    """Why a file is not copied, a clause, or None."""
    size = facts.observation.size_bytes
    if size <= MAX_BYTES:
        return None
    return f"its {size} bytes are more than the {MAX_BYTES} up to which PAC copies it"


def standing(facts: Facts, policy: LibraryPolicy, now: datetime) -> str:
    """Say why nothing is due for a sidecar."""
    reason = refusal(facts)
    if reason:
        return reason
    if not facts.settled:
        return "waiting until nobody has written to it for a while"
    clauses = []
    for mirror in policy.mirrors:
        copy = facts.outputs.get(mirror.name)
        wait = waiting_for(setback_of(facts, Action.MIRROR_COPY, mirror.name), now)
        if wait:
            clauses.append(f"not up to date in {mirror.name}: {wait}")
        elif copy and copy.state is OutputState.OURS:
            clauses.append(f"copied to {copy.path} in mirror {mirror.name}")
        elif copy and copy.state is OutputState.FOREIGN:
            clauses.append(f"a file that PAC did not make stands at {copy.path} in {mirror.name}")
        elif copy is None and is_sidecar(facts.path.name, mirror):
            clauses.append(f"mirror {mirror.name} is not there")
    return ", ".join(clauses) or "no mirror wants it"


def _due(facts: Facts, mirror: str, copy: Output) -> str | None:
    """Why a copy is made, moved, or compared with its source; None where it is not."""
    if mirror in facts.spares:
        return f"its copy in {mirror} is still at {facts.spares[mirror].path}"
    match copy.state:
        case OutputState.MISSING:
            return f"there is no copy of it in {mirror}"
        case OutputState.UNSEEN:
            return f"PAC has no record of what stands at {copy.path} in {mirror}"
        case OutputState.OURS if not copy.src_md5:
            return f"it has changed since it was copied to {mirror}"
        case _:
            return None


def _item(facts: Facts, reason: str, mirror: str, copy: Output) -> PlanItem:
    spare = facts.spares.get(mirror)
    return PlanItem(
        facts.path,
        Action.MIRROR_COPY,
        reason,
        mirror=mirror,
        target=copy.path,
        origin=spare.path if spare else None,
    )
