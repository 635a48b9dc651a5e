"""A FLAC file's header as values; reads, never writes."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from pacd.domain.media import (
    FRONT_COVER,
    MOST_PICTURES,
    MOST_TAGS,
    TAG_CHARS,
    Picture,
    Tags,
    Track,
)
from pacd.errors import NotRegularError
from pacd.files.atomic import open_regular
from pacd.files.flac_blocks import LAST_BLOCK, MARKER, BlockType, Layout, read_layout
from pacd.files.flac_fields import EmbeddedPicture, key_of, pairs

COMPRESSION: Final = "COMPRESSION"
"""The tag in which PAC says what it did to a master (F4)."""

# RFC 9639, sections 8 to 8.2: marker, one block's head, STREAMINFO, whose end is the MD5.
_TYPE_AT: Final = 4
_MD5_AT: Final = 26
_HEAD_BYTES: Final = 42

_SHOWN: Final = frozenset(
    {
        # shown, and used in the names of covers (F7)
        *("TITLE", "ARTIST", "ALBUM", "ALBUMARTIST", "ALBUM ARTIST", "ALBUMARTISTS", "ARTISTS"),
        *("DATE", "YEAR", "ORIGINALDATE", "TRACKNUMBER", "TRACKTOTAL", "TOTALTRACKS"),
        *("DISCNUMBER", "DISCTOTAL", "TOTALDISCS", "COMPILATION", "GENRE", "ISRC"),
        # decided by (F4, A3)
        *(COMPRESSION, "LOSSYMASTERED", "MASTERING", "SOURCE", "RELEASE", "WEB"),
    }
)


def read_track(path: Path) -> Track:
    """
    Read all that planning needs.

    Raises:
        NotFlacError, DamagedHeaderError: As read_layout() says.
    """
    with open_regular(path) as file:
        return track_of(read_layout(file))


def stated_md5(path: Path) -> str:
    """
    Read the audio MD5 that a FLAC file claims, and nothing else; "" where that cannot be told.

    Files with anything before the stream claim none here.
    """
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, NotRegularError):
        return ""
    plain = head.startswith(MARKER) and head[_TYPE_AT] & ~LAST_BLOCK == BlockType.STREAMINFO
    md5 = head[_MD5_AT:] if plain and len(head) == _HEAD_BYTES else b""
    return md5.hex() if any(md5) else ""


def read_tags(file: BinaryIO) -> Tags:
    """Read all comments of an open file that have a key, in order; raises as read_track()."""
    return Tags(tuple(pairs(read_layout(file).comments.entries)))


def read_pictures(file: BinaryIO) -> tuple[EmbeddedPicture, ...]:
    """Read all pictures of an open file with their bytes, in order; raises as read_track()."""
    return _pictures(read_layout(file))


def track_of(layout: Layout, *, also: Collection[str] = ()) -> Track:
    """
    Return what planning needs of a header that is already read.

    Args:
        also: Names of further tags that it decides by, in upper case.
    """
    comments = layout.comments
    tags = Tags(tuple(pairs(comments.entries)))
    pictures = _pictures(layout)
    kept = _SHOWN.union(also)
    shown = ((key, value[:TAG_CHARS]) for key, value in tags.pairs if key in kept)
    return Track(
        audio=layout.info.audio,
        audio_md5=layout.info.audio_md5,
        tags=Tags(tuple(islice(shown, MOST_TAGS))),
        tags_md5=_tags_md5(comments.entries, pictures),
        pictures=_told(pictures),
        compression=tags.first(COMPRESSION)[:TAG_CHARS],
        quirks=layout.quirks,
    )


def _pictures(layout: Layout) -> tuple[EmbeddedPicture, ...]:
    found = map(EmbeddedPicture.parse, layout.of_type(BlockType.PICTURE))
    return tuple(picture for picture in found if picture)


def _told(pictures: Sequence[EmbeddedPicture]) -> tuple[Picture, ...]:
    """Return the first pictures, and the front cover wherever it is."""
    told = list(pictures[:MOST_PICTURES])
    later = (each for each in pictures[MOST_PICTURES:] if each.type == FRONT_COVER)
    if FRONT_COVER not in {each.type for each in told}:
        told += islice(later, 1)
    return tuple(replace(each.summary, mime=each.mime[:TAG_CHARS]) for each in told)


def _tags_md5(entries: Sequence[bytes], pictures: Sequence[EmbeddedPicture]) -> str:
    """
    Hash what a mirror carries: every output states it (PAC_SRC_TAGS), so it never changes form.

    Keys in upper case and sorted, the values of a key in file order, each with its length.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for entry in sorted(entries, key=key_of):
        key, _equals, value = entry.partition(b"=")
        if key_of(entry) != COMPRESSION.encode():
            digest.update(b"%d %s %d " % (len(key), key.upper(), len(value)))
            digest.update(value)
    for picture in pictures:
        told = picture.summary
        text = picture.description
        digest.update(f"{told.type} {told.mime} {len(text)} {text} {told.md5}".encode())
    return digest.hexdigest()
