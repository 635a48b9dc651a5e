"""Answers any question about one file in words; reads, and changes nothing."""

from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import LibraryPolicy
from pacd.engine import preview, views
from pacd.engine.snapshot import Snapshot
from pacd.engine.sweeping import target_root
from pacd.errors import UnknownError
from pacd.intake.audit import MASTER_SUFFIX, left_alone
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler
from pacd.planning.planner import Decision as Decided
from pacd.planning.planner import decide
from pacd.planning.sidecars import decide_sidecar, kinds_in
from pacd.protocol.documents import Decision, FileState, Why
from pacd.store.database import Store

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
        if store.tracks.known(library_id, path) is None and not entries:
            raise UnknownError(f"{policy.root / path} is not there, and PAC never saw it.")
        return answer(
            FileState.MISSING,
            _NONE,
            "the file is not there; its record is kept in case it returns",
        )
    reason = left_alone(policy.root, path, ignore, kinds_in(policy.mirrors))
    if reason:
        return answer(FileState.IGNORED, _NONE, reason)
    facts = preview.facts_of(store, library_id, policy, path, ignore, settler, now=now)
    if facts is None:
        return answer(FileState.MISSING, _NONE, "the file has gone just now")
    is_master = path.name.lower().endswith(MASTER_SUFFIX)
    decided = (decide if is_master else decide_sidecar)(facts, policy, now)
    state = _state(facts, decided, Place(policy.name, path.parent), snapshot)
    first = decided.items[0] if decided.items else None
    kept = _kept_waiting(first, policy, snapshot) if state is FileState.WAITING else ""
    return answer(
        state,
        first.action.value if first else _NONE,
        f"{first.reason}{kept}" if first else decided.standing,
        facts=views.facts_view(facts, policy),
        holds=tuple(views.hold_view(policy.name, hold) for hold in facts.holds),
    )


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
    if item and target_root(item, policy) in snapshot.starved:
        return "; it waits because its disk has less free space than the reserve"
    return ""


def _state(facts: Facts, decided: Decided, place: Place, snapshot: Snapshot) -> FileState:
    """The file in one word: what happens to it now comes first."""
    running = {(each.library, each.item.path) for each in snapshot.running}
    claims = (
        (FileState.RUNNING, (place.library, facts.path) in running),
        (FileState.HELD, bool(facts.holds)),
        (FileState.SETTLING, not facts.settled or place in snapshot.settling),
        (FileState.RETRYING, bool(facts.setbacks)),
        (FileState.WAITING, bool(decided.items)),
    )
    return next((state for state, holds in claims if holds), FileState.IN_ORDER)
