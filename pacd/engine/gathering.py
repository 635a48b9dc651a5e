"""Puts together all that is known of a folder: from the disk and the store, changing neither."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pacd.domain.change import Entry, Observation
from pacd.domain.hold import Cause
from pacd.domain.media import Track
from pacd.domain.output import Export, Output, OutputState
from pacd.domain.plan import Album, Facts
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Judgement
from pacd.engine.looking import Looked, Standing
from pacd.engine.roots import covers_in_place
from pacd.files.probe import stated_md5
from pacd.intake.settle import Settler
from pacd.planning.covers import cover_target, wanted_covers
from pacd.planning.holding import MAX_REWRITES
from pacd.planning.outputs import Named, output_paths
from pacd.planning.rules import CLOCK_SLACK
from pacd.store.database import Store
from pacd.store.exports import ExportRow
from pacd.store.outputs import OutputRow
from pacd.store.tracks import KnownFile

REWRITES_WITHIN: Final = timedelta(hours=1)

_HISTORY: Final = 50
"""Entries among which a release is looked for: a rewrite and the test before it make two."""


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
    rewrites = _rewrites(store, library_id, folder, now=now)
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
        file = _record(store, library_id, entry, known.get(path), tested=check is not None)
        track = file.track if file and check else None
        decoded_md5 = check.audio_md5 if check else ""
        stated_md5 = _stated(policy, path) if check is None and entry.name not in restless else ""
        facts.append(
            Facts(
                path=path,
                observation=entry.observation,
                track=track,
                check=check if track or (check and not check.integrity.sound) else None,
                judgement=_judgement(store, policy, decoded_md5 or stated_md5),
                authenticity=file.authenticity if file else None,
                outputs={name: by[path] for name, by in outputs.items() if path in by},
                holds=holds.get(path, ()),
                setbacks=setbacks.get(path, ()),
                rewrites=rewrites.get(path, 0),
                **_consent(store, track, decoded_md5, entry.observation),
                restless=restless.get(entry.name),
            )
        )
    return tuple(facts)


def of_audio(store: Store, policy: LibraryPolicy, facts: Facts) -> Facts:
    """Add what is on record of a master's audio, once its MD5 is known: verdicts and consent."""
    judgement = facts.judgement
    if facts.decoded_md5:
        judgement = _judgement(store, policy, facts.decoded_md5)
    consent = _consent(store, facts.track, facts.decoded_md5, facts.observation)
    return replace(facts, judgement=judgement, **consent)


def _consent(
    store: Store, track: Track | None, audio_md5: str, observation: Observation
) -> Mapping[str, Any]:
    """
    What a person accepted of this audio, or of that which PAC has made it of (F6).

    And whether it was brought back; that is asked of what would be resampled alone.
    """
    accepted = store.holds.accepted(audio_md5, observation)
    origin = store.recycled.origin(audio_md5)
    if origin:
        accepted |= store.holds.accepted(origin, observation)
    above = track is not None and track.audio.above_cd
    return {"accepted": accepted, "restored": above and store.recycled.restored(audio_md5)}


def _stated(policy: LibraryPolicy, path: PurePosixPath) -> str:
    """The audio MD5 that a header claims: of known audio nothing is analysed again (A6)."""
    return stated_md5(policy.root / path) if policy.authenticity.enabled else ""


def _record(
    store: Store, library_id: int, entry: Entry, known: KnownFile | None, *, tested: bool
) -> KnownFile | None:
    """What is recorded of these bytes; of tested ones also where they moved and nobody looked."""
    if known and known.observation.same_bytes(entry.observation):
        return known
    return store.tracks.by_content(library_id, entry.observation) if tested else None


def _judgement(store: Store, policy: LibraryPolicy, audio_md5: str) -> Judgement | None:
    """What was heard in this audio, or in that which PAC has made it of: F6 hides no traces."""
    if not policy.authenticity.enabled:
        return None
    found = store.authenticity.of(audio_md5)
    origin = "" if found else store.recycled.origin(audio_md5)
    return store.authenticity.of(origin) if origin else found


def _rewrites(
    store: Store, library_id: int, folder: PurePosixPath, *, now: datetime
) -> Mapping[PurePosixPath, int]:
    """How often PAC has replaced each master of late, or since a person let it try again."""
    since, until = now - REWRITES_WITHIN, now + CLOCK_SLACK
    found = dict(store.jobs.rewrites(library_id, folder, since=since, until=until))
    for path in [path for path, times in found.items() if times >= MAX_REWRITES]:
        released = (
            entry.time
            for entry in store.history.of(library_id, path, limit=_HISTORY)
            if entry.event == "release"
            and entry.details.get("cause") == Cause.REWRITTEN_TOO_OFTEN.value
            and entry.time <= until
        )
        began = max([since, *released])
        counted = store.jobs.rewrites(library_id, folder, since=began, until=until)
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
    view = looked.mirrors[mirror.name]
    named = output_paths(masters, mirror, looked.places.get(mirror.name))
    if view is None:
        return {
            path: Output(place.path, OutputState.UNSEEN, renamed=place.reason)
            for path, place in named.items()
        }
    there = Standing(view, frozenset(place.path for place in named.values()))
    cached = store.outputs.in_folder(library_id, mirror.name, view.path)
    return {path: _output(place, there, cached) for path, place in named.items()}


def _output(place: Named, there: Standing, cached: Mapping[PurePosixPath, OutputRow]) -> Output:
    entry = there.at(place.path)
    if entry is None:
        return Output(place.path, OutputState.MISSING, renamed=place.reason)
    listed = entry.name if entry.name != place.path.name else ""
    row = cached.get(place.path.with_name(entry.name)) or cached.get(place.path)
    if row is None or row.output.observation != entry.observation:
        unseen = Output(place.path, OutputState.UNSEEN, observation=entry.observation)
        return replace(unseen, renamed=place.reason, listed=listed)
    if not listed and not place.reason:
        return row.output
    return replace(row.output, path=place.path, renamed=place.reason, listed=listed)


def gather_exports(
    store: Store, library_id: int, policy: LibraryPolicy, tracks: tuple[Facts, ...]
) -> Mapping[PurePosixPath, Export]:
    """Return what is recorded of, and what stands at, each cover target of a folder."""
    targets = [wanted.target for wanted in wanted_covers(tracks, policy.artwork)]
    own = store.exports.at(library_id, targets)
    found = {
        target: export_seen(policy, row, still=_gives(store, library_id, policy, row))
        for target, row in own.items()
    }
    for target in set(targets) - own.keys():
        for root, row in store.exports.of_others(library_id, target):
            found[target] = replace(
                export_seen(policy, row, still=False),
                shared=row.source is not None and _status(root / row.source) is not None,
            )
    return found


def _gives(store: Store, library_id: int, policy: LibraryPolicy, row: ExportRow) -> bool:
    """Whether the master that an exported cover came from is there, and is of that album still."""
    if row.source is None:
        return False
    there, known = _status(policy.root / row.source), store.tracks.known(library_id, row.source)
    if there is None or known is None or known.track is None:
        return False
    seen, extension = known.observation, row.target.suffix
    same = (seen.inode, seen.mtime_ns) == (there.st_ino, there.st_mtime_ns)
    return same and row.target == cover_target(known.track, policy.artwork.pattern, extension)


def export_seen(policy: LibraryPolicy, row: ExportRow, *, still: bool) -> Export:
    """
    Compare the record of an exported cover with the file.

    Args:
        still: Whether the master that it came from is there, and of the same album.
    """
    there = _status(policy.artwork.root / row.target)
    return Export(
        target=row.target,
        source=row.source,
        picture_md5=row.picture_md5,
        max_px=row.max_px,
        source_present=still,
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
    if not artwork.enabled or not covers_in_place(store, library_id, artwork.root):
        return Album(folder, tracks, covers_wanted=False)
    return Album(folder, tracks, gather_exports(store, library_id, policy, tracks))
