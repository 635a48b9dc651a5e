"""What stands, or should stand, in mirrors and in the art root."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.change import Observation

_NOWHERE: Final = PurePosixPath()


class OutputState(StrEnum):
    """What stands where an output belongs."""

    MISSING = "missing"
    UNSEEN = "unseen"
    FOREIGN = "foreign"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Output:
    """
    One file of a mirror, as its own tags tell it (M3), or a sidecar's copy, as its record does.

    Attributes:
        path: Relative to the mirror root.
        src_md5, quality, src_tags: PAC_SRC_MD5, PAC_QUALITY, PAC_SRC_TAGS; "" when not ours.
            Of a sidecar's copy, src_md5 is the whole file's; "" once the sidecar has changed.
        encoder: PAC_ENCODER.
        source_rel: PAC_SOURCE_REL, which may lead anywhere; "." when not ours.
        observation: None when missing.
        listed: The name that its folder lists it by, where that is another than its path's: on
            a file system that takes both for one.
        renamed: Why its path is not the master's with another extension (M10), a clause;
            "" where it is.
    """

    path: PurePosixPath
    state: OutputState
    src_md5: str = ""
    quality: str = ""
    src_tags: str = ""
    encoder: str = ""
    source_rel: PurePosixPath = _NOWHERE
    observation: Observation | None = None
    listed: str = field(default="", compare=False)
    renamed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Export:
    """
    A cover in the art root, as recorded and as seen now.

    Attributes:
        target: Relative to the art root.
        source: Master whose cover it is, relative to the library root; None when it is gone, or
            something stands there that PAC has no record of.
        picture_md5: Of the picture it was made from, hex.
        max_px: The limit it was made under.
        source_present: Whether that master is still there, and of that album.
        present: Whether the file is there.
        changed: Whether it is not as PAC left it.
        shared: Whether a master of another library, which is still there, gave it.
    """

    target: PurePosixPath
    source: PurePosixPath | None
    picture_md5: str = ""
    max_px: int = 0
    source_present: bool = True
    present: bool = True
    changed: bool = False
    shared: bool = False
