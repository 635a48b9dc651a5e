"""A recycle bin for tests, and for the programs that tests kill: nothing slow is imported."""

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pacd.domain.recycled import Recycled
from pacd.files import atomic, recycle

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PATH = PurePosixPath("Artist/Album/01.flac")


def told(root: Path, entry: str = "20261121T120000Z-1", path: PurePosixPath = PATH) -> Recycled:
    """What the bin is to know of a file as it stands."""
    seen = atomic.observe(root / path)
    return Recycled(
        entry, path, NOW, "a test", seen.inode, seen.size_bytes, seen.mtime_ns, "a1", "b2"
    )


def replace(root: Path, recycled: Recycled, content: bytes = b"new") -> None:
    """Replace a file as a step does, the old one going into the bin."""
    target = root / recycled.path
    way = recycle.keeping(target, root, lambda: recycled)
    expected = atomic.observe(target)
    with atomic.replacing(target, expected, keep_mtime=True, giving_way=way) as scratch:
        scratch.write_bytes(content)


def exchanged(root: Path) -> None:
    """Bring the first file in the bin back, and put what stands there into the bin."""
    (recycled, _), *_ = recycle.contents(root)
    recycle.exchange(root, recycled, told(root, "20261121T130000Z-2"))
