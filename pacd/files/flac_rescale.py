"""What of a master's metadata holds of other samples of the same recording; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from pacd.domain.media import AudioFormat
from pacd.files.flac_blocks import Block, BlockType, Layout
from pacd.files.flac_cuesheet import scaled
from pacd.files.flac_fields import Comments, as_text, key_of
from pacd.files.foreign_tags import Foreign

CHANNEL_MASK: Final = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"  # RFC 9639, section 8.6.2

_LOUDNESS: Final = ("REPLAYGAIN_", "R128_", "ITUNNORM")
"""Of ReplayGain 2.0, RFC 7845 (section 5.2.1) and iTunes: what was measured of the samples."""


@dataclass(frozen=True, slots=True)
class Rescaled:
    """
    A master's layout with the metadata that holds of its new samples.

    Attributes:
        foreign: Likewise.
        dropped: What no longer holds, in words.
    """

    layout: Layout
    foreign: Foreign
    dropped: tuple[str, ...]


def rescale(
    layout: Layout, foreign: Foreign, old: AudioFormat, new: AudioFormat, *, loudness_holds: bool
) -> Rescaled:
    """
    Leave out what no longer holds, and scale what can be; all else stays byte for byte.

    Args:
        old, new: The audio, with its true length.
        loudness_holds: Whether loudness and peak are what they were, rounding apart.
    """
    outdated = () if loudness_holds else _LOUDNESS
    if new.channels != old.channels:
        outdated = (*outdated, CHANNEL_MASK)
    dropped: list[str] = []
    blocks = []
    for block in layout.blocks:
        kept = _holding(block, old, new, outdated, dropped)
        if kept:
            blocks.append(kept)
    pairs = tuple(pair for pair in foreign.pairs if not pair[0].startswith(outdated))
    dropped += [f"{key}={text}" for key, text in foreign.pairs if (key, text) not in pairs]
    return Rescaled(
        replace(layout, blocks=tuple(blocks)), replace(foreign, pairs=pairs), tuple(dropped)
    )


def channel_mask(layout: Layout) -> int | None:
    """Return which speakers a master says its channels are for, or None."""
    for entry in layout.comments.entries:
        if key_of(entry) == CHANNEL_MASK.encode():
            try:
                return int(as_text(entry.partition(b"=")[2]), 16)
            except ValueError:
                return None
    return None


def _holding(
    block: Block, old: AudioFormat, new: AudioFormat, outdated: tuple[str, ...], dropped: list[str]
) -> Block | None:
    if block.type == BlockType.VORBIS_COMMENT and outdated:
        return _without(block, outdated, dropped)
    if block.type == BlockType.CUESHEET and new.sample_rate_hz != old.sample_rate_hz:
        data = scaled(block.data, old, new)
        if data is None:
            dropped.append("a damaged cuesheet, which cannot be brought to the new rate")
            return None
        return replace(block, data=data)
    return block


def _without(block: Block, outdated: Iterable[str], dropped: list[str]) -> Block:
    """Leave comments out, if there are such."""
    comments = Comments.parse(block.data)
    marks = tuple(each.encode() for each in outdated)
    gone = [entry for entry in comments.entries if key_of(entry).startswith(marks)]
    if not gone:
        return block
    dropped += [as_text(entry) for entry in gone]
    kept = tuple(entry for entry in comments.entries if entry not in gone)
    return replace(block, data=replace(comments, entries=kept).render() + comments.rest)
