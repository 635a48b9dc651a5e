"""The table of tags in docs/guide.md, made by mapping each tag as a mirror does."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from pacd.domain.media import Tags
from pacd.domain.policy import OpusGain
from pacd.files.m4a_tags import ATOMS, FREEFORM, m4a_tags
from pacd.files.m4a_values import AtomValues
from pacd.files.tags import REPLAYGAIN, STALE, UNCARRIED, opus_tags

BEGIN = "<!-- made by tests/unit/files/test_tag_table.py --update-docs -->"
END = "<!-- end of what is made -->"

# Of facts/tags.md 4.1, what has no atom of its own but its name in Vorbis comments.
_BY_NAME = (
    *("ARTISTS", "ALBUMARTISTS", "RELEASEDATE", "ENCODEDBY", "LYRICIST", "CONDUCTOR", "ENGINEER"),
    *("PRODUCER", "MIXER", "DJMIXER", "REMIXER", "PERFORMER", "ISRC", "BARCODE", "ASIN", "MEDIA"),
    *("LABEL", "CATALOGNUMBER", "LICENSE", "SUBTITLE", "DISCSUBTITLE", "MOOD", "SCRIPT"),
    *("LANGUAGE", "ANY OTHER NAME"),
)
_SEVERAL = ("ARTIST", "ALBUMARTIST", "GENRE", "MUSICBRAINZ_ARTISTID")
_GAINS = tuple(
    f"{REPLAYGAIN}{which}" for which in ("TRACK_GAIN", "ALBUM_GAIN", "TRACK_PEAK", "ALBUM_PEAK")
)
_SAMPLES = {
    "TRACKNUMBER": "3/12",
    "DISCNUMBER": "1/2",
    "BPM": "127.6",
    **dict.fromkeys(("TRACKTOTAL", "TOTALTRACKS", "DISCTOTAL", "TOTALDISCS"), "12"),
    **dict.fromkeys(("COMPILATION", "SHOWMOVEMENT", "MOVEMENT", "MOVEMENTTOTAL"), "1"),
    **dict.fromkeys(_GAINS[:2], "-7.50 dB"),
    **dict.fromkeys(_GAINS[2:], "0.988553"),
    **dict.fromkeys(("R128_TRACK_GAIN", "R128_ALBUM_GAIN"), "-3200"),
}
_PLAIN = "x"


def in_words() -> str:
    """All rows; each says what comes of one tag, or of several values of it."""
    lost = (*UNCARRIED, "SYNCEDLYRICS", *sorted(STALE))
    single = (*ATOMS, *_BY_NAME, *_GAINS, "R128_TRACK_GAIN", "R128_ALBUM_GAIN", *lost)
    rows = [_row(key, [_SAMPLES.get(key, _PLAIN)]) for key in single]
    rows += [_row(key, ["A", "B"]) for key in _SEVERAL]
    alike = ((what, [*same]) for what, same in groupby(rows, lambda row: row[1:]))
    merged = [(", ".join(names for names, *_what in same), *what) for what, same in alike]
    head = ["| in the master | in Opus | in M4A |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in merged)])


def _row(key: str, values: Sequence[str]) -> tuple[str, str, str]:
    tags = Tags.of((key, value) for value in values)
    opus, m4a = opus_tags(tags, OpusGain.R128), m4a_tags(tags)
    own_atom = f"`{FREEFORM}{key}`"
    in_opus = _list((_named(name, [value]) for name, value in opus.pairs), opus.lost)
    in_m4a = _list((f"`{atom}`{_told(each)}" for atom, each in m4a.atoms.items()), m4a.lost)
    stated = _named(key, values)
    return (
        stated,
        "the same" if in_opus == stated else in_opus,
        "freeform, by its name" if in_m4a == own_atom else in_m4a.replace(FREEFORM, ""),
    )


def _named(key: str, values: Sequence[str]) -> str:
    """A tag; of the simplest the value does not matter."""
    return ", ".join(f"`{key}`" if value == _PLAIN else f"`{key}={value}`" for value in values)


def _told(values: AtomValues) -> str:
    if isinstance(values, bool):
        return " yes" if values else " no"
    texts = ("/".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in values)
    shown = ", ".join(texts)
    return "" if shown == _PLAIN else f" {shown}"


def _list(parts: Iterable[str], lost: Sequence[str]) -> str:
    return ", ".join(parts) or ("lost, and told" if lost else "left out")
