"""Composes the metadata of a rewritten master from that of the old one; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pacd.errors import VerifyError
from pacd.files.flac_blocks import Block, BlockType, Layout
from pacd.files.flac_fields import Comments, key_of, pairs
from pacd.files.foreign_tags import Foreign

_LARGEST_BLOCK_BYTES: Final = (1 << 24) - 1  # RFC 9639, section 8.1

# id3.org/ID3v1: 30 characters for a text, 28 for a comment beside a track number.
_ID3V1_CHARS: Final = range(28, 31)


@dataclass(frozen=True, slots=True)
class Merged:
    """
    The metadata of a master to be.

    Attributes:
        blocks: STREAMINFO first, no padding.
        added: What foreign tags said and no comment did, as "KEY=value".
        dropped: What is in the old file and not in the new one, in words.
    """

    blocks: tuple[Block, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def merge(old: Layout, new: Layout | None, foreign: Foreign, *, key: str, value: str) -> Merged:
    """
    Carry over every block byte for byte, but for what a rewrite must change.

    Args:
        old: The master.
        new: What the encoder made of it, or None when its frames stay.
        foreign: Tags before and behind it: what they alone say becomes comments.
        key, value: The one comment that is set, replacing others of that key.

    Raises:
        VerifyError: A block would be larger than FLAC can hold.
    """
    comments = old.comments
    added = _missing(comments, foreign)
    entries = (
        *comments.entries,
        *(f"{name}={text}".encode(errors="replace") for name, text in added),
    )
    vendor = new.comments.vendor if new else comments.vendor
    told = Comments(vendor, _with_entry(entries, key, value)).render()
    seek_table = _seek_table(old, new)
    pictures = [] if old.of_type(BlockType.PICTURE) else [p.render() for p in foreign.pictures]
    blocks = tuple(_in_order(old, new or old, told, seek_table, pictures))
    if any(len(block.data) > _LARGEST_BLOCK_BYTES for block in blocks):
        raise VerifyError("its comments together, or a foreign picture, are too large for FLAC")
    return Merged(
        blocks,
        tuple(f"{name}={text}" for name, text in added),
        tuple(_dropped(old, foreign, seek_table, pictures_used=bool(pictures))),
    )


def _missing(comments: Comments, foreign: Foreign) -> tuple[tuple[str, str], ...]:
    """Return what foreign tags say under keys that no comment has; each once, and whole."""
    known = {name for name, text in pairs(comments.entries) if text}
    told = dict.fromkeys(pair for pair in foreign.pairs if pair[0] not in known)
    cut_off = {
        (key, text[:chars]) for key, text in told for chars in _ID3V1_CHARS if chars < len(text)
    }
    return tuple(pair for pair in told if pair not in cut_off)


def _with_entry(entries: Sequence[bytes], key: str, value: str) -> tuple[bytes, ...]:
    """Set a comment where the first of its key stood, else at the end."""
    name, entry = key.encode(), f"{key}={value}".encode()
    places = [place for place, each in enumerate(entries) if key_of(each) == name]
    if not places:
        return (*entries, entry)
    first, *others = places
    return tuple(
        entry if place == first else each
        for place, each in enumerate(entries)
        if place not in others
    )


def _seek_table(old: Layout, new: Layout | None) -> bytes | None:
    tables = old.of_type(BlockType.SEEKTABLE)
    if tables and new:
        tables = new.of_type(BlockType.SEEKTABLE)
    return tables[0] if tables else None


def _in_order(
    old: Layout, current: Layout, comments: bytes, seek_table: bytes | None, pictures: list[bytes]
) -> Iterator[Block]:
    """Yield the old order of blocks, STREAMINFO first, with comments and seek table once."""
    once = {BlockType.SEEKTABLE: seek_table, BlockType.VORBIS_COMMENT: comments}
    yield Block(BlockType.STREAMINFO, current.of_type(BlockType.STREAMINFO)[0])
    if not old.of_type(BlockType.VORBIS_COMMENT):
        yield Block(BlockType.VORBIS_COMMENT, comments)
        del once[BlockType.VORBIS_COMMENT]
    for block in old.blocks:
        if block.type in {BlockType.STREAMINFO, BlockType.PADDING}:
            continue
        if block.type not in {BlockType.SEEKTABLE, BlockType.VORBIS_COMMENT}:
            yield block
        elif data := once.pop(BlockType(block.type), None):
            yield Block(block.type, data)
    yield from (Block(BlockType.PICTURE, picture) for picture in pictures)


def _dropped(
    old: Layout, foreign: Foreign, seek_table: bytes | None, *, pictures_used: bool
) -> Iterator[str]:
    told: dict[str, set[str]] = {}
    for name, text in pairs(old.comments.entries):
        told.setdefault(name, set()).add(text)
    for name, text in foreign.pairs:
        # ID3v1 holds 30 characters of a value: its beginning says no more than the whole.
        if name in told and not any(value.startswith(text) for value in told[name]):
            yield f"foreign tag {name}={text}: a comment says otherwise"
    if not pictures_used:
        yield from (
            f"foreign picture of type {each.type}, {len(each.data)} bytes: FLAC pictures are there"
            for each in foreign.pictures
        )
    yield from foreign.other
    if old.comments.rest:
        yield f"{len(old.comments.rest)} bytes of a comment block that belong to no comment"
    tables = len(old.of_type(BlockType.SEEKTABLE))
    if tables > (seek_table is not None):
        yield f"seek tables: {int(seek_table is not None)} of {tables} carried over"
