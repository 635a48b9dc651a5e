"""Whether a folder is as it is known, and what is remembered of one that is at rest."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.policy import LibraryPolicy
from pacd.engine.looking import Looked
from pacd.engine.mirrors.extras import tidy, unread
from pacd.engine.mirrors.sidecars import tidy_sidecars
from pacd.engine.roots import covers_in_place
from pacd.engine.visit import Visit
from pacd.store.database import Store

_COVERLESS: Final = " without covers"
"""Added to the key of a folder that is at rest as long as the disk of the covers is away (F7)."""


def agrees(store: Store, visit: Visit, looked: Looked) -> bool:
    """Whether what is seen now is what is known."""
    facts = visit.facts.values()
    new = unread(store, visit.library_id, visit.policy, looked, facts)
    return visit.agrees(looked) and not any(new)


def rest_keys(store: Store, library_id: int, policy: LibraryPolicy) -> frozenset[str]:
    """Under which keys of its wishes a folder of a library is at rest now."""
    there = covers_in_place(store, library_id, policy.artwork.root)
    keys = {policy.key} if there else {policy.key, policy.key + _COVERLESS}
    return frozenset(keys)


def remember(store: Store, visit: Visit, looked: Looked, *, now: datetime) -> None:
    """Note that nothing is due in a folder as long as it looks like this."""
    folders, folder, library_id = store.folders, visit.place.folder, visit.library_id
    key = visit.policy.key + (_COVERLESS if visit.covers_away else "")
    seen = (looked.fingerprint, key)
    with store.transaction():
        tidy(store, library_id, visit.policy, looked, visit.facts.values(), now=now)
        tidy_sidecars(store, library_id, visit.policy, looked, now=now)
    if folders.fingerprint(library_id, folder) != seen:
        with store.transaction():
            folders.at_rest(library_id, folder, *seen, len(visit.facts), now=now)


def disturb(store: Store, library_id: int, folder: PurePosixPath) -> None:
    """Note that something may be due in a folder, however it looks."""
    with store.transaction():
        store.folders.disturb(library_id, folder)
