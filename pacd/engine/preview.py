"""What would be done now, and what is known of one file: reads, and changes nothing."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.plan import Facts, PlanItem
from pacd.domain.policy import LibraryPolicy
from pacd.engine.gathering import album_of, gather, look_around
from pacd.intake.audit import look, walk
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
    for view in walk(policy.root, ignore, below=below):
        looked = look_around(store, library_id, policy, view)
        known = store.folders.fingerprint(library_id, view.path)
        if looked.complete and known == (looked.fingerprint, policy.key):
            continue
        tracks = gather(store, library_id, policy, looked, settler=settler, now=now)
        yield from plan(album_of(store, library_id, policy, view.path, tracks), policy, now)


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
    looked = look_around(store, library_id, policy, look(policy.root, path.parent, ignore))
    tracks = gather(store, library_id, policy, looked, settler=settler, now=now)
    return next((facts for facts in tracks if facts.path == path), None)
