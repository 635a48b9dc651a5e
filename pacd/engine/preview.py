"""What would be done now, and what is known of one file: reads, and changes nothing."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import TypeVar

from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine import views
from pacd.engine.absent import absences, disks_away, is_strange
from pacd.engine.awaiting import left_waiting
from pacd.engine.deciding import READING
from pacd.engine.gathering import album_of, gather
from pacd.engine.looking import look_at, walk_around
from pacd.engine.mirrors.foreseeing import Foresight
from pacd.engine.mirrors.sidecars import gather_sidecars
from pacd.engine.naming import Naming
from pacd.engine.resting import rest_keys
from pacd.files.atomic import being_written
from pacd.intake.audit import MASTER_SUFFIX
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler
from pacd.planning.planner import plan
from pacd.planning.sidecars import new_holds, plan_sidecars
from pacd.protocol.documents import Plan, PlanView, Unsettled
from pacd.store.database import Store

Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """
    What is due in one folder.

    Attributes:
        waiting: Files that have not settled, and are neither held nor to be.
    """

    items: tuple[PlanItem, ...]
    waiting: tuple[PurePosixPath, ...]


def plan_of(
    store: Store,
    library_ids: Mapping[str, int],
    policy: DaemonPolicy,
    places: Iterable[Place],
    *,
    only: PurePosixPath,
    most: int = sys.maxsize,
    now: datetime,
) -> Plan:
    """
    Return what is due in folders and all below them (P1).

    Args:
        only: The file or folder, below its library's root, that was asked for.
        most: How many items, and how many files that wait, are listed; the rest are numbers.
    """
    items: list[PlanView] = []
    waiting: list[Unsettled] = []
    retries: list[str] = []
    more = more_waiting = 0
    for place in places:
        library = policy.library(place.library)
        if library is None:
            continue
        ignore, settlers = Ignore(policy.ignore), (settler_of(policy), settler_of(policy))
        number = library_ids[library.name]
        retries += absences(store, number, library)
        if place.folder == only:
            retries.append(left_waiting(store, library, number, only, now=now))
        for seen in _foresee(store, number, library, ignore, settlers, place.folder, now=now):
            due = [each for each in seen.items if each.path.is_relative_to(only)]
            later = [each for each in seen.waiting if each.is_relative_to(only)]
            more += _list(items, [views.plan_view(library.name, each) for each in due], most)
            unsettled = [Unsettled(library=library.name, path=str(each)) for each in later]
            more_waiting += _list(waiting, unsettled, most)
    return Plan(
        items=tuple(items),
        waiting=tuple(waiting),
        more=more,
        more_waiting=more_waiting,
        settle_s=policy.settle_s,
        retries=tuple(filter(None, retries)),
    )


def _list(listed: list[Listed], found: list[Listed], most: int) -> int:
    """List what there is room for; return how many there was none for."""
    room = most - len(listed)
    listed += found[:room]
    return max(0, len(found) - room)


def _foresee(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    ignore: Ignore,
    settlers: tuple[Settler, Settler],
    below: PurePosixPath,
    *,
    now: datetime,
) -> Iterator[Foreseen]:
    """
    Yield what is due in a folder and all below it, folder by folder.

    Args:
        settlers: One for masters and one for sidecars.
    """
    settler, copying = settlers
    foresight = Foresight(store, library_id, Naming(policy, ignore))
    strange, gone = is_strange(store, library_id, policy), disks_away(store, library_id, policy)
    keys = rest_keys(store, library_id, policy)
    for looked in walk_around(store, library_id, policy, ignore, below):
        folder = looked.library.path
        fingerprint, key = store.folders.fingerprint(library_id, folder) or (None, "")
        if looked.complete and fingerprint == looked.fingerprint and key in keys:
            continue
        known = gather(store, library_id, policy, looked, settler=settler, now=now)
        tracks = foresight.tracks(known, now=now)
        beside = gather_sidecars(store, library_id, policy, looked, settler=copying)
        items = (
            *plan(album_of(store, library_id, policy, folder, tracks), policy, now),
            *(item for facts in beside for item in new_holds(facts, policy, now)),
            *plan_sidecars(beside, policy, now),
        )
        if strange or any(map(folder.is_relative_to, gone)):
            items = tuple(item for item in items if item.action in READING)
        planned = {item.path for item in items}
        yield Foreseen(
            items,
            tuple(
                facts.path
                for facts in (*tracks, *beside)
                if not (facts.settled or facts.holds or facts.path in planned)
            ),
        )


def settler_of(policy: DaemonPolicy) -> Settler:
    """What tells settled files by one look: without an earlier one, their ctime decides."""
    return Settler(policy.settle_s, being_written)


def facts_of(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    path: PurePosixPath,
    ignore: Ignore,
    settler: Settler,
    *,
    now: datetime,
) -> Facts | None:
    """Return all that is known of one master, or of one sidecar; None when it is not there."""
    naming = Naming(policy, ignore)
    looked = look_at(store, library_id, naming, path.parent)
    if not path.name.lower().endswith(MASTER_SUFFIX):
        beside = gather_sidecars(store, library_id, policy, looked, settler=settler)
        return next((facts for facts in beside if facts.path == path), None)
    tracks = gather(store, library_id, policy, looked, settler=settler, now=now)
    one = [facts for facts in tracks if facts.path == path]
    return next(iter(Foresight(store, library_id, naming).tracks(one, now=now)), None)
