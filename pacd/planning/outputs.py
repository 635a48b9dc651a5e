"""Where each output of a mirror belongs; touches nothing."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from pacd.domain.policy import MirrorPolicy


def output_folder(folder: PurePosixPath, _mirror: MirrorPolicy) -> PurePosixPath:
    """Where a library folder's outputs lie, relative to the mirror root (M1)."""
    return folder


def output_paths(
    masters: Iterable[PurePosixPath], mirror: MirrorPolicy
) -> Mapping[PurePosixPath, PurePosixPath]:
    """
    Name the output of each master of one folder (M1).

    Args:
        masters: Paths relative to the library root.

    Returns:
        Output paths relative to the mirror root, by master.  Of masters that want the
        same name (``a.flac`` and ``a.FLAC``) only the first in sorted order has one.
    """
    named: dict[PurePosixPath, PurePosixPath] = {}
    taken: set[PurePosixPath] = set()
    for master in sorted(masters):
        wanted = output_folder(master.parent, mirror) / (master.stem + mirror.extension)
        if wanted not in taken:
            taken.add(wanted)
            named[master] = wanted
    return named
