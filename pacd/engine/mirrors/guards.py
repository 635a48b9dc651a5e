"""
Which orphans of a mirror may be removed, and what stands against it (M9): reads alone.

A library that is suddenly much smaller is more often a disk that is away than a decision.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.hold import Cause, Hold
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.grounds import away, recall
from pacd.engine.mirrors.orphans import Claims, Orphan, all_orphans, is_there, maker
from pacd.engine.presence import available
from pacd.intake.ignore import Ignore
from pacd.intake.volumes import lasting, same_place
from pacd.store.database import Store
from pacd.store.decisions import LIBRARY_ROOTS
from pacd.store.outputs import Outputs
from pacd.store.sidecars import SidecarRow, Sidecars

MANY: Final = 20
"""Fewer outputs than this are never too many to be removed at once (requirements M9)."""

SHARE: Final = 0.2
"""Of all outputs of a mirror: more than this are too many at once (requirements M9)."""

LAST_GONE: Final = "last_gone"
"""Evidence of a hold: since when the latest of the outputs in question is an orphan."""

_MOUNT: Final = "Mount the disk that holds it; `pacctl status` says when it is back."
_AGAIN: Final = "Mount it again; if it is gone for good, say so: `pacctl scan`."
_LOOK: Final = "Look whether the library is whole."


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Why nothing is removed from a mirror.

    Attributes:
        reason: A clause for people.
        asks: Whether a person is asked; else it passes by itself, or was answered.
        missing: The root that is away; "" where all are there.
    """

    reason: str
    fix: str
    asks: bool = True
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """
    The outputs and the copies of sidecars on record as orphans of one mirror, sorted out.

    Attributes:
        orphans: To be removed, where nothing stands against it.
        kept: Orphans that stay all the same, each with the reason, a clause.
        back: Wanted again.
        gone: Somebody has removed them, or made copies their own.
        outputs, copies: How many of each the mirror has, these among them.
    """

    orphans: tuple[Orphan, ...] = ()
    kept: tuple[tuple[Orphan, str], ...] = ()
    back: tuple[Orphan, ...] = ()
    gone: tuple[Orphan, ...] = ()
    outputs: int = 0
    copies: int = 0
    refusal: Refusal | None = None


def review(
    store: Store, library_id: int, policy: LibraryPolicy, mirror: MirrorPolicy, ignore: Ignore
) -> Review:
    """Look at all orphans of a mirror."""
    rows = all_orphans(store, library_id, mirror.name)
    outputs = _total(store.outputs, library_id, mirror)
    copies = _total(store.sidecars, library_id, mirror)
    accepted = store.holds.last_accepted(library_id, Cause.MASS_DISAPPEARANCE, mirror.name)
    for root, what in ((policy.root, "library"), (mirror.root, "mirror")):
        if not available(root) and (rows or (outputs + copies and what == "library")):
            reason = f"{root}, the {what}, is not there or is empty"
            known = accepted is not None and accepted.reason == reason
            refusal = Refusal(reason, _MOUNT, asks=not known, missing=str(root))
            return Review(rows, outputs=outputs, copies=copies, refusal=refusal)
    found = _sorted_out(store, library_id, policy, mirror, rows, Claims(policy, mirror, ignore))
    orphans, kept = found["orphan"], found["hidden"] + found["spare"]
    return Review(
        tuple(row for row, _ in orphans),
        tuple(kept),
        tuple(row for row, _ in found["back"]),
        tuple(row for row, _ in found["gone"]),
        outputs,
        copies,
        _refusal(store, library_id, policy, mirror, [row for row, _ in orphans], accepted),
    )


def _total(shelf: Outputs | Sidecars, library_id: int, mirror: MirrorPolicy) -> int:
    """How many files of PAC's a mirror has, orphans among them."""
    return shelf.count(library_id, mirror.name) + shelf.count_orphans(library_id, mirror.name)


def _sorted_out(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    mirror: MirrorPolicy,
    rows: Sequence[Orphan],
    claims: Claims,
) -> Mapping[str, list[tuple[Orphan, str]]]:
    """Put each row where it belongs, with the reason why it stays if it does."""
    found: dict[str, list[tuple[Orphan, str]]] = {
        name: [] for name in ("orphan", "hidden", "spare", "back", "gone")
    }
    for row in rows:
        owner = claims.on(row)
        if owner.master:
            found["back"].append((row, ""))
        elif owner.hidden:
            found["hidden"].append((row, f"a folder cannot be read that may hold its {maker(row)}"))
        elif not is_there(mirror.root, row):
            found["gone"].append((row, ""))
        elif _is_spare(store, library_id, policy, mirror, row):
            found["spare"].append((row, "a master of the same audio has no output in its place"))
        else:
            found["orphan"].append((row, ""))
    return found


def _is_spare(
    store: Store, library_id: int, policy: LibraryPolicy, mirror: MirrorPolicy, row: Orphan
) -> bool:
    """Whether a master lacks an output of this very audio: it may become its own (M5, M8)."""
    md5 = row.output.src_md5
    if isinstance(row, SidecarRow) or not md5:
        return False
    masters = _there(policy, store.verdicts.of_audio(library_id, md5))
    if not masters:  # so it is of nearly all orphans
        return False
    outputs = store.outputs.with_audio(library_id, mirror.name, md5)
    return masters > sum(each.orphaned_at is None for each in outputs)


def _there(policy: LibraryPolicy, masters: Iterable[PurePosixPath]) -> int:
    """How many masters stand there: folders that went as a whole are on record for a while."""
    return sum(os.path.lexists(policy.root / master) for master in masters)


def _refusal(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    mirror: MirrorPolicy,
    orphans: Sequence[Orphan],
    accepted: Hold | None,
) -> Refusal | None:
    """What stands against removing these; what was accepted before does not."""
    if not orphans:
        return None
    for disk in away(recall(store, library_id), policy.root):
        reason = f"the disk that was mounted on {policy.root / disk} is away"
        return Refusal(reason, _AGAIN, asks=False)
    fresh = [row for row in _fresh(orphans, accepted) if _has_lost_its_source(policy, row)]
    if fresh and not in_its_place(store, library_id, policy):
        reason = f"{policy.root} is another folder, or on another disk, than when they were made"
        return Refusal(reason, _LOOK)
    if gone := _gone_at_once(store, library_id, mirror, fresh):
        return Refusal(gone, _LOOK)
    if untested := _there(policy, store.verdicts.untested(library_id)):
        masters = "1 master has" if untested == 1 else f"{untested} masters have"
        reason = f"{masters} not been tested yet, so an output may yet be wanted"
        return Refusal(reason, "`pacctl wait`, then again.", asks=False)
    return None


def _has_lost_its_source(policy: LibraryPolicy, row: Orphan) -> bool:
    """Whether what it was made of is gone; what the settings name no longer is there still."""
    return not (isinstance(row, SidecarRow) and os.path.lexists(policy.root / row.source))


def _gone_at_once(
    store: Store, library_id: int, mirror: MirrorPolicy, fresh: Sequence[Orphan]
) -> str:
    """Why a person should look first, a clause: too many outputs, or too many copies; or ""."""
    copies = sum(isinstance(row, SidecarRow) for row in fresh)
    counts = (
        (len(fresh) - copies, _total(store.outputs, library_id, mirror), "master", "output"),
        (copies, _total(store.sidecars, library_id, mirror), "source", "sidecar"),
    )
    for many, total, source, file in counts:
        if many >= MANY and many > SHARE * total:
            return f"the {source}s of {many} of {total} {file}s in {mirror.name} are gone at once"
    return ""


def _fresh(orphans: Sequence[Orphan], accepted: Hold | None) -> Sequence[Orphan]:
    """The orphans that nobody was asked about; all, should a clock have been set back."""
    if accepted is None or LAST_GONE not in accepted.evidence:
        return orphans
    until = datetime.fromisoformat(accepted.evidence[LAST_GONE])
    fresh = [row for row in orphans if row.orphaned_at is None or row.orphaned_at > until]
    answered = len(orphans) - len(fresh)
    asked = accepted.evidence["outputs"] + accepted.evidence.get("copies", 0)
    return fresh if answered <= asked else orphans


def questions(store: Store, library_id: int, mirror: str | None = None) -> Iterator[Hold]:
    """Yield the open holds that ask about one mirror of a library, or about all."""
    for number, hold in store.holds.all_open():
        asks = (number, hold.cause) == (library_id, Cause.MASS_DISAPPEARANCE)
        if asks and mirror in {None, hold.mirror}:
            yield hold


def in_its_place(store: Store, library_id: int, policy: LibraryPolicy) -> bool:
    """Whether a library's root is the folder it was; so it is where that was never noted."""
    known = store.memory.get(LIBRARY_ROOTS, {}).get(str(library_id))
    return same_place(known, lasting(policy.root))


def remember_root(store: Store, library_id: int, policy: LibraryPolicy) -> None:
    """Note which folder the library's root is; from now on another one is strange."""
    known = store.memory.get(LIBRARY_ROOTS, {})
    spelt = lasting(policy.root)
    if spelt and known.get(str(library_id)) != spelt:
        with store.transaction():
            store.memory.set(LIBRARY_ROOTS, {**known, str(library_id): spelt})
