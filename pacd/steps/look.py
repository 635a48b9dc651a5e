"""Reads what outputs say of themselves; changes nothing."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.plan import Output, OutputState
from pacd.errors import PacError
from pacd.files.atomic import observe_open, open_regular
from pacd.files.opus import read_comments, read_opus
from pacd.files.tags import PAC_KEYS, PacTags

_NOTHING_THERE: Final = (FileNotFoundError, NotADirectoryError)


def look_at_outputs(paths: Sequence[tuple[Path, PurePosixPath]]) -> tuple[Output, ...]:
    """
    Look at what stands where outputs belong (M4); one bad file spoils only itself.

    Args:
        paths: Mirror root, absolute, and output path relative to it.

    Returns:
        One for each path, in the same order.  An output of ours that breaks off has
        an empty src_md5: whatever its master is, it has to be made again.
    """
    return tuple(_look(root, relative) for root, relative in paths)


def _look(root: Path, relative: PurePosixPath) -> Output:
    path = root / relative
    try:
        with open_regular(path) as file:
            observation = observe_open(file, path)
    except _NOTHING_THERE:
        return Output(relative, OutputState.MISSING)
    except (OSError, PacError):
        return Output(relative, OutputState.FOREIGN)
    try:
        pac = PacTags.of(read_comments(path, only=frozenset(PAC_KEYS)))
        whole = read_opus(path).complete
    except (OSError, PacError):
        return Output(relative, OutputState.FOREIGN, observation=observation)
    if pac is None:
        return Output(relative, OutputState.FOREIGN, observation=observation)
    return Output(
        relative,
        OutputState.OURS,
        src_md5=pac.src_md5 if whole else "",
        quality=pac.quality,
        src_tags=pac.src_tags,
        encoder=pac.encoder,
        observation=observation,
    )
