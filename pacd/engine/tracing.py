"""Answers for files that PAC made itself, outside the libraries: which master they come from."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pacd.domain.output import OutputState
from pacd.domain.policy import DaemonPolicy, LibraryPolicy, MirrorPolicy
from pacd.engine.absent import absent_targets
from pacd.engine.views import rfc3339
from pacd.intake.audit import SCRATCH_PREFIX
from pacd.protocol.documents import Decision, FileState, Why
from pacd.store.database import Store


def trace(store: Store, ids: Mapping[str, int], policy: DaemonPolicy, asked: str) -> Why | None:
    """Explain a file of a mirror or a cover; None for a path that lies in neither."""
    path = Path(os.path.normpath(asked))
    if not path.is_absolute():
        return None
    return next(_traced(store, ids, policy, path), None)


def _traced(
    store: Store, ids: Mapping[str, int], policy: DaemonPolicy, path: Path
) -> Iterator[Why]:
    for library in policy.libraries:
        number = ids[library.name]
        for mirror in library.mirrors:
            if path.is_relative_to(mirror.root):
                below = PurePosixPath(path.relative_to(mirror.root))
                reason = _of_mirror(store, number, library, mirror, below)
                yield _why(store, number, library, mirror.name, path, reason)
        art = library.artwork
        if art.enabled and path.is_relative_to(art.root):
            below = PurePosixPath(path.relative_to(art.root))
            exported = _of_covers(store, number, library, below)
            if exported:
                yield _why(store, number, library, "", path, exported)


def _why(
    store: Store, library_id: int, library: LibraryPolicy, mirror: str, path: Path, reason: str
) -> Why:
    """Answer for a file of a mirror, or of the covers where that is ""."""
    state = FileState.OUTPUT
    if not os.path.lexists(path):
        away = dict(absent_targets(store, library_id, library)).get(mirror)
        state = FileState.AWAY if away else FileState.MISSING
        reason = f"waits for {away}; {reason}" if away else f"it is not there; {reason}"
    return Why(
        library=library.name,
        path=str(path),
        state=state,
        decision=Decision(action="none", reason=reason),
    )


def _of_mirror(
    store: Store,
    library_id: int,
    library: LibraryPolicy,
    mirror: MirrorPolicy,
    path: PurePosixPath,
) -> str:
    place = f"mirror {mirror.name} of library {library.name}"
    if path.name.startswith(SCRATCH_PREFIX):
        return f"in {place}: PAC's own, and gone once the work on it is over"
    made = store.outputs.in_folder(library_id, mirror.name, path.parent).get(path)
    copied = store.sidecars.in_folder(library_id, mirror.name, path.parent).get(path)
    row = made or copied
    if row is None:
        return f"in {place}: PAC has nothing on record of it, and leaves it alone"
    if row.output.state is not OutputState.OURS:
        return f"in {place}: PAC has not made it, and never touches it"
    source = library.root / (row.output.source_rel or path)
    since = rfc3339(row.orphaned_at)
    if since:
        return (
            f"in {place}: made of {source}, and wanted by none since {since}; "
            "`pacctl prune` removes it"
        )
    what = f"{row.output.quality} of" if made else "a copy of the sidecar"
    return f"in {place}: {what} {source}; `pacctl why` with that path tells more"


def _of_covers(
    store: Store, library_id: int, library: LibraryPolicy, path: PurePosixPath
) -> str | None:
    found = next((row for row in store.exports.all(library_id) if row.target == path), None)
    if found is None:
        return None
    source = library.root / found.source if found.source else "a master that is gone"
    return f"the cover exported from {source}"
