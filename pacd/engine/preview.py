"""What would be done now, and what is known of one file: reads, and changes nothing."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import LibraryPolicy
from pacd.engine.gathering import album_of, gather
from pacd.engine.looking import look_at, walk_around
from pacd.engine.naming import Naming
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler
from pacd.planning.planner import plan
from pacd.store.database import Store


def planned(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    ignore: Ignore,
    settler: Settler,
    *,
    below: PurePosixPath,
    now: datetime,
) -> Iterator[PlanItem]:
    """Yield what is due in a folder and all below it, folder by folder (P1)."""
    for looked in walk_around(store, library_id, policy, ignore, below):
        folder = looked.library.path
        known = store.folders.fingerprint(library_id, folder)
        if looked.complete and known == (looked.fingerprint, policy.key):
            continue
        tracks = gather(store, library_id, policy, looked, settler=settler, now=now)
        yield from plan(album_of(store, library_id, policy, folder, tracks), policy, now)


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
    """Return all that is known of one master; None when it is not there."""
    looked = look_at(store, library_id, Naming(policy, ignore), path.parent)
    tracks = gather(store, library_id, policy, looked, settler=settler, now=now)
    return next((facts for facts in tracks if facts.path == path), None)
