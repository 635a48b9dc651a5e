"""Puts together all that is known of a folder: from the disk and the store, changing neither."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.change import Observation, fingerprint
from pacd.domain.hold import Cause
from pacd.domain.output import Export, Output, OutputState
from pacd.domain.plan import Album, Facts
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.roots import covers_kept, in_place, outputs_kept
from pacd.intake.audit import FolderView, look
from pacd.intake.ignore import Ignore
from pacd.intake.settle import Settler
from pacd.planning.covers import wanted_covers
from pacd.planning.holding import MAX_REWRITES
from pacd.planning.outputs import output_folder, output_paths
from pacd.store.database import Store
from pacd.store.exports import ExportRow

REWRITES_WITHIN: Final = timedelta(hours=1)

_HISTORY: Final = 50
"""Entries among which a release is looked for: a rewrite and the test before it make two."""

_NOTHING: Final = Ignore()


@dataclass(frozen=True, slots=True)
class Looked:
    """
    A library folder and its folders in the mirrors, seen at one moment.

    Attributes:
        mirrors: By mirror name; None where the mirror's root is not in place.
    """

    library: FolderView
    mirrors: Mapping[str, FolderView | None]

    @property
    def fingerprint(self) -> bytes:
        """Changes when anything in these folders does."""
        views = [self.library, *(view for view in self.mirrors.values() if view)]
        return fingerprint(view.rows for view in views)

    @property
    def complete(self) -> bool:
        """Whether everything could be looked at."""
        return not self.library.warnings and all(
            view is not None and not view.warnings for view in self.mirrors.values()
        )


def look_around(store: Store, library_id: int, policy: LibraryPolicy, view: FolderView) -> Looked:
    """Look at the mirrors' side of a library folder that was looked at just now."""
    return Looked(
        view,
        {mirror.name: _look_at(store, library_id, mirror, view.path) for mirror in policy.mirrors},
    )


def _look_at(
    store: Store, library_id: int, mirror: MirrorPolicy, folder: PurePosixPath
) -> FolderView | None:
    view = look(mirror.root, output_folder(folder, mirror), _NOTHING, suffix=mirror.extension)
    # What is listed shows that the root is there: most folders need no second look.
    there = view.rows or in_place(mirror.root, outputs_kept(store, library_id, mirror))
    return view if there else None


def gather(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    looked: Looked,
    *,
    settler: Settler,
    now: datetime,
) -> tuple[Facts, ...]:
    """Return the facts of every master of a folder, sorted by path."""
    folder = looked.library.path
    known = {file.path: file for file in store.tracks.in_folder(library_id, folder)}
    holds = store.holds.in_folder(library_id, folder)
    setbacks = store.jobs.setbacks(library_id, folder)
    rewrites = _rewrites(store, library_id, folder, since=now - REWRITES_WITHIN)
    entries = {folder / entry.name: entry for entry in looked.library.entries}
    checks = {path: store.verdicts.check_of(each.observation) for path, each in entries.items()}
    news = [entry for path, entry in entries.items() if checks[path] is None]
    restless = settler.restless(
        policy.root / folder, news, now_s=time.monotonic(), wall_ns=time.time_ns()
    )
    outputs = {
        mirror.name: gather_outputs(store, library_id, mirror, looked, entries)
        for mirror in policy.mirrors
    }
    facts = []
    for path, entry in entries.items():
        check = checks[path]
        file = known.get(path)
        same = file is not None and file.observation.same_bytes(entry.observation)
        track = file.track if file and same and check else None
        decoded_md5 = check.audio_md5 if check else ""
        facts.append(
            Facts(
                path=path,
                observation=entry.observation,
                track=track,
                check=check if track or (check and not check.integrity.sound) else None,
                outputs={name: by[path] for name, by in outputs.items() if path in by},
                holds=holds.get(path, ()),
                accepted=store.holds.accepted(decoded_md5, entry.observation),
                setbacks=setbacks.get(path, ()),
                rewrites=rewrites.get(path, 0),
                restless=restless.get(entry.name),
            )
        )
    return tuple(facts)


def _rewrites(
    store: Store, library_id: int, folder: PurePosixPath, *, since: datetime
) -> Mapping[PurePosixPath, int]:
    """How often PAC has replaced each master since then, or since a person let it try again."""
    found = dict(store.jobs.rewrites(library_id, folder, since=since))
    for path in [path for path, times in found.items() if times >= MAX_REWRITES]:
        released = (
            entry.time
            for entry in store.history.of(library_id, path, limit=_HISTORY)
            if entry.event == "release"
            and entry.details.get("cause") == Cause.REWRITTEN_TOO_OFTEN.value
        )
        counted = store.jobs.rewrites(library_id, folder, since=max([since, *released]))
        found[path] = counted.get(path, 0)
    return found


def gather_outputs(
    store: Store,
    library_id: int,
    mirror: MirrorPolicy,
    looked: Looked,
    masters: Iterable[PurePosixPath],
) -> Mapping[PurePosixPath, Output]:
    """Return what stands where each master's output belongs, by master."""
    named = output_paths(masters, mirror)
    view = looked.mirrors[mirror.name]
    if view is None:
        return {path: Output(target, OutputState.UNSEEN) for path, target in named.items()}
    there = {view.path / entry.name: entry.observation for entry in view.entries}
    cached = store.outputs.for_folder(library_id, mirror.name, looked.library.path)
    return {
        path: _output(target, there.get(target), cached.get(target))
        for path, target in named.items()
    }


def _output(target: PurePosixPath, there: Observation | None, cached: Output | None) -> Output:
    if there is None:
        return Output(target, OutputState.MISSING)
    if cached is not None and cached.observation == there:
        return cached
    return Output(target, OutputState.UNSEEN, observation=there)


def gather_exports(
    store: Store, library_id: int, policy: LibraryPolicy, tracks: tuple[Facts, ...]
) -> Mapping[PurePosixPath, Export]:
    """Return what is recorded of, and what stands at, each cover target of a folder."""
    targets = [wanted.target for wanted in wanted_covers(tracks, policy.artwork)]
    own = store.exports.at(library_id, targets)
    found = {target: export_seen(policy, row) for target, row in own.items()}
    for target in set(targets) - own.keys():
        for root, row in store.exports.of_others(library_id, target):
            found[target] = replace(
                export_seen(policy, row), shared=_status(root / row.source) is not None
            )
    return found


def export_seen(policy: LibraryPolicy, row: ExportRow) -> Export:
    """Compare the record of an exported cover with the file."""
    there = _status(policy.artwork.root / row.target)
    return Export(
        target=row.target,
        source=row.source,
        picture_md5=row.picture_md5,
        max_px=row.max_px,
        source_present=_status(policy.root / row.source) is not None,
        present=there is not None,
        changed=there is not None
        and (there.st_size, there.st_mtime_ns) != (row.size_bytes, row.mtime_ns),
    )


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None


def album_of(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    folder: PurePosixPath,
    tracks: tuple[Facts, ...],
) -> Album:
    """Put facts together into the unit that is planned."""
    artwork = policy.artwork
    if not artwork.enabled or not in_place(artwork.root, covers_kept(store, library_id)):
        return Album(folder, tracks, covers_wanted=False)
    return Album(folder, tracks, gather_exports(store, library_id, policy, tracks))
