"""The cache of the mirrors."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

from pacd.domain.output import Output, OutputState
from pacd.store.database import Store
from tests.integration.store.examples import FOLDER, MD5, NOW, OUTPUT, PATH

LATER = NOW + timedelta(hours=1)
RENAMED = replace(OUTPUT, path=PurePosixPath("Bjork/Post_/01.opus"), source_rel=PATH)
FOREIGN = Output(FOLDER / "theirs.opus", OutputState.FOREIGN)


def test_an_output_is_found_where_it_stands(store: Store, library: int) -> None:
    """M10: outputs may have other names than their masters; their own folder leads to them."""
    store.outputs.record(library, "phone", RENAMED)
    store.outputs.record(library, "car", OUTPUT)
    store.outputs.record(library, "phone", FOREIGN)
    (found,) = store.outputs.in_folder(library, "phone", RENAMED.path.parent).values()

    assert (RENAMED, PATH, None) == (found.output, found.output.source_rel, found.orphaned_at)
    assert {FOREIGN.path} == store.outputs.in_folder(library, "phone", FOLDER).keys()
    assert (1, 1) == (store.outputs.count(library, "phone"), store.outputs.count(library, "car"))


def test_outputs_are_found_by_their_audio(store: Store, library: int) -> None:
    """M5: what holds the same audio, wherever it stands; never what PAC did not make."""
    for output in (RENAMED, OUTPUT, replace(FOREIGN, src_md5=MD5)):
        store.outputs.record(library, "phone", output)

    found = store.outputs.with_audio(library, "phone", MD5)
    assert [RENAMED.path, OUTPUT.path] == [row.output.path for row in found]
    assert () == store.outputs.with_audio(library, "car", MD5)


def test_an_output_is_replaced_and_forgotten(store: Store, library: int) -> None:
    """M4: the cache holds what stood there last; losing it loses nothing."""
    store.outputs.record(library, "phone", OUTPUT)
    store.outputs.record(library, "phone", replace(OUTPUT, state=OutputState.FOREIGN))
    (row,) = store.outputs.in_folder(library, "phone", FOLDER).values()
    assert OutputState.FOREIGN is row.output.state
    assert 0 == store.outputs.count(library, "phone")
    assert 1 == store.outputs.forget(library, "phone", [OUTPUT.path, FOREIGN.path])

    assert {} == store.outputs.in_folder(library, "phone", FOLDER)


def test_orphans_are_noted_once_and_may_be_wanted_again(store: Store, library: int) -> None:
    """M9: since when no master wants an output is kept; files of others are no orphans."""
    store.outputs.record(library, "phone", OUTPUT)
    store.outputs.record(library, "phone", FOREIGN)
    both = [OUTPUT.path, FOREIGN.path]
    assert 1 == store.outputs.orphaned(library, "phone", both, now=NOW)
    assert 0 == store.outputs.orphaned(library, "phone", both, now=LATER)
    store.outputs.record(library, "phone", OUTPUT)
    (orphan,) = store.outputs.orphans(library, "phone")
    assert (OUTPUT, NOW) == (orphan.output, orphan.orphaned_at)
    assert (0, 1) == (
        store.outputs.count(library, "phone"),
        store.outputs.count_orphans(library, "phone"),
    )
    assert 1 == store.outputs.wanted(library, "phone", both)

    assert () == store.outputs.orphans(library, "phone")


def test_what_took_an_orphans_place_is_none(store: Store, library: int) -> None:
    """M9: a file that PAC did not make is no orphan, though an output was there before it."""
    store.outputs.record(library, "phone", OUTPUT)
    store.outputs.orphaned(library, "phone", [OUTPUT.path], now=NOW)
    store.outputs.record(library, "phone", replace(OUTPUT, state=OutputState.FOREIGN))

    assert () == store.outputs.orphans(library, "phone")
