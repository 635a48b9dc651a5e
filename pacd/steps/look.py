"""Reads what outputs say of themselves; changes nothing."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.output import Output, OutputState
from pacd.errors import PacError, VerifyError
from pacd.files.atomic import observe_open, open_regular
from pacd.files.containers import Container, container_of
from pacd.steps.ours import our_output

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
    foreign = Output(relative, OutputState.FOREIGN, observation=observation)
    container = container_of(path)
    if container is None:
        return foreign
    try:
        pac = container.read_pac_tags(path)
        whole = pac is not None and _whole(container, path)
    except (OSError, PacError, MemoryError):
        # Also what went, or became a link, since it was opened; and PAC makes none so large.
        return foreign
    return our_output(relative, pac, observation, whole=whole) if pac else foreign


def _whole(container: Container, path: Path) -> bool:
    """Whether it plays to its end; damage that hides even that is damage."""
    try:
        return container.read_stream(path).complete
    except VerifyError:
        return False
