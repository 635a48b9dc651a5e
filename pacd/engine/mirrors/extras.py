"""Files that stand in a mirror's folder beside the outputs of its masters (M9)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Facts
from pacd.domain.policy import LibraryPolicy
from pacd.engine.looking import Looked
from pacd.engine.visit import Unseen
from pacd.intake.audit import FolderView
from pacd.store.database import Store
from pacd.store.outputs import OutputRow


def unread(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    looked: Looked,
    facts: Collection[Facts],
) -> Iterator[Unseen]:
    """Yield the files of a folder's mirrors that are no master's output and were never read."""
    for mirror in policy.mirrors:
        view = looked.mirrors[mirror.name]
        if view is None:
            continue
        wanted = wanted_paths(facts, mirror.name)
        rows = store.outputs.in_folder(library_id, mirror.name, view.path)
        for output in unknown(view, rows):
            if output.path not in wanted:
                yield Unseen(None, mirror.name, mirror.root, output)


def unknown(view: FolderView, rows: Mapping[PurePosixPath, OutputRow]) -> Iterator[Output]:
    """Yield the files of a mirror's folder that are not as they are on record."""
    for entry in view.entries:
        path = view.path / entry.name
        row = rows.get(path)
        if row is None or row.output.observation != entry.observation:
            yield Output(path, OutputState.UNSEEN, observation=entry.observation)


def wanted_paths(facts: Collection[Facts], mirror: str) -> frozenset[PurePosixPath]:
    """Where the outputs of these masters stand in a mirror, as its folder lists them."""
    outputs = (each.outputs[mirror] for each in facts if mirror in each.outputs)
    return frozenset(
        output.path.with_name(output.listed) if output.listed else output.path for output in outputs
    )


def tidy(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    looked: Looked,
    facts: Collection[Facts],
    *,
    now: datetime,
) -> None:
    """
    Record which outputs masters want, which are orphans, and which are gone; joins the transaction.

    A folder that could not be read whole tells nothing of what is not wanted.
    """
    for mirror in policy.mirrors:
        view = looked.mirrors[mirror.name]
        if view is None or view.warnings:
            continue
        rows = store.outputs.in_folder(library_id, mirror.name, view.path)
        there = {view.path / entry.name for entry in view.entries}
        wanted = wanted_paths(facts, mirror.name)
        orphaned = [path for path in there - wanted if _is(rows, path, wanted=True)]
        found = [path for path in there & wanted if _is(rows, path, wanted=False)]
        store.outputs.forget(library_id, mirror.name, rows.keys() - there)
        store.outputs.wanted(library_id, mirror.name, found)
        if not looked.library.warnings:
            store.outputs.orphaned(library_id, mirror.name, orphaned, now=now)


def _is(rows: Mapping[PurePosixPath, OutputRow], path: PurePosixPath, *, wanted: bool) -> bool:
    """Whether an output is on record as one that a master wants, or as an orphan."""
    row = rows.get(path)
    return row is not None and (row.orphaned_at is None) == wanted
