"""Whether masters wait for a program that is not there; reads only."""

from collections.abc import Iterator, Mapping

from pacd.domain.policy import DaemonPolicy
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store
from pacd.tools.toolbox import RESAMPLER_REMEDY

RESAMPLER_FIX = (
    f"Install one: {RESAMPLER_REMEDY}; then `pacctl reload`. "
    "Or set resample_to_cd = false in [flac]."
)


def unresampled(store: Store, policy: DaemonPolicy, ids: Mapping[str, int]) -> Iterator[Problem]:
    """Yield a problem for each library with masters that only ffmpeg could bring to CD form."""
    for library in policy.libraries:
        if not library.flac.resample_to_cd or library.flac.resampler:
            continue
        waiting = store.recycled.waiting_for_resampler(ids[library.name])
        if waiting:
            files = "1 master is" if waiting == 1 else f"{waiting} masters are"
            yield Problem(
                kind=ProblemKind.NO_RESAMPLER,
                what=f"Library {library.name}: {files} above CD form and left so, because ffmpeg "
                "with libsoxr, which would resample them, is not installed.",
                fix=RESAMPLER_FIX,
            )
