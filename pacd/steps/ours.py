"""What an output is reported as, by the step that made it and the one that looks at it."""

from pathlib import PurePosixPath

from pacd.domain.change import Observation
from pacd.domain.output import Output, OutputState
from pacd.files.tags import PacTags


def our_output(
    path: PurePosixPath, pac: PacTags, observation: Observation, *, whole: bool = True
) -> Output:
    """
    Tell an output of PAC's by its own tags (M3).

    Args:
        path: Relative to the mirror root.
        whole: Whether it plays to its end; one that does not stands for no master.
    """
    return Output(
        path,
        OutputState.OURS,
        src_md5=pac.src_md5 if whole else "",
        quality=pac.quality,
        src_tags=pac.src_tags,
        encoder=pac.encoder,
        source_rel=pac.source_rel,
        observation=observation,
    )
