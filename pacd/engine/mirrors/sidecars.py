"""Puts together what is known of a folder's sidecars, and records what becomes of their copies."""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.change import Entry, Observation
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Facts
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.looking import Looked, Standing
from pacd.engine.naming import Naming
from pacd.errors import PacError
from pacd.files.atomic import observe
from pacd.intake.audit import FolderView, look
from pacd.intake.settle import Settler
from pacd.planning.names import alike
from pacd.planning.outputs import Named
from pacd.planning.sidecars import copy_paths, is_news, is_sidecar, kinds_in
from pacd.store.database import Store
from pacd.store.sidecars import SidecarRow


def gather_sidecars(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    looked: Looked,
    *,
    settler: Settler,
) -> tuple[Facts, ...]:
    """
    Return the facts of every sidecar of a folder, sorted by path.

    Args:
        settler: Of its own: one that is asked about masters too would forget them.
    """
    folder, entries = looked.library.path, [Entry.of(row) for row in looked.library.beside]
    if not entries:
        return ()
    holds = store.holds.in_folder(library_id, folder)
    setbacks = store.jobs.setbacks(library_id, folder)
    copies = {
        mirror.name: _gather_copies(store, library_id, policy, mirror, looked)
        for mirror in policy.mirrors
    }
    found = []
    for entry in entries:
        path = folder / entry.name
        outputs, spares = {}, {}
        for name, by_path in copies.items():
            if path in by_path:
                outputs[name], spare = by_path[path]
                spares.update({name: spare} if spare else {})
        found.append(
            Facts(
                path,
                entry.observation,
                outputs=outputs,
                spares=spares,
                holds=holds.get(path, ()),
                accepted=store.holds.accepted("", entry.observation),
                setbacks=setbacks.get(path, ()),
            )
        )
    news = [Entry(each.path.name, each.observation) for each in found if is_news(each)]
    restless = settler.restless(
        policy.root / folder, news, now_s=time.monotonic(), wall_ns=time.time_ns()
    )
    return tuple(replace(each, restless=restless.get(each.path.name)) for each in found)


def wanted_copies(
    view: FolderView, mirror: MirrorPolicy, place: Named
) -> Mapping[PurePosixPath, Named]:
    """Where the copies of a library folder's sidecars belong in a mirror, by sidecar."""
    names = [row[0] for row in view.beside if is_sidecar(row[0], mirror)]
    masters = [row[0] for row in view.rows]
    return copy_paths((view.path / name for name in names), masters, view.folders, mirror, place)


def claims_in(
    naming: Naming, mirror: MirrorPolicy, folder: PurePosixPath
) -> Mapping[PurePosixPath, PurePosixPath] | None:
    """The sidecars of a library's folder, by where their copies belong; None: nobody can tell."""
    policy = naming.policy
    view = look(policy.root, folder, naming.ignore, beside=kinds_in(policy.mirrors))
    if not (view.beside or view.warnings):
        return {}  # so it is with a folder that has gone, and those above it
    places = naming.places(folder)
    if places is None or view.warnings:
        return None
    wanted = wanted_copies(view, mirror, places[mirror.name])
    return {place.path: sidecar for sidecar, place in wanted.items()}


def tidy_sidecars(
    store: Store, library_id: int, policy: LibraryPolicy, looked: Looked, *, now: datetime
) -> None:
    """
    Record which copies sidecars want, which are orphans, and which are gone; joins the transaction.

    A folder that could not be read whole tells nothing of what is not wanted.
    """
    for mirror in policy.mirrors:
        view = looked.mirrors[mirror.name]
        if view is None or view.warnings:
            continue
        rows = store.sidecars.in_folder(library_id, mirror.name, view.path)
        if not rows:
            continue
        named = wanted_copies(looked.library, mirror, looked.places[mirror.name])
        wanted = {place.path for place in named.values()}
        there = Standing(view, wanted)
        lost = [path for path, row in rows.items() if not _stands(there, mirror, row)]
        lost += _other_spellings(rows.keys() - wanted, wanted, there)
        lost += [path for path in rows.keys() - wanted if _is_theirs(there, rows[path])]
        unwanted = rows.keys() - wanted - set(lost)
        store.sidecars.forget(library_id, mirror.name, lost)
        store.sidecars.wanted(library_id, mirror.name, rows.keys() & wanted)
        if not looked.library.warnings:
            foreign = [path for path in unwanted if not rows[path].is_ours]
            store.sidecars.forget(library_id, mirror.name, foreign)
            store.sidecars.orphaned(library_id, mirror.name, unwanted, now=now)


def stray_sidecars(
    store: Store, library_id: int, mirror: MirrorPolicy, view: FolderView, *, now: datetime
) -> Collection[PurePosixPath]:
    """
    Note that nothing wants the copies in a folder that no library folder stands for.

    Returns:
        The folders of the library whose copies these were until now.
    """
    rows = store.sidecars.in_folder(library_id, mirror.name, view.path)
    if not rows:
        return ()
    there = Standing(view)
    lost = {
        path
        for path, row in rows.items()
        if not _stands(there, mirror, row) or _is_theirs(there, row)
    }
    ours = [path for path, row in rows.items() if row.is_ours and path not in lost]
    orphans = [path for path in ours if rows[path].orphaned_at is None]
    with store.transaction():
        store.sidecars.forget(library_id, mirror.name, lost)
        store.sidecars.orphaned(library_id, mirror.name, orphans, now=now)
    return {rows[path].source.parent for path in orphans}


def _gather_copies(
    store: Store, library_id: int, policy: LibraryPolicy, mirror: MirrorPolicy, looked: Looked
) -> Mapping[PurePosixPath, tuple[Output, Output | None]]:
    """What stands where each copy belongs, and the copy by an old name, by sidecar."""
    view = looked.mirrors[mirror.name]
    if view is None:
        return {}
    seen = {
        looked.library.path / row[0]: Entry.of(row).observation for row in looked.library.beside
    }
    wanted = wanted_copies(looked.library, mirror, looked.places[mirror.name])
    taken = {place.path for place in wanted.values()}
    rows = store.sidecars.in_folder(library_id, mirror.name, view.path)
    there = Standing(view, taken)
    by_name = _by_likeness(rows.values())
    found = {}
    for path, place in wanted.items():
        copy, row = _copy(place, there, by_name.get(alike(place.path.name), ()), seen[path])
        spare = None
        if copy.state is OutputState.MISSING:
            candidates = store.sidecars.of_file(library_id, mirror.name, seen[path])
            spare = next(_spares(policy, mirror, candidates, taken), None)
        elif row and row.is_ours and row.copy.path != place.path:
            # Only its spelling has changed: it is on record by the one before.
            listed = place.path.with_name(copy.listed or place.path.name)
            spare = replace(row.copy, path=listed)
        found[path] = (copy, spare)
    return found


def _by_likeness(rows: Iterable[SidecarRow]) -> Mapping[str, list[SidecarRow]]:
    """What is on record in one folder, by what is equal for all spellings of a name."""
    found: dict[str, list[SidecarRow]] = {}
    for row in rows:
        found.setdefault(alike(row.copy.path.name), []).append(row)
    return found


def _copy(
    place: Named, there: Standing, rows: Iterable[SidecarRow], source: Observation
) -> tuple[Output, SidecarRow | None]:
    """
    What stands where a copy belongs, and its record if it is as it was left.

    Args:
        rows: What is on record by its name, in any spelling.
    """
    entry = there.at(place.path)
    if entry is None:
        return Output(place.path, OutputState.MISSING, renamed=place.reason), None
    listed = entry.name if entry.name != place.path.name else ""
    copy = Output(
        place.path,
        OutputState.UNSEEN,
        observation=entry.observation,
        listed=listed,
        renamed=place.reason,
    )
    as_left = [row for row in rows if row.copy.observation == entry.observation]
    row = next((each for each in as_left if each.copy.path == place.path), None)
    row = row or next(iter(as_left), None)
    if row is None:
        return copy, None
    if row.copy.state is OutputState.FOREIGN:
        return (replace(copy, state=OutputState.FOREIGN) if row.is_of(source) else copy), row
    md5 = row.copy.src_md5 if row.is_of(source) else ""
    return replace(copy, state=OutputState.OURS, src_md5=md5), row


def _spares(
    policy: LibraryPolicy,
    mirror: MirrorPolicy,
    rows: tuple[SidecarRow, ...],
    taken: set[PurePosixPath],
) -> Iterator[Output]:
    """Yield copies of a file by names that it bears no longer."""
    for row in rows:
        path = row.copy.path
        if path not in taken and not _bears_its_name(policy, row) and _as_left(mirror, row):
            yield row.copy


def _bears_its_name(policy: LibraryPolicy, row: SidecarRow) -> bool:
    """Whether the file that a copy was made of still has the name that it had then."""
    try:
        return row.is_of_file(observe(policy.root / row.source))
    except (OSError, PacError):
        return False


def _stands(there: Standing, mirror: MirrorPolicy, row: SidecarRow) -> bool:
    """Whether a copy is still there; one whose kind is not wanted any more is not listed."""
    return there.at(row.copy.path) is not None or _as_left(mirror, row)


def _is_theirs(there: Standing, row: SidecarRow) -> bool:
    """Whether somebody has changed a copy that nothing wants: then it is none any more."""
    entry, known = there.at(row.copy.path), row.copy.observation
    return bool(entry and known and entry.observation.content[1:] != known.content[1:])


def _other_spellings(
    paths: Collection[PurePosixPath], wanted: Collection[PurePosixPath], there: Standing
) -> Iterator[PurePosixPath]:
    """Yield the paths at which nothing stands but what is wanted by another spelling."""
    names = {entry.name for path in (wanted if paths else ()) if (entry := there.at(path))}
    for path in paths:
        entry = there.at(path)
        if entry and entry.name in names:
            yield path


def _as_left(mirror: MirrorPolicy, row: SidecarRow) -> bool:
    try:
        return observe(mirror.root / row.copy.path) == row.copy.observation
    except (OSError, PacError):
        return False
