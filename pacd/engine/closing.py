"""What the end of a walk shows: folders that are gone, verdicts too old, covers no longer there."""

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.plan import Action
from pacd.domain.scan import ScanReport, ScanStatus
from pacd.engine.audits import Audit
from pacd.engine.mirrors.ledger import tidy_folders
from pacd.engine.mirrors.orphans import all_orphans, is_there
from pacd.engine.pipeline import Pipeline
from pacd.engine.presence import available
from pacd.engine.roots import covers_in_place, in_place, outputs_kept
from pacd.engine.visit import Urgency
from pacd.engine.vouching import outdated
from pacd.intake.audit import FolderView, look
from pacd.intake.debounce import Place
from pacd.planning.rules import CLOCK_SLACK
from pacd.store.database import Store
from pacd.store.exports import ExportRow

LAST_AUDIT: Final = "last_audit_finished"
"""Key in the store's memory: when all libraries were last walked whole (Unix seconds)."""

JOBS_KEPT: Final = timedelta(days=30)
"""Ended jobs are forgotten after this; what they did stays in the history."""


def record(
    store: Store,
    audit: Audit,
    report: ScanReport,
    *,
    last: bool,
    every: Collection[int],
    now: datetime,
) -> None:
    """
    Record how the walk of a whole library ended.

    Args:
        last: Whether no other library is still to be walked.
        every: The ids of all libraries.
    """
    with store.transaction():
        if audit.error:
            store.libraries.scan_failed(audit.library_id, audit.error, now=now)
            return
        store.libraries.scan_complete(audit.library_id, report, now=now)
        store.jobs.prune(before=now - JOBS_KEPT)
        failed = {row.id for row in store.libraries.all() if row.status is ScanStatus.ERROR}
        if last and not audit.doubt and failed.isdisjoint(every):
            store.memory.set(LAST_AUDIT, now.timestamp())


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
    vouched, where = pipeline.vouched, (audit.library_id, audit.policy)
    audit.tally += pipeline.surveyor.survey(*where, empty, audit)
    if vouched.withholding(store, *where, folder, audit) is not None:
        return  # it was on a disk that is away
    with store.transaction():
        store.folders.forget(audit.library_id, folder)
        store.memory.set(_untidy(audit), value=True)


def conclude(store: Store, pipeline: Pipeline, audit: Audit, *, now: datetime) -> None:
    """Have folders visited again that need it, and drop records of what is not there."""
    untidy = _untidy(audit)
    pipeline.vouched.settle(store, audit)
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


def look_again(store: Store, pipeline: Pipeline, audit: Audit) -> None:
    """Visit what failed for a cover once a walk has come to rest: it may be another's to give."""
    if audit.thorough:
        for folder in store.jobs.failing(audit.library_id, Action.EXPORT_ARTWORK):
            pipeline.want(Place(audit.policy.name, folder), Urgency.AUDIT)


def _untidy(audit: Audit) -> str:
    """Key in the store's memory: folders went, so a mirror's record may tell of more (ledger)."""
    return f"untidy {audit.library_id}"


def _stale_folders(store: Store, audit: Audit, *, now: datetime) -> frozenset[PurePosixPath]:
    """Return the folders whose verdicts are too old (scrub), or whose covers may be due."""
    before, after = now - audit.policy.flac.verify_after, now + CLOCK_SLACK
    found = store.folders.stale(audit.library_id, tested_before=before, tested_after=after)
    stale = set(found)
    if audit.policy.artwork.enabled and audit.thorough:
        stale |= _without_cover(store, audit)
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


def _without_cover(store: Store, audit: Audit) -> set[PurePosixPath]:
    """
    Return the folders that may want a cover exported: it is gone, or its master is.

    Each is told once, so they are at rest no more: they are visited whatever comes between.
    """
    gone = _bared(store, audit)
    with store.transaction():
        for row in gone:
            store.exports.forget(audit.library_id, row.target)
        folders = {row.source.parent for row in gone if row.source}
        folders |= store.exports.bereft(audit.library_id)
        for folder in folders:
            store.folders.disturb(audit.library_id, folder)
    return folders


def _bared(store: Store, audit: Audit) -> list[ExportRow]:
    """Return the records of covers that are gone, and were of the folders that were walked."""
    root = audit.policy.artwork.root
    if not covers_in_place(store, audit.library_id, root):
        return []
    return [
        row
        for row in store.exports.all(audit.library_id)
        if (row.source or audit.below).is_relative_to(audit.below)
        and not os.path.lexists(root / row.target)
    ]
