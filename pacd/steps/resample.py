"""Brings one master to CD form; its original goes to the recycle bin first (F6)."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from operator import gt, lt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pacd.domain.job import Job
from pacd.domain.media import CD, Track
from pacd.domain.outcome import Resampled
from pacd.domain.recycled import Recycled
from pacd.domain.verdict import Check, Integrity
from pacd.errors import SourceChangedError, VerifyError
from pacd.files import atomic, recycle
from pacd.files.flac_blocks import BlockType, Layout
from pacd.files.flac_merge import Merged, merge
from pacd.files.flac_rescale import rescale
from pacd.files.flac_write import write_blocks
from pacd.files.foreign_tags import read_foreign
from pacd.files.probe import COMPRESSION, track_of
from pacd.files.recycled_about import entry_name
from pacd.planning.compression import compression_tag
from pacd.steps.rewriting import blaming_the_disk, encoded, opened, proven, replacing
from pacd.steps.source import opened_source
from pacd.tools.patience import patience_s
from pacd.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from pacd.steps.conversion import Conversion


@dataclass(slots=True)
class _New:
    """The file to be: what the audio hashes to once it is encoded, and what was dropped."""

    audio_md5: str = ""
    dropped: tuple[str, ...] = field(default=())


def resample(job: Job, tools: Toolbox) -> Resampled:
    """
    Lower rate, depth and channels of a master to those of a CD, in one encode.

    The audio is decoded and converted twice: first to find how loud it becomes, then to write
    it, lowered as a whole if anything would clip.  The new file takes the master's place with
    all of its metadata that still holds; before that, the master is in the recycle bin.

    Raises:
        SourceChangedError: It is not what the decision was made for, or somebody writes it.
        VerifyError: The new file would not hold what it should.
        PreflightError: Its rate is to be changed, and nothing is there that can.
        ToolError: flac or ffmpeg failed.
        OSError: The disk is full, or fails.
    """
    from pacd.steps.conversion import Conversion  # noqa: PLC0415  # see there

    path, expected, new = job.source, job.facts.observation, _New()
    recycled = _recycled(job)
    with opened_source(job) as file:
        master = opened(job, file)
        conversion = Conversion.of(master, tools)
        way = recycle.keeping(
            path, job.library.root, lambda: replace(recycled, made_md5=new.audio_md5)
        )
        with replacing(job, way) as scratch:
            tag = compression_tag(tools.flac.name, master.level, job.now)
            merged = _written(conversion, scratch, tag, new)
            track = _proven(conversion, scratch, merged, new)
            written = atomic.observe(scratch)
    observation = atomic.observe(path)
    if observation.inode != written.inode:
        raise SourceChangedError(path)
    return Resampled(
        track=track,
        check=Check(Integrity.INTACT, new.audio_md5, "", "", tools.flac.name, tested_at=job.now),
        observation=observation,
        recycled=replace(recycled, made_md5=new.audio_md5),
        before_bytes=expected.size_bytes,
        after_bytes=observation.size_bytes,
        gain_db=conversion.extent.gain_db,
        details=_details(conversion, merged, new),
    )


def _recycled(job: Job) -> Recycled:
    """What the bin is to know of the master."""
    seen, track = job.facts.observation, job.facts.track
    above = track.audio.where(gt, CD) if track else ""
    return Recycled(
        entry=entry_name(job.now, secrets.token_hex(4)),
        path=job.item.path,
        at=job.now,
        reason=f"resampled, it was {above}",
        inode=seen.inode,
        size_bytes=seen.size_bytes,
        mtime_ns=seen.mtime_ns,
        audio_md5=job.facts.audio_md5,
    )


def _written(conversion: "Conversion", scratch: Path, tag: str, new: _New) -> Merged:
    """Fill the scratch file; return its metadata."""
    master, flac = conversion.master, conversion.tools.flac
    old, samples = master.layout, conversion.samples()
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with blaming_the_disk(scratch, old.size_bytes):
            flac.encode_samples(
                _hashed(samples, digest.update),
                scratch,
                conversion.wanted,
                level=master.level,
                seek_table=bool(old.of_type(BlockType.SEEKTABLE)),
                timeout_s=patience_s(old.size_bytes),
            )
    finally:
        with suppress(ValueError):  # a thread that flac has left behind is at it still
            samples.close()
    new.audio_md5 = digest.hexdigest()
    made = encoded(scratch)
    _require(conversion, made, new)
    holding = rescale(
        old,
        read_foreign(master.file, old),
        conversion.audio,
        conversion.wanted,
        loudness_holds=conversion.loudness_holds,
    )
    new.dropped = holding.dropped
    merged = merge(holding.layout, made, holding.foreign, key=COMPRESSION, value=tag)
    write_blocks(scratch, merged.blocks, largest_bytes=old.size_bytes)
    return merged


def _hashed(pieces: Iterable[bytes], add: Any) -> Iterator[bytes]:
    for piece in pieces:
        add(piece)
        yield piece


def _require(conversion: "Conversion", made: Layout, new: _New) -> None:
    if made.info.audio != conversion.wanted or made.info.audio_md5 != new.audio_md5:
        raise VerifyError(
            f"the new {conversion.master.path.name} does not hold the audio that was made: "
            f"{made.info.audio}, MD5 {made.info.audio_md5} instead of {conversion.wanted}, "
            f"MD5 {new.audio_md5}"
        )


def _proven(conversion: "Conversion", scratch: Path, merged: Merged, new: _New) -> Track:
    result = proven(conversion.master, scratch, merged.blocks)
    _require(conversion, result, new)
    return track_of(result, also=conversion.master.also)


def _details(conversion: "Conversion", merged: Merged, new: _New) -> Mapping[str, Any]:
    """What the history keeps of it."""
    old, made, extent = conversion.audio, conversion.wanted, conversion.extent
    quirks = sorted(conversion.master.layout.quirks)
    told = {
        "from": old.where(gt, made),
        "to": made.where(lt, old),
        "from_md5": conversion.master.check.audio_md5,
        "to_md5": new.audio_md5,
        "gain_db": extent.gain_db,
        "dither": "none: it was of 16 bits already" if extent.whole else "triangular",
        "cleaned": [quirk.words for quirk in quirks],
        "added_tags": list(merged.added),
        "dropped": [*new.dropped, *merged.dropped],
    }
    return {name: value for name, value in told.items() if value not in ([], "")}
