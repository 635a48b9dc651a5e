"""Rewrites one master with the strongest compression; replaces it whole, or not at all (F3)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pacd.domain.job import Job
from pacd.domain.media import Quirk, Track
from pacd.domain.outcome import Recompressed
from pacd.domain.verdict import Check, Integrity
from pacd.errors import (
    SourceChangedError,
    ToolCrashedError,
    ToolError,
    ToolTimeoutError,
    VerifyError,
)
from pacd.files import atomic
from pacd.files.flac_blocks import Block, BlockType, Layout
from pacd.files.flac_merge import Merged, merge
from pacd.files.flac_write import copy_stream, stream_of, write_blocks
from pacd.files.foreign_tags import read_foreign
from pacd.files.probe import COMPRESSION, track_of
from pacd.planning.compression import compression_tag
from pacd.steps.rewriting import (
    UNTRUE_LENGTH,
    Master,
    blaming_the_disk,
    encoded,
    opened,
    proven,
    replacing,
)
from pacd.steps.source import opened_source
from pacd.tools.flac import Flac
from pacd.tools.patience import patience_s
from pacd.tools.toolbox import Toolbox

_REFUSED: Final = frozenset(
    {
        Quirk.TWO_COMMENT_BLOCKS,
        Quirk.STREAMINFO_NOT_FIRST,
        Quirk.UNKNOWN_LENGTH,
        Quirk.WRONG_LENGTH,
    }
)
"""What flac 1.4.2 does not re-encode, or cuts short (tests/contract/test_flac.py)."""


def recompress(job: Job, tools: Toolbox) -> Recompressed:
    """
    Encode a master anew, prove that nothing of it is lost, and put it in the old one's place.

    Where that makes the audio no smaller, its frames stay, and only the COMPRESSION
    tag is set and what was odd about the file cleaned (F4, F5).

    Raises:
        SourceChangedError: It is not what the decision was made for, or somebody writes it.
        VerifyError: The new file would not hold what the old one holds.
        ToolError: flac failed.
        OSError: The disk is full, or fails.
    """
    path, expected, flac = job.source, job.facts.observation, tools.flac
    with opened_source(job) as file:
        master = opened(job, file)
        tag = compression_tag(flac.name, master.level, job.now)
        with replacing(job) as scratch:
            merged, kept = _written(master, scratch, flac, tag)
            track = _proven(master, scratch, merged.blocks, kept=kept)
            written = atomic.observe(scratch)
    observation = atomic.observe(path)
    if observation.inode != written.inode:
        raise SourceChangedError(path)
    check = Check(Integrity.INTACT, master.check.audio_md5, "", "", flac.name, tested_at=job.now)
    return Recompressed(
        track=track,
        check=check,
        observation=observation,
        frames_kept=kept,
        before_bytes=expected.size_bytes,
        after_bytes=observation.size_bytes,
        details=_details(master, merged),
    )


def _needs_new_header(master: Master) -> bool:
    """Whether STREAMINFO is wrong, so that the old frames cannot stay under it."""
    no_md5 = master.check.integrity is Integrity.NO_MD5
    return no_md5 or bool(master.layout.quirks & UNTRUE_LENGTH)


def _written(master: Master, scratch: Path, flac: Flac, tag: str) -> tuple[Merged, bool]:
    """Fill the scratch file; return its metadata and whether the old frames stayed."""
    old = master.layout
    foreign = read_foreign(master.file, old)
    _encode(master, scratch, flac)
    new = encoded(scratch)
    _require_same_audio(master, new)
    kept = new.audio_bytes >= old.audio_bytes and not _needs_new_header(master)
    merged = merge(old, None if kept else new, foreign, key=COMPRESSION, value=tag)
    if kept:
        copy_stream(master.file, old, scratch, merged.blocks, largest_bytes=old.size_bytes)
    else:
        write_blocks(scratch, merged.blocks, largest_bytes=old.size_bytes)
    return merged, kept


def _encode(master: Master, scratch: Path, flac: Flac) -> None:
    """Encode in the fast way, or by way of samples where flac refuses that."""
    layout, timeout_s = master.layout, patience_s(master.layout.size_bytes)
    seek_table = bool(layout.of_type(BlockType.SEEKTABLE))
    with blaming_the_disk(scratch, layout.size_bytes):
        if not layout.quirks & _REFUSED:
            try:
                flac.encode(
                    stream_of(master.file, layout),
                    scratch,
                    level=master.level,
                    seek_table=seek_table,
                    timeout_s=timeout_s,
                )
            except (ToolCrashedError, ToolTimeoutError):
                raise
            except ToolError:
                atomic.reserve(scratch, layout.size_bytes)
            else:
                return
        flac.encode_decoded(
            stream_of(master.file, layout),
            scratch,
            layout.info.audio,
            samples=master.samples,
            level=master.level,
            seek_table=seek_table,
            timeout_s=timeout_s,
        )


def _require_same_audio(master: Master, new: Layout) -> None:
    old_audio, new_audio = master.layout.info.audio, new.info.audio
    wanted = replace(old_audio, total_samples=master.samples or new_audio.total_samples)
    if new.info.audio_md5 != master.check.audio_md5 or new_audio != wanted:
        raise VerifyError(
            f"the new encoding of {master.path.name} does not hold the same audio: "
            f"{new_audio}, MD5 {new.info.audio_md5} instead of {wanted}, "
            f"MD5 {master.check.audio_md5}"
        )


def _proven(master: Master, scratch: Path, blocks: tuple[Block, ...], *, kept: bool) -> Track:
    result = proven(master, scratch, blocks, frames_kept=kept)
    _require_same_audio(master, result)
    return track_of(result, also=master.also)


def _details(master: Master, merged: Merged) -> Mapping[str, Any]:
    told = {
        "cleaned": [quirk.words for quirk in sorted(master.layout.quirks)],
        "added_tags": list(merged.added),
        "dropped": list(merged.dropped),
    }
    return {name: values for name, values in told.items() if values}
