"""The border that no exception crosses."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action
from pacd.errors import FailureKind
from pacd.steps.registry import perform
from tests.audio import write_flac
from tests.integration.steps.masters import (
    examined,
    job_to_recompress,
    job_to_test,
    meddling,
    refused,
    tools,
)


@pytest.fixture
def master(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    return write_flac(folder / "x.flac", seconds=0.1)


def test_a_master_that_is_gone(master: Path) -> None:
    """F3: a file that went away since the decision is no error of its own."""
    work = job_to_test(master)
    master.unlink()

    failed = refused(work)

    assert FailureKind.SOURCE_CHANGED == failed.kind
    assert "x.flac changed while it was being worked on" == failed.message


def test_a_fault_of_our_own(master: Path) -> None:
    """D3: what nobody expected becomes a failure with its trace, and the worker lives."""
    work = job_to_test(master)

    failed = refused(replace(work, item=replace(work.item, action=Action.HOLD)))

    assert FailureKind.INTERNAL == failed.kind
    assert "KeyError" in failed.message
    assert "Traceback" in failed.words


def test_a_folder_that_is_gone(master: Path, tmp_path: Path) -> None:
    """W3: a library that vanishes in the middle of work is no damage either."""
    work = job_to_recompress(master)
    toolbox = meddling(tmp_path, after=f"mv {master.parent} {master.parent}-moved")
    (master.parent / "other").touch()

    outcome = perform(work, toolbox)

    assert isinstance(outcome, Failed)
    assert FailureKind.SOURCE_CHANGED == outcome.kind
    moved = master.parent.with_name("library-moved")
    assert ["other", "x.flac"] == sorted(each.name for each in moved.iterdir())
    assert examined(moved / "x.flac").check.integrity.sound


def test_toolboxes_travel() -> None:
    """P5: workers are sent the toolbox once, and it names its programs."""
    assert tools() == pickle.loads(pickle.dumps(tools()))  # noqa: S301  # our own
    assert tools().flac.version == tools().versions["flac"]
