"""Which step carries out which action; the border that no exception crosses."""

import errno
import resource
import traceback
from collections.abc import Callable, Mapping
from typing import Final

from pacd.domain.job import Job
from pacd.domain.outcome import Done, Failed, Outcome, Result
from pacd.domain.plan import Action
from pacd.errors import FailureKind, PacError
from pacd.steps.artwork import export_artwork
from pacd.steps.authenticity import authenticate
from pacd.steps.integrity import integrity
from pacd.steps.mirror import mirror_encode, mirror_rename, mirror_retag
from pacd.steps.pruning import mirror_prune
from pacd.steps.recompress import recompress
from pacd.steps.resample import resample
from pacd.steps.shut import shut_target
from pacd.steps.sidecars import mirror_copy
from pacd.tools.patience import detector_patience_s, patience_s
from pacd.tools.toolbox import Toolbox

Step = Callable[[Job, Toolbox], Result]

STEPS: Final[Mapping[Action, Step]] = {
    Action.TEST: integrity,
    Action.AUTHENTICATE: authenticate,
    Action.RESAMPLE: resample,
    Action.RECOMPRESS: recompress,
    Action.EXPORT_ARTWORK: export_artwork,
    Action.MIRROR_ENCODE: mirror_encode,
    Action.MIRROR_RETAG: mirror_retag,
    Action.MIRROR_RENAME: mirror_rename,
    Action.MIRROR_COPY: mirror_copy,
    Action.MIRROR_PRUNE: mirror_prune,
}

_KINDS: Final = {
    errno.EACCES: FailureKind.PERMISSION,
    errno.EPERM: FailureKind.PERMISSION,
    errno.ENOSPC: FailureKind.NO_SPACE,
    errno.EDQUOT: FailureKind.NO_SPACE,
    errno.EROFS: FailureKind.READ_ONLY,
    errno.ENOENT: FailureKind.SOURCE_CHANGED,
}

_TOOL_RUNS: Final = 3
"""No step runs more tools one after another than this, each within its own patience."""
_OWN_WORK_S: Final = 60.0


def perform(job: Job, tools: Toolbox) -> Outcome:
    """
    Carry out a job; called in worker processes.

    Whatever goes wrong becomes a Failed: one bad file never ends a worker.
    """
    try:
        return Done(job.item, STEPS[job.item.action](job, tools))
    except PacError as error:
        return Failed(job.item, error.kind, str(error), error.words)
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, FailureKind.IO)
        if kind is FailureKind.PERMISSION and (told := shut_target(job)):
            return Failed(job.item, FailureKind.TARGET_SHUT, told, str(error))
        message = f"{job.source.name}: {error.strerror or error}"
        return Failed(job.item, kind, message, str(error))
    except MemoryError:
        most = resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20
        message = f"{job.source.name} asks for more than the {most} MiB that a worker may hold"
        return Failed(job.item, FailureKind.OUT_OF_MEMORY, message)
    except Exception as error:  # noqa: BLE001  # the worker boundary
        words = "".join(traceback.format_exception(error))
        message = f"a fault in PAC: {type(error).__name__}: {error}"
        return Failed(job.item, FailureKind.INTERNAL, message, words)


def time_limit_s(job: Job) -> float:
    """After how long a worker is taken for hung: above what its tools may take together."""
    playing_s = job.facts.track.audio.duration_s if job.facts.track else 0.0
    detecting_s = 0.0
    if job.item.action is Action.AUTHENTICATE:
        detecting_s = len(job.library.authenticity.versions) * detector_patience_s(playing_s)
    tools_s = _TOOL_RUNS * patience_s(job.facts.observation.size_bytes) + detecting_s
    return tools_s + playing_s + _OWN_WORK_S
