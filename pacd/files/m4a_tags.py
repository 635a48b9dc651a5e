"""The mapping of a master's comments onto the atoms of an M4A output; touches no file."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pacd.domain.media import Tags
from pacd.files.m4a_values import SHOWN_CHARS, AtomValues, spell
from pacd.files.tags import (
    PAC_PREFIX,
    R128,
    REPLAYGAIN,
    STALE,
    UNCARRIED,
    PacTags,
    clean_text,
    summed_up,
)

FREEFORM: Final = "----:com.apple.iTunes:"
PAC_FREEFORM: Final = "----:org.pac:"
SMPB: Final = f"{FREEFORM}iTunSMPB"
"""What iTunes calls the atom that makes playback gapless; the encoder's own."""

# Names as mutagen spells them, from facts/tags.md 4.1, which has them from Picard's mp4.py,
# Navidrome's mappings.yaml and TagLib's property mapping.
_NATIVE: Final = {
    "TITLE": "\xa9nam",
    "ALBUM": "\xa9alb",
    "ARTIST": "\xa9ART",
    "ALBUMARTIST": "aART",
    "COMPOSER": "\xa9wrt",
    "GENRE": "\xa9gen",
    "GROUPING": "\xa9grp",
    "COMMENT": "\xa9cmt",
    "LYRICS": "\xa9lyr",
    "UNSYNCEDLYRICS": "\xa9lyr",
    "DATE": "\xa9day",
    "TRACKNUMBER": "trkn",
    "TRACKTOTAL": "trkn",
    "TOTALTRACKS": "trkn",
    "DISCNUMBER": "disk",
    "DISCTOTAL": "disk",
    "TOTALDISCS": "disk",
    "COMPILATION": "cpil",
    "TITLESORT": "sonm",
    "ALBUMSORT": "soal",
    "ARTISTSORT": "soar",
    "ALBUMARTISTSORT": "soaa",
    "COMPOSERSORT": "soco",
    "COPYRIGHT": "cprt",
    "BPM": "tmpo",
    "WORK": "\xa9wrk",
    "MOVEMENTNAME": "\xa9mvn",
    "MOVEMENT": "\xa9mvi",
    "MOVEMENTTOTAL": "\xa9mvc",
    "SHOWMOVEMENT": "shwm",
}
_NAMED: Final = {
    "ORIGINALDATE": "originaldate",
    "ORIGINALYEAR": "originalyear",
    "KEY": "initialkey",
    "INITIALKEY": "initialkey",
    # Of MusicBrainz' ids this one is the recording's, in both worlds, and the next the track's.
    "MUSICBRAINZ_TRACKID": "MusicBrainz Track Id",
    "MUSICBRAINZ_RELEASETRACKID": "MusicBrainz Release Track Id",
    "MUSICBRAINZ_ALBUMID": "MusicBrainz Album Id",
    "MUSICBRAINZ_ARTISTID": "MusicBrainz Artist Id",
    "MUSICBRAINZ_ALBUMARTISTID": "MusicBrainz Album Artist Id",
    "MUSICBRAINZ_RELEASEGROUPID": "MusicBrainz Release Group Id",
    "MUSICBRAINZ_WORKID": "MusicBrainz Work Id",
    "MUSICBRAINZ_DISCID": "MusicBrainz Disc Id",
    "RELEASETYPE": "MusicBrainz Album Type",
    "RELEASESTATUS": "MusicBrainz Album Status",
    "RELEASECOUNTRY": "MusicBrainz Album Release Country",
    "ACOUSTID_ID": "Acoustid Id",
    "ACOUSTID_FINGERPRINT": "Acoustid Fingerprint",
}
ATOMS: Final[Mapping[str, str]] = MappingProxyType(
    {**_NATIVE, **{key: FREEFORM + name for key, name in _NAMED.items()}}
)
"""Where a comment goes, by its key; every other becomes a freeform atom of its own name."""

# A comment called as one of those freeform atoms is the same thing: their names are compared
# without case by some readers, and with it by others.
_SAME_NAME: Final = {name.upper(): FREEFORM + name for name in _NAMED.values()}

_LISTS: Final = {"\xa9ART": f"{FREEFORM}ARTISTS", "aART": f"{FREEFORM}ALBUMARTISTS"}
"""Where several artists stand one by one; the atom itself has the credit as people read it."""

_STALE_IN_M4A: Final = frozenset({"ITUNSMPB", "ITUNNORM"})
"""True of another file's stream: a gapless note, and a loudness that Apple measured there."""

_UNCARRIED_IN_M4A: Final = {
    "SYNCEDLYRICS": "M4A has no place for lyrics with times",
}

# What one comment block of a FLAC file may hold, 2^24 - 1 bytes, is carried whole; more takes
# players' memory, for they read the tags of an M4A file at once.
_MAX_TAG_BYTES: Final = 1 << 24
_VALUE_BYTES: Final = 16  # of the box that each value stands in
_MAX_ATOMS: Final = 4_096
# mutagen 1.48 takes a second for so many in one atom, and a minute for 100,000.
_MAX_VALUES: Final = 16_384


@dataclass(frozen=True, slots=True)
class M4aTags:
    """
    What an M4A output says of its music.

    Attributes:
        atoms: By mutagen's names, in the order in which the master first states them.
        lost: What could not be carried, each a sentence for people.
    """

    atoms: Mapping[str, AtomValues]
    lost: tuple[str, ...] = ()


def pac_atom(key: str) -> str:
    """The atom that one of PAC's own tags stands in: PAC_SRC_MD5 is org.pac's src_md5 (M3)."""
    return PAC_FREEFORM + key.removeprefix(PAC_PREFIX).lower()


def pac_atoms(pac: PacTags) -> Mapping[str, AtomValues]:
    """What an output says of its origin, as atoms."""
    return {pac_atom(key): (value,) for key, value in pac.pairs}


def m4a_tags(source: Tags) -> M4aTags:
    """
    Map a FLAC file's comments onto atoms (M6); values of one atom keep their order.

    Args:
        source: All comments of the master.
    """
    lost: list[str] = []
    stated: dict[str, list[tuple[str, str]]] = {}
    room, values = _MAX_TAG_BYTES, 0
    for key, value in source.pairs:
        if key in STALE or key in _STALE_IN_M4A or key.startswith(PAC_PREFIX):
            continue
        reason = _why_not(key)
        if reason:
            lost.append(reason)
            continue
        text = clean_text(key, value, lost)
        atom = ATOMS.get(key) or _SAME_NAME.get(key) or FREEFORM + key
        size = len(text.encode()) + len(atom) + _VALUE_BYTES
        full = values == _MAX_VALUES or (atom not in stated and len(stated) == _MAX_ATOMS)
        if size > room or full:
            lost.append(f"{key[:SHOWN_CHARS]!r}: more tags than an M4A output has room for")
            continue
        room, values = room - size, values + 1
        stated.setdefault(atom, []).append((key, text))
    atoms = {atom: spell(atom, pairs, lost) for atom, pairs in stated.items()}
    for credit, names in _LISTS.items():
        several = tuple(value for _key, value in stated.get(credit, ()) if value)
        if len(several) > 1 and names not in atoms:
            atoms[names] = several
    return M4aTags({atom: each for atom, each in atoms.items() if each != ()}, summed_up(lost))


def _why_not(key: str) -> str:
    """Why a comment cannot be carried; "" where it can."""
    shown = repr(key[:SHOWN_CHARS])
    if key in UNCARRIED:
        return f"{key}: {UNCARRIED[key]}"
    if key in _UNCARRIED_IN_M4A:
        return f"{key}: {_UNCARRIED_IN_M4A[key]}"
    if key.startswith(R128):
        return f"{shown}: M4A has no R128 gains, only {REPLAYGAIN}*"
    if not key or not key.isprintable():
        return f"{shown}: no valid name of an atom"
    if any(ord(letter) > 0xFF for letter in key):  # noqa: PLR2004  # Latin-1 ends there
        return f"{shown}: the name of an atom is Latin-1"
    return ""
