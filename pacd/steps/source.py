"""Opens the file that a job is about; reads only."""

from typing import BinaryIO

from pacd.domain.job import Job
from pacd.files.regular import open_below


def opened_source(job: Job) -> BinaryIO:
    """
    Open a job's master or sidecar; nothing in the library that is a link leads anywhere.

    Whether it is the one that the plan was made for is the caller's to ask.

    Raises:
        SourceChangedError, MissingRootError, NotRegularError, OSError: As open_below().
    """
    root = job.library.root
    return open_below(root, job.item.path, root_id=job.roots.get(root))
