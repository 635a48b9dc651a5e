"""What the end of a walk shows: folders that are gone, verdicts too old, covers no longer there."""

import os
from datetime import datetime
from pathlib import PurePosixPath

from pacd.engine.audits import Audit
from pacd.engine.mirrors.ledger import tidy_folders
from pacd.engine.mirrors.orphans import all_orphans, is_there
from pacd.engine.pipeline import Pipeline
from pacd.engine.roots import available, covers_kept, in_place, outputs_kept
from pacd.engine.visit import Urgency
from pacd.engine.vouching import outdated
from pacd.intake.audit import FolderView, look
from pacd.intake.debounce import Place
from pacd.store.database import Store


def let_go(store: Store, pipeline: Pipeline, audit: Audit, folder: PurePosixPath) -> None:
    """Record that a folder is gone which a walk has not met; not where the root may be."""
    root = audit.policy.root
    if audit.error or outdated(audit, pipeline.policy):
        return
    empty = FolderView(folder)
    if look(root, folder, pipeline.ignore) != empty:
        return  # it has come back since the walk looked
    if not available(root) or pipeline.vouched.doubts(store, audit):
        return  # asked last: else the disk may have gone before the folder was looked for
    audit.tally += pipeline.surveyor.survey(audit.library_id, audit.policy, empty, audit)
    with store.transaction():
        store.folders.forget(audit.library_id, folder)
        store.memory.set(_untidy(audit), value=True)


def conclude(store: Store, pipeline: Pipeline, audit: Audit, *, now: datetime) -> None:
    """Have folders visited again that need it, and drop records of what is not there."""
    untidy = _untidy(audit)
    if audit.thorough:
        _forget_vanished(store, audit)
    whole = audit.whole and not audit.warnings
    naming = pipeline.naming(audit.policy)
    if whole and store.memory.get(untidy) and tidy_folders(store, audit.library_id, naming):
        with store.transaction():
            store.memory.delete(untidy)
    withheld = pipeline.vouched.withheld(audit.policy.name) if audit.whole else set()
    for folder in (*withheld, *_stale_folders(store, audit, now=now)):
        place = Place(audit.policy.name, folder)
        audit.places.add(place)
        pipeline.want(place, Urgency.AUDIT)
    withheld.clear()


def _untidy(audit: Audit) -> str:
    """Key in the store's memory: folders went, so a mirror's record may tell of more (ledger)."""
    return f"untidy {audit.library_id}"


def _stale_folders(store: Store, audit: Audit, *, now: datetime) -> frozenset[PurePosixPath]:
    """Return the folders whose verdicts are too old, or whose covers are gone (scrub)."""
    before = now - audit.policy.flac.verify_after
    stale = set(store.folders.stale(audit.library_id, tested_before=before))
    if audit.policy.artwork.enabled and audit.thorough:
        stale |= _bared(store, audit)
    return frozenset(folder for folder in stale if folder.is_relative_to(audit.below))


def _forget_vanished(store: Store, audit: Audit) -> None:
    """Drop the records of orphans that somebody has removed, or made their own."""
    for mirror in audit.policy.mirrors:
        if not in_place(mirror.root, outputs_kept(store, audit.library_id, mirror)):
            continue
        orphans = all_orphans(store, audit.library_id, mirror.name)
        gone = [row.output.path for row in orphans if not is_there(mirror.root, row)]
        for shelf in (store.outputs, store.sidecars):  # no path is on both
            shelf.forget(audit.library_id, mirror.name, gone)


def _bared(store: Store, audit: Audit) -> set[PurePosixPath]:
    """Drop the records of covers that are gone; return whose folders may want them again."""
    root = audit.policy.artwork.root
    if not in_place(root, covers_kept(store, audit.library_id)):
        return set()
    gone = [
        row
        for row in store.exports.all(audit.library_id)
        if row.source.is_relative_to(audit.below) and not os.path.lexists(root / row.target)
    ]
    with store.transaction():
        for row in gone:
            store.exports.forget(audit.library_id, row.target)
    return {row.source.parent for row in gone}
