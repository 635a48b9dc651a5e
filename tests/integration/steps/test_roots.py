"""Steps whose root was unmounted since the plan was made."""

from dataclasses import replace
from pathlib import Path

import pytest

from pacd.domain.job import Job
from pacd.domain.outcome import Failed
from pacd.errors import FailureKind
from pacd.planning.setbacks import held_for
from pacd.steps.registry import perform
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, png, write_flac
from tests.builders import setback
from tests.integration.steps.jobs import artwork_job, mirror_job


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.mark.parametrize("what", ["mirror", "art"])
def test_nothing_is_written_where_a_disk_was(tmp_path: Path, tools: Toolbox, what: str) -> None:
    """M9: what was planned for a mounted disk is not done in its mount point, nor held against
    the file.
    """
    source = tmp_path / "library" / "a" / "b.flac"
    source.parent.mkdir(parents=True)
    dress(write_flac(source, seconds=0.2), {"TITLE": "x"}, [Art(png())])
    job: Job = mirror_job(tmp_path) if what == "mirror" else artwork_job(tmp_path, "x.png")
    root = tmp_path / what
    status = root.stat()
    job = replace(job, roots={root: (status.st_dev, status.st_ino)})
    root.rename(tmp_path / "unmounted")
    root.mkdir()
    outcome = perform(job, tools)

    assert isinstance(outcome, Failed)
    assert (FailureKind.ROOT_GONE, []) == (outcome.kind, list(root.iterdir()))
    assert held_for(setback(job.item.action, outcome.kind, tries=9)) is None
