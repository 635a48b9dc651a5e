"""The step that removes an orphan: it looks at everything once more before it does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import mutagen.oggopus
import pytest

from pacd.domain.job import Job
from pacd.domain.outcome import Done, Failed, Pruned
from pacd.domain.plan import Action, Facts
from pacd.errors import FailureKind
from pacd.files.atomic import observe
from pacd.steps.registry import perform
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import write_flac
from tests.integration.steps.jobs import mirror_job


@pytest.fixture(scope="module")
def tools() -> Toolbox:
    return find_tools()


@pytest.fixture
def job(tmp_path: Path, tools: Toolbox) -> Job:
    """The removal of an output whose master has gone, beside another that stays."""
    library = tmp_path / "library"
    (library / "a").mkdir(parents=True)
    source = write_flac(library / "a/b.flac", seconds=0.2)
    write_flac(library / "kept.flac", seconds=0.2)
    made = mirror_job(tmp_path)

    assert isinstance(perform(made, tools), Done)
    source.unlink()
    source.parent.rmdir()
    target = made.item.target or PurePosixPath()
    facts = Facts(made.item.path, observe(made.mirror.root / target))
    roots = {root: _id(root) for root in (library, made.mirror.root)}
    item = replace(made.item, action=Action.MIRROR_PRUNE)
    return replace(made, item=item, facts=facts, roots=roots)


def _id(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return (status.st_dev, status.st_ino)


def _output(job: Job) -> Path:
    return job.mirror.root / (job.item.target or "")


def test_an_orphan_goes_with_its_empty_folder(job: Job, tools: Toolbox) -> None:
    """M9: the mirror's root stays."""
    outcome = perform(job, tools)

    assert Done(job.item, Pruned(PurePosixPath("a/b.opus"))) == outcome
    assert [] == list(job.mirror.root.iterdir())


def _library_gone(job: Job) -> None:
    job.library.root.rename(job.library.root.with_name("elsewhere"))


def _another_library(job: Job) -> None:
    _library_gone(job)
    job.library.root.mkdir()
    (job.library.root / "other.flac").touch()


def _empty_library(job: Job) -> None:
    (job.library.root / "kept.flac").unlink()


def _another_mirror(job: Job) -> None:
    job.mirror.root.rename(job.mirror.root.with_name("unmounted"))
    (job.mirror.root / "a").mkdir(parents=True)
    (job.mirror.root.with_name("unmounted") / "a/b.opus").rename(_output(job))


def _written_to(job: Job) -> None:
    with _output(job).open("ab") as output:
        output.write(b"more")


def _removed(job: Job) -> None:
    _output(job).unlink()


def _behind_a_link(job: Job) -> None:
    folder = _output(job).parent
    folder.rename(job.mirror.root / "moved")
    folder.symlink_to(job.mirror.root / "moved")


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (_library_gone, FailureKind.ROOT_GONE),
        (_another_library, FailureKind.ROOT_GONE),
        (_empty_library, FailureKind.ROOT_GONE),
        (_another_mirror, FailureKind.ROOT_GONE),
        (_written_to, FailureKind.SOURCE_CHANGED),
        (_removed, FailureKind.SOURCE_CHANGED),
        (_behind_a_link, FailureKind.NOT_REGULAR),
    ],
)
def test_nothing_goes_that_is_not_as_it_was(
    job: Job, tools: Toolbox, trouble: Callable[[Job], None], kind: FailureKind
) -> None:
    """M9, X2: neither from a library or a mirror that came or went, nor another file."""
    trouble(job)
    there = _output(job).exists()
    outcome = perform(job, tools)

    assert isinstance(outcome, Failed)
    assert (kind, there) == (outcome.kind, _output(job).exists())


def test_a_file_without_pac_tags_stays(job: Job, tools: Toolbox) -> None:
    """M9: whatever is on record of it."""
    audio: Any = mutagen.oggopus.OggOpus(_output(job))
    for name in [name for name in audio if name.upper().startswith("PAC_")]:
        del audio[name]
    audio.save()
    known = replace(job, facts=Facts(job.item.path, observe(_output(job))))
    outcome = perform(known, tools)

    assert isinstance(outcome, Failed)
    assert (FailureKind.COLLISION, True) == (outcome.kind, _output(job).exists())
