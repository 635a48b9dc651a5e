"""Compares a folder with what is recorded of it, and records what is new (L2, L3, L5)."""

import os
from collections import Counter, OrderedDict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.change import Content, Entry, Observation
from pacd.engine.presence import available
from pacd.errors import PacError
from pacd.files.atomic import observe
from pacd.intake.audit import FolderView
from pacd.store.database import Store
from pacd.store.holds import Ending
from pacd.store.tracks import KnownFile

Tally = Counter[str]
"""
Files by what became of them: added, updated, moved, removed, skipped; and rejoined, that is
moved from a place where the same walk, or an older one, had already missed them.
"""


MAX_DISPLACED: Final = 2_000
"""Records kept of files that may have been moved; should there be more, files are tested again."""


class Displaced:
    """
    What was on record at places that other files have taken since.

    Their own files were removed, or are met elsewhere by the same walk: renumbered tracks, swapped
    folders.  Lost with the process: then they are tested again.
    """

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[int, Content], KnownFile] = OrderedDict()

    def put(self, library_id: int, file: KnownFile) -> None:
        """Keep a record whose place in the store is about to be another's."""
        self._files[(library_id, file.observation.content)] = file
        if len(self._files) > MAX_DISPLACED:
            self._files.popitem(last=False)

    def take(self, library_id: int, observation: Observation) -> KnownFile | None:
        """The record of a file with these bytes, once."""
        return self._files.pop((library_id, observation.content), None)


def survey(
    store: Store,
    library_id: int,
    root: Path,
    view: FolderView,
    *,
    displaced: Displaced,
    withheld: set[PurePosixPath] | None,
    now: datetime,
) -> Tally:
    """
    Record what a look at one folder showed, in one transaction.

    A file that cannot be seen because its folder could not be read, or because the
    root is gone, is not taken for gone.  Doing it twice changes nothing.

    Args:
        withheld: Where the root may be another's: nothing is taken for gone, and the folder
            is put down here if something would be.
    """
    known = {file.path: file for file in store.tracks.in_folder(library_id, view.path)}
    seen = {view.path / entry.name: entry for entry in view.entries}
    news = {path: entry for path, entry in seen.items() if not _recorded(known.get(path), entry)}
    missed = [path for path, file in known.items() if file.is_valid and path not in seen]
    gone = missed if missed and not view.warnings and available(root) else []
    if gone and withheld is not None:
        withheld.add(view.path)
        gone = []
    tally = Tally(skipped=len(seen) - len(news))
    if not news and not gone:
        return tally
    with store.transaction():
        store.folders.disturb(library_id, view.path)
        for path, entry in news.items():
            tally[_note(store, library_id, root, path, entry, known, displaced, now=now)] += 1
        tally["removed"] = _let_go(store, library_id, gone, now=now)
    return tally


def _recorded(file: KnownFile | None, entry: Entry) -> bool:
    return file is not None and file.is_valid and file.observation == entry.observation


def _note(
    store: Store,
    library_id: int,
    root: Path,
    path: PurePosixPath,
    entry: Entry,
    known: Mapping[PurePosixPath, KnownFile],
    displaced: Displaced,
    *,
    now: datetime,
) -> str:
    """Record one file that is not as it was; return what became of it."""
    # Whatever failed before may go well now: somebody touched the file.
    store.jobs.clear_setbacks(library_id, path)
    file = known.get(path)
    if file and _is_same_file(file, entry):
        if file.is_valid:
            # A tagger may keep the modification time: only a rename leaves the bytes for sure.
            store.verdicts.forget(entry.observation)
        store.tracks.seen(library_id, path, entry.observation, now=now)
        return "updated"
    if file:
        displaced.put(library_id, file)
    before = store.tracks.by_content(library_id, entry.observation)
    if before and before.path != path and not _stands(root, before):
        store.tracks.moved(before.id, path, entry.observation, now=now)
        _tell_move(store, library_id, root, path, before, now=now)
        return "moved" if before.is_valid else "rejoined"
    store.tracks.seen(library_id, path, entry.observation, now=now)
    overtaken = displaced.take(library_id, entry.observation)
    described = overtaken or before
    if described and described.track:
        store.tracks.described(
            library_id,
            path,
            described.track,
            entry.observation,
            rewritten=described.rewritten,
            now=now,
        )
    if overtaken:
        _tell_move(store, library_id, root, path, overtaken, now=now)
        return "moved"
    return "updated" if file else "added"


def _is_same_file(file: KnownFile, entry: Entry) -> bool:
    """Whether it is the file that was on record at its path, whatever it holds now."""
    one, other = file.observation, entry.observation
    return (one.device, one.inode) == (other.device, other.inode)


def _stands(root: Path, file: KnownFile) -> bool:
    """Whether a file is where it is on record: another of these bytes is its hard link."""
    try:
        return observe(root / file.path).same_bytes(file.observation)
    except (OSError, PacError):
        return os.path.lexists(root / file.path)


def _tell_move(
    store: Store,
    library_id: int,
    root: Path,
    path: PurePosixPath,
    before: KnownFile,
    *,
    now: datetime,
) -> None:
    if not os.path.lexists(root / before.path):  # else they are, by now, about what stands there
        _end_holds(store, library_id, before.path, now=now)
    store.history.add(
        library_id,
        path,
        before.track.audio_md5 if before.track else "",
        "moved",
        {"from": os.fsencode(before.path).decode("utf-8", "backslashreplace")},
        now=now,
    )


def _let_go(store: Store, library_id: int, gone: list[PurePosixPath], *, now: datetime) -> int:
    """Record files as gone; return how many, those apart that only moved within the folder."""
    for path in gone:
        store.jobs.clear_setbacks(library_id, path)
        _end_holds(store, library_id, path, now=now)
    return store.tracks.gone(library_id, gone, now=now)


def _end_holds(store: Store, library_id: int, path: PurePosixPath, *, now: datetime) -> None:
    for hold in store.holds.in_folder(library_id, path.parent).get(path, ()):
        store.holds.end(hold.id, Ending.GONE, now=now)
