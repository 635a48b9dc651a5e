"""Jobs for the steps' tests: facts as the engine would have them of a file on disk."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pacd.domain.job import Job
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import ArtworkPolicy, LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Check, Integrity
from pacd.files.atomic import observe
from pacd.files.probe import read_track

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def facts_of(root: Path, path: PurePosixPath) -> Facts:
    """What is known of a master that was tested and found intact."""
    source = root / path
    track = read_track(source)
    check = Check(Integrity.INTACT, track.audio_md5, "", "", "flac 1.4.2", NOW)
    return Facts(path, observe(source), track, check)


def mirror_job(
    base: Path, name: str = "a/b.flac", action: Action = Action.MIRROR_ENCODE, **settings: Any
) -> Job:
    """
    A job for base/library/name and the mirror at base/mirror, which is made.

    Args:
        settings: Of the MirrorPolicy.
    """
    path = PurePosixPath(name)
    mirror = MirrorPolicy("m", base / "mirror", **{"bitrate_kbps": 64, **settings})
    mirror.root.mkdir(exist_ok=True)
    item = PlanItem(path, action, "a test", mirror="m", target=path.with_suffix(mirror.extension))
    library = base / "library"
    artwork = ArtworkPolicy(enabled=False, root=base / "art")
    policy = LibraryPolicy("l", library, artwork, mirrors=(mirror,))
    return Job(item, facts_of(library, path), policy, NOW)


def artwork_job(
    base: Path, target: str, name: str = "a/b.flac", *, max_px: int = 0, replaces: bool = False
) -> Job:
    """A job for base/library/name and the art root at base/art, which is made."""
    path = PurePosixPath(name)
    artwork = ArtworkPolicy(enabled=True, root=base / "art", max_px=max_px)
    artwork.root.mkdir(exist_ok=True)
    item = PlanItem(
        path,
        Action.EXPORT_ARTWORK,
        "a test",
        target=PurePosixPath(target),
        replaces=replaces,
    )
    library = base / "library"
    return Job(item, facts_of(library, path), LibraryPolicy("l", library, artwork), NOW)


def again(job: Job) -> Job:
    """The same job with what is true of its master now."""
    return replace(job, facts=facts_of(job.library.root, job.item.path))
