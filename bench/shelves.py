"""Makes large libraries that PAC knows and finds at rest; the files hold nothing."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePosixPath

from bench.installation import Installation
from pacd.assembly import preflight, setup_of
from pacd.domain.media import AudioFormat, Tags, Track
from pacd.domain.output import Output, OutputState
from pacd.domain.policy import LibraryPolicy
from pacd.domain.verdict import Check, Integrity
from pacd.engine.looking import Looked, walk_around
from pacd.engine.mirrors.census import READ
from pacd.engine.setup import Setup
from pacd.intake.ignore import Ignore
from pacd.settings import load_settings
from pacd.store.database import Store

FILES_PER_FOLDER = 10
_FOLDERS_PER_ARTIST = 10
_FOLDERS_AT_ONCE = 200

_AUDIO = AudioFormat(44_100, 16, 2, 10_000_000)


def make_shelves(root: Path, files: int, suffix: str) -> Path:
    """Make so many files unless they are there: of size, and of no content."""
    if root.is_dir():
        return root
    draft = root.with_name(root.name + ".draft")
    for number in range(files // FILES_PER_FOLDER):
        artist, album = divmod(number, _FOLDERS_PER_ARTIST)
        folder = draft / f"Artist {artist:05d}" / f"{1960 + album} - Album {number:06d}"
        folder.mkdir(parents=True)
        for track in range(1, FILES_PER_FOLDER + 1):
            name = f"{folder}/{track:02d} - A Song of Usual Length{suffix}"
            handle = os.open(name, os.O_WRONLY | os.O_CREAT, 0o644)
            os.ftruncate(handle, 20_000_000 + number * FILES_PER_FOLDER + track)
            os.close(handle)
    draft.rename(root)
    return root


def setup(installation: Installation) -> Setup:
    """What its pacd is built from."""
    settings = load_settings(installation.config, {})
    return setup_of(settings, preflight(settings))


def record_at_rest(installation: Installation) -> None:
    """Record all libraries as tested, recompressed, mirrored and at rest, unless they are."""
    built = setup(installation)
    if built.database.exists():
        return
    now = datetime.now(UTC)  # these tests are said to be of today
    store = Store.open(built.database, now=now)
    try:
        roots = {library.name: library.root for library in built.policy.libraries}
        ids = store.libraries.sync(roots)
        for library in built.policy.libraries:
            walked = walk_around(
                store, ids[library.name], library, Ignore(built.policy.ignore), PurePosixPath()
            )
            seen = (looked for looked in walked if looked.library.rows)
            while batch := tuple(islice(seen, _FOLDERS_AT_ONCE)):
                with store.transaction():
                    _record(store, ids[library.name], library, batch, now=now)
            read = {f"{ids[library.name]}/{each.name}": str(each.root) for each in library.mirrors}
            store.memory.set(READ, {**store.memory.get(READ, {}), **read})
    finally:
        store.close()


def _record(
    store: Store,
    library_id: int,
    policy: LibraryPolicy,
    batch: Iterable[Looked],
    *,
    now: datetime,
) -> None:
    for looked in batch:
        folder = looked.library.path
        for entry in looked.library.entries:
            path = folder / entry.name
            track = _track(path)
            check = Check(Integrity.INTACT, track.audio_md5, "", "", "flac 1.4.2", now)
            store.tracks.described(library_id, path, track, entry.observation, now=now)
            store.verdicts.record(check, track, entry.observation)
        for mirror, view in looked.mirrors.items():
            for entry in view.entries if view else ():
                path = folder / entry.name
                source = path.with_suffix(".flac")
                output = Output(
                    path,
                    OutputState.OURS,
                    src_md5=_track(source).audio_md5,
                    source_rel=source,
                    observation=entry.observation,
                )
                store.outputs.record(library_id, mirror, output)
        count = len(looked.library.rows)
        store.folders.at_rest(library_id, folder, looked.fingerprint, policy.key, count, now=now)


def _track(path: PurePosixPath) -> Track:
    """What the header of such a file would say."""
    md5 = f"{abs(hash(str(path))):032x}"
    tags = Tags.of(
        (
            ("TITLE", path.stem),
            ("ARTIST", path.parent.parent.name),
            ("ALBUM", path.parent.name),
            ("TRACKNUMBER", path.name[:2]),
        )
    )
    compression = "flac 1.4.2; level=8; verify=1; date=2026-01-01"
    return Track(_AUDIO, md5, tags, md5, compression=compression)
