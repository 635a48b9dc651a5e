"""Answers any question about one file in words; reads, and changes nothing."""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pacd.domain.hold import Cause, Hold
from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import LibraryPolicy
from pacd.engine import preview, views
from pacd.engine.absent import absent_targets, doubt, unseen
from pacd.engine.deciding import READING
from pacd.engine.gathering import album_of
from pacd.engine.snapshot import Snapshot
from pacd.engine.sweeping import target_root
from pacd.errors import UnknownError
from pacd.intake.audit import MASTER_SUFFIX, left_alone
from pacd.intake.debounce import Place
from pacd.intake.ignore import FOLDER, Ignore
from pacd.intake.settle import Settler
from pacd.planning.planner import Decision as Decided
from pacd.planning.planner import decide, eclipsed_covers
from pacd.planning.sidecars import decide_sidecar, kinds_in
from pacd.protocol.documents import Decision, FileState, HoldView, Why
from pacd.store.database import Store
from pacd.store.history import HistoryEntry
from pacd.store.holds import Ending

HISTORY: Final = 50
"""Entries of a file's history that an answer carries."""

_NONE: Final = "none"


def why(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    path: PurePosixPath,
    ignore: Ignore,
    settler: Settler,
    snapshot: Snapshot,
    *,
    now: datetime,
) -> Why:
    """
    Return all that is known of one file.

    Raises:
        UnknownError: It is neither there nor on record.
    """
    entries = store.history.of(library_id, path, limit=HISTORY)
    history = tuple(views.history_view(policy.name, entry) for entry in reversed(entries))

    def answer(state: FileState, action: str, reason: str, **more: Any) -> Why:
        return Why(
            library=policy.name,
            path=str(path),
            state=state,
            decision=Decision(action=action, reason=reason),
            history=history,
            **more,
        )

    if not _may_be_there(policy.root / path):
        state, because = _out_of_sight(store, library_id, policy, path, snapshot, bool(entries))
        holds = store.holds.in_folder(library_id, path.parent).get(path, ())
        return answer(state, _NONE, because, holds=_shown(policy, holds))
    reason = left_alone(policy.root, path, ignore, kinds_in(policy.mirrors))
    if reason == FOLDER:
        return answer(FileState.FOLDER, _NONE, _of_folder(policy.root / path))
    if reason:
        return answer(FileState.IGNORED, _NONE, reason)
    facts = preview.facts_of(store, library_id, policy, path, ignore, settler, now=now)
    if facts is None:
        return answer(FileState.MISSING, _NONE, "the file has gone just now")
    decided, away = _trusted(store, library_id, policy, facts, now)
    state = _state(facts, decided, Place(policy.name, path.parent), snapshot)
    first = decided.items[0] if decided.items else None
    rests = state is FileState.IN_ORDER
    away = (away or _away(store, library_id, policy, facts)) if rests else ""
    return answer(
        FileState.AWAY if away else state,
        first.action.value if first else _NONE,
        away + _reason(state, facts, decided, entries, _kept_waiting(first, policy, snapshot)),
        facts=views.facts_view(facts, policy),
        holds=_shown(policy, facts.holds),
    )


def _out_of_sight(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    path: PurePosixPath,
    snapshot: Snapshot,
    has_history: bool,
) -> tuple[FileState, str]:
    """How a file stands that is not to be seen, and why."""
    known = store.tracks.known(library_id, path)
    away = unseen(store, library_id, policy, path, snapshot.problems)
    if known is None and not has_history:
        told = (
            f"is no file on record. {away.what}" if away else "is not there, and PAC never saw it."
        )
        raise UnknownError(f"{policy.root / path} {told}", fix=away.fix if away else "")
    if away is None:
        return FileState.MISSING, "the file is not there; its record is kept in case it returns"
    if known is None or known.is_valid:
        return FileState.AWAY, f"{away.what} What is on record of the file is kept."
    gone = "The file is not there, and it was gone before; its record is kept in case it returns."
    return FileState.MISSING, f"{away.what} {gone}"


def _shown(policy: LibraryPolicy, holds: Iterable[Hold]) -> tuple[HoldView, ...]:
    return tuple(views.hold_view(policy, hold) for hold in holds)


def _trusted(
    store: Store, library_id: int, policy: LibraryPolicy, facts: Facts, now: datetime
) -> tuple[Decided, str]:
    """What is due, and why it is no more than to read the file, a sentence; "" where it is not."""
    decided = _decided(store, library_id, policy, facts, now)
    reads = tuple(each for each in decided.items if each.action in READING)
    if reads == decided.items:
        return decided, ""
    doubted = doubt(store, library_id, policy, facts.path.parent)
    return (replace(decided, items=reads), f"{doubted.what} ") if doubted else (decided, "")


def _decided(
    store: Store, library_id: int, policy: LibraryPolicy, facts: Facts, now: datetime
) -> Decided:
    """What is due for a master or a sidecar; of a master at rest also whose cover is exported."""
    if not facts.path.name.lower().endswith(MASTER_SUFFIX):
        return decide_sidecar(facts, policy, now)
    decided = decide(facts, policy, now)
    if decided.items:
        return decided
    album = album_of(store, library_id, policy, facts.path.parent, (facts,))
    standing = "; ".join([decided.standing, *eclipsed_covers(album, policy)])
    return replace(decided, standing=standing)


def _reason(
    state: FileState,
    facts: Facts,
    decided: Decided,
    entries: Iterable[HistoryEntry],
    kept: str,
) -> str:
    """
    Say why what is due is due, or why nothing is.

    Args:
        kept: What keeps PAC from beginning, should it wait.
    """
    if decided.items:
        first = decided.items[0].reason
        return f"{first}{kept}" if state is FileState.WAITING else first
    return _accepted(facts, entries) if state is FileState.ACCEPTED else decided.standing


def _of_folder(folder: Path) -> str:
    command = f"`pacctl history {shlex.quote(str(folder))}`"
    return f"PAC looks at the files in it; {command} tells of them"


def _is_accepted_damage(facts: Facts) -> bool:
    damaged = facts.check is not None and not facts.check.integrity.sound
    return damaged and any(cause.is_damage for cause in facts.accepted)


def _accepted(facts: Facts, entries: Iterable[HistoryEntry]) -> str:
    """Say who accepted damage, as far as this path's history tells, the newest entry first."""
    what = f"damaged ({facts.check.message})" if facts.check else "damaged"
    for entry in entries:
        of_damage = entry.event == "release" and Cause(entry.details["cause"]).is_damage
        if of_damage and entry.details["how"] == Ending.ACCEPTED:
            return (
                f"{what}, accepted by {entry.details.get('who') or 'somebody'} on "
                f"{entry.time:%Y-%m-%d %H:%M} UTC; left as it is"
            )
    return f"{what}, accepted; left as it is"


def _may_be_there(path: Path) -> bool:
    """Whether a name is there, or in a folder that may not be entered."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _kept_waiting(item: PlanItem | None, policy: LibraryPolicy, snapshot: Snapshot) -> str:
    """What keeps PAC from beginning, a clause that follows the item's reason; "" for nothing."""
    if snapshot.paused:
        return "; it waits because PAC is paused"
    root = target_root(item, policy) if item else None
    if root and root in snapshot.starved:
        return f"; it waits because its disk has {snapshot.starved[root]}"
    return ""


def _away(store: Store, library_id: int, policy: LibraryPolicy, facts: Facts) -> str:
    """The roots that are away in which it has something, a clause before its standing, or ""."""
    has_cover = facts.track is not None and facts.track.cover is not None
    wanted = {*facts.outputs, *([""] if has_cover else [])}
    away = absent_targets(store, library_id, policy)
    clauses = [clause for name, clause in away if name in wanted]
    return "".join(f"waits for {clause}; " for clause in clauses)


def _state(facts: Facts, decided: Decided, place: Place, snapshot: Snapshot) -> FileState:
    """The file in one word: what happens to it now comes first."""
    running = {(each.library, each.item.path) for each in snapshot.running}
    claims = (
        (FileState.RUNNING, (place.library, facts.path) in running),
        (FileState.HELD, bool(facts.holds)),
        (FileState.SETTLING, not facts.settled or place in snapshot.settling),
        (FileState.RETRYING, bool(facts.setbacks)),
        (FileState.WAITING, bool(decided.items)),
        (FileState.ACCEPTED, _is_accepted_damage(facts)),
    )
    return next((state for state, holds in claims if holds), FileState.IN_ORDER)
