"""What the end of a walk shows: folders that are gone, verdicts too old, covers no longer there."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath

from pacd.engine.audits import Audit
from pacd.engine.roots import covers_kept, in_place
from pacd.intake.audit import FolderView, look
from pacd.intake.ignore import Ignore
from pacd.store.database import Store


def gone_folders(audit: Audit, ignore: Ignore) -> Iterator[PurePosixPath]:
    """Yield the folders on record that a walk has not met and that hold nothing now."""
    for name in audit.unseen:
        folder = PurePosixPath(name)
        if not folder.is_relative_to(audit.below):
            continue
        if look(audit.policy.root, folder, ignore) == FolderView(folder):
            yield folder


def stale_folders(store: Store, audit: Audit, *, now: datetime) -> frozenset[PurePosixPath]:
    """Return the folders whose verdicts are too old, or whose covers are gone (scrub)."""
    before = now - audit.policy.flac.verify_after
    stale = set(store.folders.stale(audit.library_id, tested_before=before))
    if audit.policy.artwork.enabled:
        stale |= _bared(store, audit)
    return frozenset(folder for folder in stale if folder.is_relative_to(audit.below))


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
