"""What lies in a recycle bin."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from pacd.domain.change import Observation


@dataclass(frozen=True, slots=True)
class Recycled:
    """
    One file in a library's recycle bin, as it says of itself there.

    Attributes:
        entry: Name of its folder in the bin.
        path: Where it stood, relative to the library root.
        reason: Why it went there, a clause.
        inode, size_bytes, mtime_ns: Of the file where it stood.
        audio_md5: Hex; "" where it is not known.
        made_md5: Audio MD5 of what was made of it and took its place; "" where nothing was.
    """

    entry: str
    path: PurePosixPath
    at: datetime
    reason: str
    inode: int
    size_bytes: int
    mtime_ns: int
    audio_md5: str = ""
    made_md5: str = ""

    def is_still(self, there: Observation) -> bool:
        """Whether what stands somewhere is this very file, so that the bin only names it too."""
        return (self.inode, self.size_bytes, self.mtime_ns) == (
            there.inode,
            there.size_bytes,
            there.mtime_ns,
        )
