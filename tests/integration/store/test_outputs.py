"""The cache of the mirrors."""

from dataclasses import replace
from pathlib import PurePosixPath

from pacd.domain.output import Output, OutputState
from pacd.store.database import Store
from tests.integration.store.examples import FOLDER, OUTPUT, PATH


def test_an_output_is_found_by_its_masters_folder(store: Store, library: int) -> None:
    """M10: outputs may have other names than their masters; their folder leads to them."""
    renamed = replace(OUTPUT, path=PurePosixPath("Bjork/Post_/01.opus"))
    store.outputs.record(library, "phone", PATH, renamed)
    store.outputs.record(library, "car", PATH, OUTPUT)
    store.outputs.record(library, "phone", PurePosixPath("x/y.flac"), OUTPUT)

    assert {renamed.path: renamed} == store.outputs.for_folder(library, "phone", FOLDER)
    assert {} == store.outputs.for_folder(library, "phone", PurePosixPath("Bjork/Post_"))
    assert (2, 1) == (store.outputs.count(library, "phone"), store.outputs.count(library, "car"))


def test_an_output_is_replaced_and_forgotten(store: Store, library: int) -> None:
    """M4: the cache holds what stood there last; losing it loses nothing."""
    store.outputs.record(library, "phone", PATH, OUTPUT)
    foreign = Output(OUTPUT.path, OutputState.FOREIGN)
    store.outputs.record(library, "phone", PATH, foreign)
    assert {OUTPUT.path: foreign} == store.outputs.for_folder(library, "phone", FOLDER)
    store.outputs.forget(library, "phone", OUTPUT.path)

    assert {} == store.outputs.for_folder(library, "phone", FOLDER)
    assert 0 == store.outputs.count(library, "phone")
