"""w53: names that are not UTF-8, or hold newlines, come back as they are."""

from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.hold import Cause
from pacd.domain.output import Output, OutputState
from pacd.store.database import Store
from tests.integration.store.examples import (
    INTACT,
    MD5,
    NOW,
    ODD_FOLDER,
    ODD_PATH,
    RENAMED,
    SEEN,
    TRACK,
    fill,
)


@pytest.fixture
def reread(database: Path, store: Store, library: int) -> Store:
    """The database with one oddly named file in every table, opened anew."""
    fill(store, library, path=ODD_PATH)
    odd = Output(ODD_PATH, OutputState.MISSING, source_rel=ODD_PATH)
    store.outputs.record(library, "odd", odd)
    store.close()
    return Store.open(database, now=NOW)


def test_w53_odd_names_survive_everywhere(reread: Store, library: int) -> None:
    """w53: files, folders, outputs, covers, jobs, holds and history keep such names exactly."""
    (file,) = reread.tracks.in_folder(library, ODD_FOLDER)
    (hold,) = reread.holds.in_folder(library, ODD_FOLDER)[ODD_PATH]
    (export,) = reread.exports.all(library)

    assert (ODD_PATH, TRACK) == (file.path, file.track)
    assert [str(ODD_FOLDER)] == list(reread.folders.all(library, ()))
    (row,) = reread.outputs.in_folder(library, "odd", ODD_FOLDER).values()
    assert (ODD_PATH, ODD_PATH) == (row.output.path, row.output.source_rel)
    assert (ODD_PATH, Cause.CORRUPT, ODD_PATH) == (hold.path, hold.cause, export.source)
    assert {ODD_PATH} == set(reread.jobs.setbacks(library, ODD_FOLDER))
    assert {ODD_PATH: 1} == reread.jobs.rewrites(library, ODD_FOLDER, since=NOW, until=NOW)
    assert [ODD_PATH] == [entry.path for entry in reread.history.of(library, ODD_PATH, limit=9)]
    assert INTACT == reread.verdicts.check_of(SEEN)
    assert MD5 == reread.exports.at(library, [export.target])[export.target].audio_md5
    assert "ok" == reread.integrity()
    reread.close()


def test_w53_odd_names_can_be_moved_and_lost(reread: Store, library: int) -> None:
    """w53: every statement that looks for a path finds the odd one, and no other."""
    lookalike = PurePosixPath(str(ODD_PATH).replace("\udce4", "\\xe4"))
    assert reread.tracks.known(library, lookalike) is None
    assert 0 == reread.tracks.gone(library, [lookalike], now=NOW)
    assert 1 == reread.tracks.gone(library, [ODD_PATH], now=NOW)
    reread.tracks.moved(1, lookalike, RENAMED, now=NOW)
    reread.jobs.clear_setbacks(library, ODD_PATH)

    assert reread.tracks.known(library, ODD_PATH) is None
    assert reread.tracks.known(library, lookalike) is not None
    assert {} == reread.jobs.setbacks(library, ODD_FOLDER)
    reread.close()
