"""Says what is not watched, why, and what to do about it."""

import errno
from typing import Final

from pacd.intake import limits
from pacd.intake.gauge import Gauge
from pacd.protocol.documents import Problem, ProblemKind

_STILL: Final = "audits still find every change, and come more often"

_AGAIN: Final = "It is tried again by itself; `pacctl doctor` tells more."


def at_all(failure: OSError) -> Problem:
    """Nothing is, as no inotify instance was to be had."""
    limit = limits.instances()
    wanted = max(512, 2 * (limit.value or 0))
    return Problem(
        kind=ProblemKind.UNWATCHED,
        what=f"No library is watched: {failure.strerror} ({limit.key} = {limit.value}); {_STILL}.",
        fix=limit.raised_to(wanted) if failure.errno == errno.EMFILE else _AGAIN,
    )


def library(name: str, error: OSError) -> Problem:
    """A whole library is not."""
    return Problem(
        kind=ProblemKind.UNWATCHED,
        what=f"Library {name} is not watched: {error.strerror}; {_STILL}.",
        fix=_more_watches(0) if error.errno == errno.ENOSPC else _AGAIN,
    )


def folders(name: str, gauge: Gauge) -> Problem:
    """Some folders of a library are not."""
    limit = limits.watches()
    example = f", such as {gauge.example}" if gauge.example else ""
    return Problem(
        kind=ProblemKind.UNWATCHED,
        what=f"Library {name}: {gauge.unwatched} of {gauge.folders} folders are not "
        f"watched{example} ({limit.key} = {limit.value}); {_STILL}.",
        fix=_more_watches(gauge.folders),
    )


def _more_watches(wanted_for: int) -> str:
    limit = limits.watches()
    return limit.raised_to(limits.enough(limit, wanted_for))
