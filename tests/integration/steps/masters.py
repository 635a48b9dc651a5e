"""Carries out tests and rewrites of masters as a worker would; checks what holds of all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pacd.domain.job import Job
from pacd.domain.outcome import Done, Failed, Outcome, Recompressed, Resampled, Tested
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import ArtworkPolicy, FlacPolicy, LibraryPolicy
from pacd.files.atomic import is_scratch, observe
from pacd.files.probe import read_track
from pacd.planning.rules import rewrite_wanted
from pacd.steps.registry import perform
from pacd.tools.flac import Flac
from pacd.tools.toolbox import Toolbox, find_tools

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@cache
def tools() -> Toolbox:
    """The real programs."""
    return find_tools()


def meddling(folder: Path, before: str = "", after: str = "") -> Toolbox:
    """The real programs, but flac runs shell commands before and after its work."""
    program = folder / "flac-with-accidents"
    flac = tools().flac.executable
    program.write_text(f'#!/bin/sh\n{before}\n{flac} "$@"\ncode=$?\n{after}\nexit $code\n')
    program.chmod(0o755)
    return Toolbox(Flac(program, tools().flac.version), None, None)


def job_to_test(master: Path) -> Job:
    """A job to test a master about which nothing is known."""
    return job(master, Action.TEST, Facts(PurePosixPath(master.name), observe(master)))


def job_to_recompress(master: Path, **policy: Any) -> Job:
    """A job to rewrite a master that is tested here and now."""
    found = examined(master)
    facts = Facts(PurePosixPath(master.name), found.observation, found.track, found.check)
    return job(master, Action.RECOMPRESS, facts, **policy)


def job_to_resample(master: Path, **policy: Any) -> Job:
    """A job to bring a master to CD form that is tested here and now."""
    found = examined(master)
    facts = Facts(PurePosixPath(master.name), found.observation, found.track, found.check)
    return job(master, Action.RESAMPLE, facts, **{"resampler": "ffmpeg", **policy})


def resampled(master: Path, **policy: Any) -> Resampled:
    """Bring a master to CD form; it must be possible."""
    outcome = perform(job_to_resample(master, **policy), tools())
    assert isinstance(outcome, Done), outcome
    assert isinstance(outcome.result, Resampled)
    return outcome.result


def job(master: Path, action: Action, facts: Facts, **policy: Any) -> Job:
    """
    A job for a master in the top folder of a library.

    Args:
        policy: Of the FlacPolicy.
    """
    root = master.parent
    item = PlanItem(facts.path, action, "a test")
    artwork = ArtworkPolicy(enabled=False, root=root.parent / "art")
    library = LibraryPolicy("l", root, artwork, FlacPolicy(**policy))
    return Job(item, facts, library, NOW if action is Action.TEST else LATER)


def examined(master: Path) -> Tested:
    """Test a master; it must be possible."""
    outcome = perform(job_to_test(master), tools())
    assert isinstance(outcome, Done), outcome
    assert isinstance(outcome.result, Tested)
    return outcome.result


def recompressed(master: Path, **policy: Any) -> Recompressed:
    """
    Rewrite a sound master and check what every rewrite promises.

    Nothing is left beside it, it tests intact with the same audio MD5, what is reported
    is what is there, and there is nothing more to do.
    """
    job = job_to_recompress(master, **policy)
    outcome = perform(job, tools())
    assert isinstance(outcome, Done), outcome
    result = outcome.result
    assert isinstance(result, Recompressed)
    assert [] == scratch_files(master)
    assert observe(master) == result.observation
    assert read_track(master) == result.track
    assert (job.facts.observation.size_bytes, result.observation.size_bytes) == (
        result.before_bytes,
        result.after_bytes,
    )
    again = examined(master)
    assert replace(again.check, tested_at=LATER, words="") == result.check
    assert job.facts.audio_md5 == result.check.audio_md5 == result.track.audio_md5
    facts = Facts(job.item.path, result.observation, result.track, result.check)
    assert rewrite_wanted(facts, job.library, LATER) is None
    return result


def refused(job: Job, toolbox: Toolbox | None = None) -> Failed:
    """Carry out a job that must fail and leave everything as it was."""
    master = job.source
    before = snapshot(master.parent)
    outcome: Outcome = perform(job, toolbox or tools())
    assert isinstance(outcome, Failed), outcome
    assert before == snapshot(master.parent)
    return outcome


def snapshot(folder: Path) -> dict[str, tuple[Any, bytes]]:
    """All files of a folder with what can be seen of them."""
    return {
        each.name: (observe(each), each.read_bytes() if each.stat().st_mode & 0o400 else b"")
        for each in folder.iterdir()
        if each.is_file() and not each.is_symlink()
    }


def scratch_files(master: Path) -> list[str]:
    """Names of what a worker left beside a master."""
    return [each.name for each in master.parent.iterdir() if is_scratch(each.name) is not None]
