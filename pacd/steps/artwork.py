"""Exports a front cover into the art root; the master is only read."""

from pathlib import Path

from pacd.domain.change import Observation
from pacd.domain.job import Job
from pacd.domain.media import Picture
from pacd.domain.outcome import Exported
from pacd.errors import CollisionError, NotRegularError, SourceChangedError, VerifyError
from pacd.files.atomic import creating, observe, observe_open, open_own, open_regular
from pacd.files.covers import exported
from pacd.files.probe import read_pictures
from pacd.steps.source import opened_source
from pacd.tools.toolbox import Toolbox


def export_artwork(job: Job, tools: Toolbox) -> Exported:  # noqa: ARG001  # all steps are called alike
    """
    Put a master's front cover where the plan says (F7).

    The same bytes standing there already are left untouched.

    Raises:
        CollisionError: Another file stands there, and the plan does not call it PAC's.
        SourceChangedError: The master no longer has that picture.
        CoverError: The picture cannot be read.
    """
    relative, policy = job.item.target, job.library.artwork
    if relative is None:
        raise VerifyError(f"no place is named for the cover of {job.item.path}")
    target = policy.root / relative
    picture, data = _cover(job)
    made, mime = exported(data, target.suffix, policy.max_px)
    expected = _standing(target)
    written = expected is None or not _holds(target, made)
    if written:
        if expected and not job.item.replaces:
            raise CollisionError(f"{target} is there already, and PAC did not make it")
        root_id = job.roots.get(policy.root)
        way = creating(target, root=policy.root, expected=expected, root_id=root_id)
        with way as scratch, open_own(scratch) as file:
            file.write(made)
    seen = observe(target)
    return Exported(relative, picture, mime, seen.size_bytes, seen.mtime_ns, written)


def _cover(job: Job) -> tuple[Picture, bytes]:
    """The bytes of the very picture that the plan was made for."""
    wanted = job.facts.track.cover if job.facts.track else None
    with opened_source(job) as file:
        if wanted is None or observe_open(file, job.source) != job.facts.observation:
            raise SourceChangedError(job.source)
        for picture in read_pictures(file):
            if picture.summary == wanted:
                return wanted, picture.data
    raise SourceChangedError(job.source)


def _standing(target: Path) -> Observation | None:
    """Look at what is in the cover's place; None when nothing is."""
    try:
        return observe(target)
    except FileNotFoundError:
        return None
    except NotRegularError as error:
        raise CollisionError(str(error)) from error


def _holds(target: Path, data: bytes) -> bool:
    with open_regular(target) as file:
        return file.read(len(data) + 1) == data
