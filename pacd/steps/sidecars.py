"""Copies sidecars into mirrors; the library is only read."""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO, Final

from pacd.domain.change import Observation
from pacd.domain.job import Job
from pacd.domain.outcome import Copied
from pacd.domain.output import Output, OutputState
from pacd.errors import CollisionError, NotRegularError, SourceChangedError, VerifyError
from pacd.files.atomic import creating, observe, observe_open, open_own, open_regular
from pacd.files.folders import entered
from pacd.files.renaming import move
from pacd.planning.names import alike
from pacd.steps.source import opened_source
from pacd.tools.toolbox import Toolbox

_CHUNK_BYTES: Final = 1 << 20

# FAT counts time in steps of two seconds (Microsoft, FAT 1.03, "Date and Time Formats").
_TICK_NS: Final = 2_000_000_000


def mirror_copy(job: Job, tools: Toolbox) -> Copied:  # noqa: ARG001  # all steps are called alike
    """
    Have a copy of a sidecar stand where the plan says, with its modification time (M11).

    The same bytes standing there already are left untouched and taken for a copy; a file that
    holds others, and that is not on record as a copy, stays as it is.  What is listed by another
    spelling of the name stands there too: it gets the right one if it is on record.

    Raises:
        SourceChangedError: The sidecar, or its copy, is not as it was when the plan was made.
        CollisionError: Something that is no file stands there, or came just now.
    """
    if job.item.target is None:
        raise VerifyError(f"no place is named for the copy of {job.item.path}")
    target = job.mirror.root / job.item.target
    with opened_source(job) as source:
        if observe_open(source, job.source) != job.facts.observation:
            raise SourceChangedError(job.source)
        md5 = _md5(source)
        moved = _moved(job, target, md5)
        there = target if moved else target.with_name(_listed(job) or target.name)
        stands = _standing(job, there)
        is_ours = moved or stands == _on_record(job)
        if stands is not None and not is_ours and not _holds(there, stands, md5):
            return Copied(Output(job.item.target, OutputState.FOREIGN, observation=stands), False)
        if there != target:
            stands = _respelt(job, there, target) if is_ours else _standing(job, target)
        same = stands is not None and _holds(target, stands, md5)
        written = not same or (is_ours and not _same_time(stands, job.facts.observation))
        if written:
            _write(job, source, target, stands, md5)
    seen = observe(_as_listed(target) if there != target else target)
    copy = Output(job.item.target, OutputState.OURS, src_md5=md5, observation=seen)
    return Copied(copy, written, job.item.origin if moved or there != target else None)


def _moved(job: Job, target: Path, md5: str) -> bool:
    """Rename the copy that the sidecar had by its old name; nothing if that is no longer it."""
    spare, root = job.facts.spares.get(job.item.mirror), job.mirror.root
    if job.item.origin is None or spare is None or spare.src_md5 != md5:
        return False
    origin = root / job.item.origin
    if _standing(job, origin) != spare.observation:
        return False
    move(origin, target, root=root, root_id=job.roots.get(root))
    return True


def _listed(job: Job) -> str:
    """The spelling that its folder lists the copy by, where that is another than the right one."""
    copy = job.facts.outputs.get(job.item.mirror)
    return copy.listed if copy else ""


def _respelt(job: Job, there: Path, target: Path) -> Observation | None:
    """Give a copy the right spelling of its name."""
    root = job.mirror.root
    move(there, target, root=root, root_id=job.roots.get(root))
    return _standing(job, target)


def _as_listed(target: Path) -> Path:
    """A copy by the name that its folder lists: others may show another inode (exfat-fuse 1.3)."""
    beside = {path.name: path for path in target.parent.iterdir()}
    like = (path for name, path in beside.items() if alike(name) == alike(target.name))
    return beside.get(target.name) or next(like, target)


def _on_record(job: Job) -> Observation | None:
    """The copy that PAC has made; None without one, and then nothing there may be replaced."""
    copy = job.facts.outputs.get(job.item.mirror)
    return copy.observation if copy and copy.state is OutputState.OURS else None


def _write(job: Job, source: BinaryIO, target: Path, stands: Observation | None, md5: str) -> None:
    root, seen = job.mirror.root, job.facts.observation
    with creating(target, root=root, expected=stands, root_id=job.roots.get(root)) as scratch:
        source.seek(0)
        with open_own(scratch) as file:
            while chunk := source.read(_CHUNK_BYTES):
                file.write(chunk)
            file.seek(0)
            if _md5(file) != md5 or observe(job.source) != seen:
                raise SourceChangedError(job.source)
            file.flush()
            os.utime(file.fileno(), ns=(seen.mtime_ns, seen.mtime_ns))


def _md5(file: BinaryIO) -> str:
    found = hashlib.md5(usedforsecurity=False)
    while chunk := file.read(_CHUNK_BYTES):
        found.update(chunk)
    return found.hexdigest()


def _holds(target: Path, seen: Observation, md5: str) -> bool:
    """Whether a file holds bytes of this MD5, and is still the one that was seen."""
    with open_regular(target) as file:
        if observe_open(file, target) != seen:
            raise SourceChangedError(target)
        return _md5(file) == md5


def _same_time(stands: Observation | None, source: Observation) -> bool:
    return stands is not None and abs(stands.mtime_ns - source.mtime_ns) < _TICK_NS


def _standing(job: Job, path: Path) -> Observation | None:
    """Look at what stands in the mirror, and not behind a link; None for nothing."""
    root = job.mirror.root
    try:
        with entered(root, path.parent, root_id=job.roots.get(root)):
            return observe(path)
    except FileNotFoundError:
        return None
    except NotRegularError as error:
        raise CollisionError(str(error)) from error
