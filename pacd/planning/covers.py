"""Where each cover belongs and whose picture it is; touches nothing."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.media import Picture, Tags, Track
from pacd.domain.plan import Facts
from pacd.domain.policy import ArtworkPolicy
from pacd.planning.names import is_device, legal, shortened

MAX_NAME_BYTES: Final = 240  # ext4, exFAT and most others hold 255; the rest is for temporaries

_FIELD: Final = re.compile(r"\{(albumartist|artist|album|date|disc)\}")
_PICTURE_SUFFIX: Final = re.compile(r"\.(?:jpe?g|png)$", re.IGNORECASE)

_LINK: Final = "-->"  # RFC 9639, section 8.8: the picture is not here, its data is a URL
_LOSSLESS: Final = frozenset({"image/png", "image/gif", "image/bmp", "image/x-ms-bmp"})
"""Exported as PNG; every other picture as JPEG."""


@dataclass(frozen=True, slots=True)
class CoverWanted:
    """
    One cover that should stand in the art root.

    Attributes:
        target: Relative to the art root.
        source: The master whose front cover it is, relative to the library root.
    """

    target: PurePosixPath
    source: PurePosixPath
    picture: Picture


def wanted_covers(tracks: Sequence[Facts], policy: ArtworkPolicy) -> tuple[CoverWanted, ...]:
    """
    Choose one cover per target among one folder's masters (F7).

    The first sound master with a picture gives it, by disc, track number and path.

    Returns:
        Sorted by target.
    """
    chosen: dict[PurePosixPath, CoverWanted] = {}
    for facts in sorted(tracks, key=_position):
        picture = _picture(facts)
        if facts.track is None or picture is None:
            continue
        target = cover_target(facts.track, policy.pattern, cover_extension(picture.mime))
        chosen.setdefault(target, CoverWanted(target, facts.path, picture))
    return tuple(chosen[target] for target in sorted(chosen))


def cover_extension(mime: str) -> str:
    """The extension of an exported cover, with its dot: JPEG and PNG keep their bytes."""
    return ".png" if mime.lower() in _LOSSLESS else ".jpg"


def cover_target(track: Track, pattern: str, extension: str) -> PurePosixPath:
    """
    Name a track's cover, relative to the art root.

    Only the pattern's own slashes make folders, and no part can leave the root,
    whatever the tags say (w51).

    Args:
        pattern: With {albumartist} {artist} {album} {date} {disc}.
        extension: With its dot; takes the place of the pattern's own.
    """
    parts = [part for part in pattern.split("/") if part] or [""]
    last = _PICTURE_SUFFIX.sub("", parts.pop())
    folders = [_component(part, track.tags) for part in parts]
    return PurePosixPath(*folders, _component(last, track.tags, extension))


def _picture(facts: Facts) -> Picture | None:
    """The front cover of a sound master, if its bytes are in the file."""
    sound = facts.check is not None and facts.check.integrity.sound
    cover = facts.track.cover if facts.track and sound else None
    return cover if cover and cover.mime != _LINK else None


def _position(facts: Facts) -> tuple[int, int, PurePosixPath]:
    tags = facts.track.tags if facts.track else Tags()
    return (
        leading_number(tags.first("DISCNUMBER")),
        leading_number(tags.first("TRACKNUMBER")),
        facts.path,
    )


def leading_number(text: str) -> int:
    """The number that a text such as "3/12" begins with; 0 without one."""
    found = re.match(r"\s{0,9}(\d{1,9})", text)
    return int(found[1]) if found else 0


def _component(part: str, tags: Tags, suffix: str = "") -> str:
    """One name of a path, its fields filled in."""
    return safe_name(_FIELD.sub(lambda found: value_of(found[1], tags), part), suffix)


def safe_name(text: str, suffix: str = "") -> str:
    """Make one name of a path, for every file system, of any text; the suffix stays whole."""
    text = unicodedata.normalize("NFC", legal(text))
    text = text.strip(" ").rstrip(". ")
    if not text or text.startswith("."):
        text = "_" + text[1:]
    if is_device(text):
        text = "_" + text
    return shortened(text, MAX_NAME_BYTES - len(suffix)) + suffix


def value_of(field: str, tags: Tags) -> str:
    """What stands for `{field}`; never empty."""
    artist = _stated(tags, "ARTIST")
    values = {
        "albumartist": _stated(tags, "ALBUMARTIST") or _stated(tags, "ALBUM ARTIST") or artist,
        "artist": artist,
        "album": _stated(tags, "ALBUM"),
        "date": _stated(tags, "DATE"),
        "disc": _stated(tags, "DISCNUMBER").partition("/")[0].strip(),
    }
    return values[field] or _UNKNOWN[field]


_UNKNOWN: Final = {
    "albumartist": "Unknown Artist",
    "artist": "Unknown Artist",
    "album": "Unknown Album",
    "date": "0000",
    "disc": "1",
}


def _stated(tags: Tags, key: str) -> str:
    return tags.first(key).strip()
