"""Which failure each error of the disk is to be told as (w18); does nothing by itself."""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from faults.gate import KILL
from faults.scene import Scene
from faults.striking import Strike
from faults.syscalls import Kind
from pacd.errors import FailureKind


@dataclass(frozen=True, slots=True)
class Came:
    """
    What came of a piece of work.

    Attributes:
        how: "done", the kind of a step's failure, where there is no step the name of the error
            number (ENOSPC) or the type of PAC's own error that was raised, "killed", or "fault":
            what nobody foresaw.
    """

    how: str
    said: str = ""


KINDS: Final[Mapping[int, FailureKind]] = {
    errno.ENOSPC: FailureKind.NO_SPACE,
    errno.EDQUOT: FailureKind.NO_SPACE,
    errno.EIO: FailureKind.IO,
    errno.EROFS: FailureKind.READ_ONLY,
    errno.EACCES: FailureKind.PERMISSION,
    errno.EPERM: FailureKind.PERMISSION,
}
"""Of a step that was told the error: w18, decision 0017; said here again, not taken from PAC."""

PERMANENT: Final = frozenset({FailureKind.PERMISSION})
"""What a person is asked for at once (H1); all others are tried again."""

_OF_TOOLS: Final = frozenset({FailureKind.TOOL_FAILED})
"""Where a tool alone met the error: the disk works again when PAC asks it, or it only read."""


def misnamed(came: Came, strike: Strike, scene: Scene) -> Iterator[str]:
    """Tell of an outcome that is none, or that is told as something else than it was."""
    if (came.how == "killed") != (strike.answer == KILL):
        yield f"it was killed, or was not: {came.how}"
        return
    if came.how not in {"done", "killed", *(names := _names(strike, scene))}:
        yield f"it came to {came.how}, not to {' or '.join(sorted(names))}"


def kinds_of(strike: Strike, *, only_reads: bool) -> frozenset[FailureKind]:
    """What a step may tell a fault as."""
    kind = KINDS[strike.answer]
    if only_reads and kind is FailureKind.PERMISSION:
        kind = FailureKind.TARGET_SHUT
    unheard = strike.of_tool and (not strike.lasting or Kind.READ in strike.kinds)
    return frozenset({kind}) | (_OF_TOOLS if unheard else frozenset())


def _names(strike: Strike, scene: Scene) -> frozenset[str]:
    """What a fault may be told as, where there is a step and where there is none."""
    if strike.answer == KILL or scene.raises:
        return scene.raises
    kinds = kinds_of(strike, only_reads=scene.only_reads)
    return frozenset({errno.errorcode[strike.answer], *kinds})
