"""What was seen of a file at one moment."""

import hashlib
import marshal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Content = tuple[int, int, int, int]
"""Device, inode, size and mtime of a file: what stays equal as long as its bytes do."""


@dataclass(frozen=True, slots=True)
class Observation:
    """
    A file's identity on disk at one moment; equal means untouched since.

    Attributes:
        links: Number of hard links; says nothing of the bytes, so not compared.
    """

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    links: int = field(default=1, compare=False)

    def same_bytes(self, other: "Observation") -> bool:
        """
        Whether the bytes are the same, though the file may have been moved.

        A rename or a chmod changes ctime alone.
        """
        return self.content == other.content

    @property
    def content(self) -> Content:
        """What stays equal as long as the bytes do: (device, inode, size, mtime)."""
        return (self.device, self.inode, self.size_bytes, self.mtime_ns)


Row = tuple[str, int, int, int, int, int, int]
"""A file's name, device, inode, size, mtime_ns, ctime_ns and links: an observation not yet made
one, because a walk of a large library compares many and needs few."""


FolderId = tuple[int, int]
"""Device and inode of a folder: another where a disk was mounted or unmounted over it."""


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One regular file of a folder, as a walk saw it."""

    name: str
    observation: Observation = field(compare=False)

    @classmethod
    def of(cls, row: Row) -> "Entry":
        """Build from a walk's row."""
        return cls(row[0], Observation(*row[1:]))


def fingerprint(groups: Iterable[Sequence[Row]]) -> bytes:
    """
    Sixteen bytes that change when anything in a folder and its mirrors does.

    Args:
        groups: The library folder's rows and its sidecars', then those of each mirror
            folder, each sorted by name.
    """
    # marshal's format 2 has no references: equal rows give equal bytes.  Another format
    # in a later Python would only make every folder be looked at once more.
    packed = marshal.dumps([list(group) for group in groups], 2)
    return hashlib.blake2b(packed, digest_size=16).digest()
