"""What every rewrite of a master has in common: how it begins, and what proves it (F3)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from pacd.domain.job import Job
from pacd.domain.media import Quirk
from pacd.domain.policy import HardLinks
from pacd.domain.verdict import Check
from pacd.errors import SourceChangedError, ToolError, VerifyError
from pacd.files import atomic
from pacd.files.flac_blocks import Block, BlockType, Layout, read_layout
from pacd.files.flac_seek import seek_points_hold

UNTRUE_LENGTH: Final = frozenset({Quirk.UNKNOWN_LENGTH, Quirk.WRONG_LENGTH})


@dataclass(frozen=True, slots=True)
class Master:
    """A master under work, open, what is known of it, and which further tags decide."""

    path: Path
    file: BinaryIO
    layout: Layout
    check: Check
    level: int
    also: tuple[str, ...]

    @property
    def samples(self) -> int:
        """Per channel; 0 where neither header nor last frame says."""
        if self.layout.quirks & UNTRUE_LENGTH:
            return self.layout.samples
        return self.layout.info.audio.total_samples


def opened(job: Job, file: BinaryIO) -> Master:
    """
    Make sure that an open master is what the decision was made for.

    Raises:
        SourceChangedError: It is not, or has other names that are to be kept.
        VerifyError: It was never tested, or did not pass.
    """
    path, check, policy = job.source, job.facts.check, job.library.flac
    observation = atomic.observe_open(file, path)
    linked = observation.links > 1 and policy.hardlinks is not HardLinks.BREAK
    if observation != job.facts.observation or linked:
        raise SourceChangedError(path)
    if check is None or not check.integrity.sound or not check.audio_md5:
        raise VerifyError(f"{path.name} was never tested, or did not pass: it is not rewritten")
    also = job.library.authenticity.skip_tags
    return Master(path, file, read_layout(file), check, policy.target_compression, also)


def replacing(
    job: Job, giving_way: atomic.GivingWay = atomic.SIMPLY
) -> AbstractContextManager[Path]:
    """Yield a scratch path that takes the master's place; all else as files.atomic.replacing()."""
    root = job.library.root
    return atomic.replacing(
        job.source,
        job.facts.observation,
        keep_mtime=job.library.flac.keep_mtime,
        root=root,
        root_id=job.roots.get(root),
        giving_way=giving_way,
    )


def encoded(scratch: Path) -> Layout:
    """Read what flac made; of points beyond the end it leaves some that lead nowhere."""
    with atomic.open_regular(scratch) as file:
        layout = read_layout(file)
        if seek_points_hold(file, layout):
            return layout
    kept = tuple(block for block in layout.blocks if block.type != BlockType.SEEKTABLE)
    return replace(layout, blocks=kept)


def proven(
    master: Master, scratch: Path, blocks: tuple[Block, ...], *, frames_kept: bool = False
) -> Layout:
    """
    Read the finished scratch file as if for the first time, for its audio to be compared.

    Raises:
        VerifyError: Its metadata is not what is meant, or its seek points lead astray.
    """
    with atomic.open_regular(scratch) as file:
        result = read_layout(file)
        seekable = frames_kept or seek_points_hold(file, result)
    found = tuple(block for block in result.blocks if block.type != BlockType.PADDING)
    if found != blocks or result.quirks or not seekable:
        raise VerifyError(f"the new {master.path.name} does not hold the same tags and seek points")
    return result


@contextmanager
def blaming_the_disk(scratch: Path, size_bytes: int) -> Iterator[None]:
    """Flac does not say why it cannot write; the disk does, when asked."""
    try:
        yield
    except ToolError:
        atomic.reserve(scratch, size_bytes)
        raise
