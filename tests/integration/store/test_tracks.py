"""The files of a library."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath

from pacd.store.database import Store
from pacd.store.tracks import KnownFile
from tests.integration.store.examples import (
    FOLDER,
    MD5,
    NOW,
    PATH,
    RENAMED,
    REPLACED,
    SEEN,
    TRACK,
)

LATER = NOW + timedelta(days=1)
MOVED = PurePosixPath("Björk/Debut/01.flac")


def _known(store: Store, library: int, path: PurePosixPath = PATH) -> KnownFile:
    found = store.tracks.known(library, path)
    assert found is not None
    return found


def test_a_file_is_new_once(store: Store, library: int) -> None:
    """L3: seeing the same bytes again is no change, even after a chmod."""
    assert store.tracks.known(library, PATH) is None
    assert store.tracks.seen(library, PATH, SEEN, now=NOW)
    assert not store.tracks.seen(library, PATH, SEEN, now=NOW)
    assert not store.tracks.seen(library, PATH, RENAMED, now=NOW)

    assert KnownFile(1, PATH, RENAMED, None, is_valid=True) == _known(store, library)


def test_what_the_header_said_is_kept(store: Store, library: int) -> None:
    """S2: the track with its columns; the same bytes keep it."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    assert not store.tracks.seen(library, PATH, RENAMED, now=LATER)
    row = store._connection.row(
        "SELECT path_text, audio_md5, duration, artist, album, title, compression, "
        "needs_tagging, tagged, modified_time FROM library_files"
    )

    assert KnownFile(1, PATH, RENAMED, TRACK, is_valid=True) == _known(store, library)
    assert row is not None
    assert (
        str(PATH),
        MD5,
        10.0,
        "Björk",
        "Post",
        "Army\nof \\udcff Me",
        TRACK.compression,
        1,
        0,
        1_700_000_000_123,
    ) == tuple(row)


def test_other_bytes_make_the_header_unknown(store: Store, library: int) -> None:
    """W2: a verdict or a track never speaks of bytes it was not made from."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)

    assert store.tracks.seen(library, PATH, REPLACED, now=NOW)
    assert KnownFile(1, PATH, REPLACED, None, is_valid=True) == _known(store, library)
    row = store._connection.row("SELECT audio_md5, artist, compression FROM library_files")
    assert row is not None
    assert (None, None, None) == tuple(row)


def test_describing_replaces_what_was_known(store: Store, library: int) -> None:
    """W2: after a rewrite the new observation and the new header go in together."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    rewritten = replace(TRACK, compression="flac 1.5.0; level=8", quirks=frozenset())
    store.tracks.described(library, PATH, rewritten, REPLACED, now=LATER)

    assert KnownFile(1, PATH, REPLACED, rewritten, is_valid=True) == _known(store, library)


def test_a_missing_file_keeps_its_record(store: Store, library: int) -> None:
    """L5: gone is counted once, keeps what is known, and comes back to life."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    assert 1 == store.tracks.gone(library, [PATH, MOVED], now=LATER)
    assert 0 == store.tracks.gone(library, [PATH], now=LATER)
    gone = _known(store, library)
    assert (False, TRACK, 0) == (gone.is_valid, gone.track, store.tracks.valid_count(library))

    assert not store.tracks.seen(library, PATH, SEEN, now=LATER)
    assert KnownFile(1, PATH, SEEN, TRACK, is_valid=True) == _known(store, library)
    assert 1 == store.tracks.valid_count(library)


def test_a_missing_file_may_return_as_another(store: Store, library: int) -> None:
    """L5: what returns with other bytes is new under the old record."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    store.tracks.gone(library, [PATH], now=NOW)

    assert store.tracks.seen(library, PATH, REPLACED, now=LATER)
    assert KnownFile(1, PATH, REPLACED, None, is_valid=True) == _known(store, library)


def test_a_moved_file_is_found_by_its_bytes(store: Store, library: int) -> None:
    """L6: device, inode, size and mtime find the record; the move keeps id and track."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    found = store.tracks.by_content(library, RENAMED)
    assert found is not None
    store.tracks.moved(found.id, MOVED, RENAMED, now=LATER)

    assert store.tracks.known(library, PATH) is None
    assert KnownFile(1, MOVED, RENAMED, TRACK, is_valid=True) == _known(store, library, MOVED)
    assert () == store.tracks.in_folder(library, FOLDER)
    assert store.tracks.by_content(library, REPLACED) is None


def test_a_file_moved_over_another_takes_its_place(store: Store, library: int) -> None:
    """L6: the record of the file that was overwritten gives way."""
    store.tracks.described(library, PATH, TRACK, SEEN, now=NOW)
    store.tracks.seen(library, MOVED, REPLACED, now=NOW)
    store.tracks.moved(1, MOVED, RENAMED, now=LATER)

    assert KnownFile(1, MOVED, RENAMED, TRACK, is_valid=True) == _known(store, library, MOVED)
    assert 1 == store.tracks.valid_count(library)


def test_of_several_names_the_lost_one_was_moved(store: Store, library: int) -> None:
    """L6: with hard links, a name that is gone is the likelier source of a move."""
    store.tracks.seen(library, PATH, SEEN, now=NOW)
    store.tracks.seen(library, MOVED, SEEN, now=NOW)
    store.tracks.gone(library, [MOVED], now=NOW)
    found = store.tracks.by_content(library, SEEN)

    assert found is not None
    assert MOVED == found.path


def test_a_folder_is_its_own_files_only(store: Store, library: int) -> None:
    """L2: folder by folder: not those below, not those of another library, gone ones too."""
    other = store.libraries.sync({"main": Path("/music"), "other": Path("/other")})["other"]
    for index, path in enumerate(("b.flac", "a.flac", "sub/c.flac")):
        store.tracks.seen(library, FOLDER / path, replace(SEEN, inode=index), now=NOW)
    store.tracks.seen(other, FOLDER / "d.flac", SEEN, now=NOW)
    store.tracks.seen(library, PurePosixPath("top.flac"), SEEN, now=NOW)
    store.tracks.gone(library, [FOLDER / "b.flac"], now=NOW)

    files = store.tracks.in_folder(library, FOLDER)
    assert [("a.flac", True), ("b.flac", False)] == [(f.path.name, f.is_valid) for f in files]
    (top,) = store.tracks.in_folder(library, PurePosixPath())
    assert PurePosixPath("top.flac") == top.path
