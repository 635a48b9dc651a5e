"""Removes outputs that no master wants; looks twice before it does."""

import os
from pathlib import Path

from pacd.domain.change import FolderId
from pacd.domain.job import Job
from pacd.domain.outcome import Pruned
from pacd.errors import CollisionError, SourceChangedError, VerifyError
from pacd.files.atomic import observe
from pacd.files.containers import container_of
from pacd.files.folders import MissingRootError, entered
from pacd.files.renaming import remove
from pacd.tools.toolbox import Toolbox


def mirror_prune(job: Job, tools: Toolbox) -> Pruned:  # noqa: ARG001  # all steps are called alike
    """
    Remove one output, and the folders that are empty without it (M9).

    Raises:
        CollisionError: PAC has not made it: it stays.
        SourceChangedError: It is not as it was when the plan was made.
        MissingRootError: The library is not there, or another folder: nothing is an orphan then.
    """
    if job.item.target is None:
        raise VerifyError(f"no output is named for {job.item.path}")
    root = job.mirror.root
    path = root / job.item.target
    _require(job.library.root, job.roots.get(job.library.root))
    seen, known = observe(path), job.facts.observation
    if not seen.same_bytes(known):
        raise SourceChangedError(path)
    container = None if job.item.sidecar else container_of(path)
    if not job.item.sidecar and (container is None or container.read_pac_tags(path) is None):
        raise CollisionError(f"{path} was not made by PAC: it has no PAC_SRC_MD5 tag")
    remove(path, root=root, root_id=job.roots.get(root), expected=seen)
    return Pruned(job.item.target)


def _require(root: Path, root_id: FolderId | None) -> None:
    """Make sure that a library is there, and the one it was."""
    with entered(root, root, root_id=root_id) as folder:
        if not os.listdir(folder):  # noqa: PTH208  # a descriptor; an empty one is a mount point
            raise MissingRootError(f"{root} is empty: nothing is removed")
