"""Reads the tags that do not belong into a FLAC file, before and behind the stream."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Final

from mutagen import MutagenError
from mutagen.apev2 import BINARY, APEv2
from mutagen.id3 import ID3, ParseID3v1

from pacd.errors import VerifyError
from pacd.files.flac_blocks import Layout
from pacd.files.flac_fields import EmbeddedPicture
from pacd.files.flac_tail import REMEMBERED_BYTES, id3v2_bytes

Pair = tuple[str, str]

_LARGEST_BYTES: Final = 64 << 20
_FRONT: Final = 3  # RFC 9639, section 8.8, as in ID3v2
_ID3V1_BYTES: Final = 128

# ID3v2.4 frames (id3.org/id3v2.4.0-frames, section 4.2) and their names in Vorbis comments,
# as facts/tags.md 4.1 spells them.
_FRAMES: Final = {
    "TALB": "ALBUM",
    "TBPM": "BPM",
    "TCMP": "COMPILATION",
    "TCOM": "COMPOSER",
    "TCOP": "COPYRIGHT",
    "TDOR": "ORIGINALDATE",
    "TDRC": "DATE",
    "TENC": "ENCODEDBY",
    "TEXT": "LYRICIST",
    "TIT1": "GROUPING",
    "TIT2": "TITLE",
    "TIT3": "SUBTITLE",
    "TKEY": "KEY",
    "TLAN": "LANGUAGE",
    "TMED": "MEDIA",
    "TMOO": "MOOD",
    "TPE1": "ARTIST",
    "TPE2": "ALBUMARTIST",
    "TPE3": "CONDUCTOR",
    "TPE4": "REMIXER",
    "TPUB": "LABEL",
    "TSO2": "ALBUMARTISTSORT",
    "TSOA": "ALBUMSORT",
    "TSOC": "COMPOSERSORT",
    "TSOP": "ARTISTSORT",
    "TSOT": "TITLESORT",
    "TSRC": "ISRC",
    "TSST": "DISCSUBTITLE",
}
_NUMBERS: Final = {
    "TRCK": ("TRACKNUMBER", "TRACKTOTAL"),
    "TPOS": ("DISCNUMBER", "DISCTOTAL"),
}
_APE_KEYS: Final = {
    "ALBUM ARTIST": "ALBUMARTIST",
    "DISC": "DISCNUMBER",
    "TRACK": "TRACKNUMBER",
    "YEAR": "DATE",
}


@dataclass(frozen=True, slots=True)
class Foreign:
    """
    What foreign tags say.

    Attributes:
        pairs: (key, value) as Vorbis comments would have them.
        pictures: Those with data.
        other: What has no place in a FLAC file, in words, to be remembered.
    """

    pairs: tuple[Pair, ...] = ()
    pictures: tuple[EmbeddedPicture, ...] = ()
    other: tuple[str, ...] = ()


def read_foreign(file: BinaryIO, layout: Layout) -> Foreign:
    """
    Read everything that stands before and behind a stream.

    Raises:
        VerifyError: It is larger than any tag would be.
    """
    behind_bytes = layout.size_bytes - layout.end
    if max(layout.prefix_bytes, behind_bytes) > _LARGEST_BYTES:
        raise VerifyError("the tags before or behind its audio are too large to be looked through")
    file.seek(0)
    before = file.read(layout.prefix_bytes)
    file.seek(layout.end)
    behind = file.read(behind_bytes)
    junk_bytes = layout.tags_offset - layout.end
    found = [*_before(before), *_behind(behind[junk_bytes:]), *_junk(behind[:junk_bytes])]
    return Foreign(
        tuple(each for each in found if isinstance(each, tuple)),
        tuple(each for each in found if isinstance(each, EmbeddedPicture)),
        tuple(each for each in found if isinstance(each, str)),
    )


_Found = Pair | EmbeddedPicture | str


def _before(data: bytes) -> Iterator[_Found]:
    while size := id3v2_bytes(data):
        yield from _id3v2(data[:size])
        data = data[size:]


def _behind(data: bytes) -> Iterator[_Found]:
    if data[-_ID3V1_BYTES:][:3] == b"TAG":
        frames = dict(ParseID3v1(data[-_ID3V1_BYTES:]) or {})
        if data[-1] == 0 and frames.pop("TCON", None):
            yield "ID3v1 genre 0: Blues, or never set"
        yield from _frames(frames.values())
    if b"APETAGEX" in data:
        yield from _apev2(data)
    if b"LYRICSBEGIN" in data:
        yield "Lyrics3: " + data.partition(b"LYRICSBEGIN")[2].decode("latin-1")[:REMEMBERED_BYTES]
    if data[-10:-7] == b"3DI":
        start = data.find(b"ID3")
        yield from _id3v2(data[max(0, start) :])


def _junk(data: bytes) -> Iterator[_Found]:
    if data:
        told = data.hex() if any(data) else "all zero"
        yield f"{len(data)} bytes behind the audio: {told}"


def _id3v2(data: bytes) -> Iterator[_Found]:
    try:
        tag = ID3(BytesIO(data))
    except MutagenError as error:
        told = data[:REMEMBERED_BYTES].hex()
        yield f"an ID3v2 tag of {len(data)} bytes that cannot be read ({error}): {told}"
        return
    yield from _frames(tag.values())
    for unknown in tag.unknown_frames:
        yield f"ID3v2 frame: {unknown[:REMEMBERED_BYTES].hex()}"


def _frames(frames: Iterable[Any]) -> Iterator[_Found]:
    for frame in frames:
        told = list(_told(frame))
        yield from told or [f"ID3 {frame.FrameID}: {str(frame)[:REMEMBERED_BYTES]}"]


def _told(frame: Any) -> Iterator[_Found]:
    """Yield what one frame says in words FLAC has; nothing where it has none."""
    kind: str = frame.FrameID
    if kind in _FRAMES:
        yield from ((_FRAMES[kind], str(text)) for text in frame.text if str(text))
    elif kind == "TCON":
        yield from (("GENRE", genre) for genre in frame.genres)
    elif kind in _NUMBERS:
        yield from _numbers(_NUMBERS[kind], str(frame))
    elif kind == "COMM" and not frame.desc:
        yield from (("COMMENT", text) for text in frame.text if text)
    elif kind == "USLT":
        yield ("LYRICS", frame.text)
    elif kind == "TXXX" and _is_key(frame.desc):
        yield from ((_own_key(frame.desc), str(text)) for text in frame.text)
    elif kind == "UFID" and frame.owner == "http://musicbrainz.org":
        yield ("MUSICBRAINZ_TRACKID", frame.data.decode("ascii", "replace"))
    elif kind == "APIC" and frame.data and frame.mime != "-->":
        yield EmbeddedPicture(int(frame.type), frame.mime, frame.desc, frame.data)


def _apev2(data: bytes) -> Iterator[_Found]:
    try:
        tag = APEv2(BytesIO(data))
    except MutagenError as error:
        yield f"an APE tag that cannot be read ({error}): {data[:REMEMBERED_BYTES].hex()}"
        return
    for name, value in tag.items():
        key = _APE_KEYS.get(name.upper(), name.upper())
        if value.kind == BINARY:
            yield from _ape_picture(name, bytes(value))
        elif key in {"TRACKNUMBER", "DISCNUMBER"}:
            yield from _numbers((key, key.replace("NUMBER", "TOTAL")), str(value))
        else:
            yield from ((key, text) for text in str(value).split("\0"))


def _ape_picture(name: str, value: bytes) -> Iterator[_Found]:
    """A cover is its file's name, a zero byte and the picture (as foobar2000 writes it)."""
    _file_name, _zero, picture = value.partition(b"\0")
    if name.upper() == "COVER ART (FRONT)" and picture:
        mime = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
        yield EmbeddedPicture(_FRONT, mime, "", picture)
    else:
        yield f"APE {name}: {value[:REMEMBERED_BYTES].hex()}"


def _numbers(keys: tuple[str, str], text: str) -> Iterator[Pair]:
    number, _slash, total = text.partition("/")
    yield from (
        (key, part.strip()) for key, part in zip(keys, (number, total), strict=True) if part
    )


def _is_key(name: str) -> bool:
    """Whether a Vorbis comment may be called so (RFC 9639, section 8.6)."""
    return bool(name) and all(" " <= letter <= "}" and letter != "=" for letter in name)


def _own_key(name: str) -> str:
    """Spell "MusicBrainz Album Id" as Vorbis comments do, and anything else in upper case."""
    if name.startswith("MusicBrainz "):
        return "MUSICBRAINZ_" + name.removeprefix("MusicBrainz ").replace(" ", "").upper()
    return name.upper()
