"""The mapping of a master's comments onto an output, and PAC's own tags; touches no file."""

import os
import re
import struct
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Self
from urllib.parse import quote, unquote_to_bytes

from pacd import VERSION
from pacd.domain.media import Tags
from pacd.domain.policy import OpusGain

Pairs = tuple[tuple[str, str], ...]

PAC_PREFIX: Final = "PAC_"

STALE: Final = frozenset(
    {"COMPRESSION", "ENCODER", "ENCODER_OPTIONS", "WAVEFORMATEXTENSIBLE_CHANNEL_MASK"}
)
"""True of the master's own stream only; an output's encoder is in PAC_ENCODER."""

UNCARRIED: Final = {
    "CUESHEET": "a cue sheet counts samples of the FLAC file",
    "METADATA_BLOCK_PICTURE": "a picture kept as text; FLAC keeps pictures in picture blocks",
}

_TOTALS: Final = {
    "TRACKNUMBER": ("TRACKTOTAL", "TOTALTRACKS"),
    "DISCNUMBER": ("DISCTOTAL", "TOTALDISCS"),
}
_TWINS: Final = {"KEY": "INITIALKEY", "INITIALKEY": "KEY"}
"""Picard and Navidrome read the one, programs of disc jockeys the other."""

_NUMBER_OF: Final = re.compile(r"(\d+)\s*/\s*(\d+)")
_KEY: Final = re.compile(r"[ -<>-}]+")  # Vorbis I specification, section 5.2.3
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MAX_LOST: Final = 20  # a hostile file may have thousands; the rest are only counted

REPLAYGAIN: Final = "REPLAYGAIN_"
R128: Final = "R128_"
_GAIN: Final = re.compile(r"([+-]?\d{1,3}(?:[.,]\d{1,9})?) ?(?:dB)?", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"([+-]?\d{1,3}(?:[.,]\d{1,9})?) ?(?:dB|LUFS)?", re.IGNORECASE)
_R128_GAIN: Final = re.compile(r"[+-]?\d{1,5}")  # RFC 7845, section 5.2.1: six characters at most

# RFC 7845, section 5.2.1: R128 gains aim at -23 LUFS, in steps of 1/256 dB, as int16.
_R128_LUFS: Final = -23.0
_STEPS_PER_DB: Final = 256
_STEPS: Final = range(-32768, 32768)
# ReplayGain 2.0: gains aim at -18 LUFS, which its predecessor called 89 dB.
_REPLAYGAIN_LUFS: Final = -18.0
_LUFS_AT_0_DB: Final = -107.0


@dataclass(frozen=True, slots=True)
class Carried:
    """
    What an output says of its music.

    Attributes:
        pairs: In the master's order, loudness last.
        output_gain: For OpusHead, in 1/256 dB.
        lost: What could not be carried, each a sentence for people.
    """

    pairs: Pairs
    output_gain: int = 0
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PacTags:
    """
    What an output says of its origin (M3).

    Attributes:
        source_rel: Of the master, relative to the library root.
    """

    src_md5: str
    encoder: str
    quality: str
    source_rel: PurePosixPath
    src_tags: str
    version: str = VERSION

    @property
    def pairs(self) -> Pairs:
        """As comments; they stand first, so that reading them is short."""
        values = (
            self.src_md5,
            self.encoder,
            self.quality,
            self.version,
            source_rel_text(self.source_rel),
            self.src_tags,
        )
        return tuple(zip(PAC_KEYS, values, strict=True))

    @classmethod
    def of(cls, tags: Tags) -> Self | None:
        """Read them back; None when the file is not one of PAC's."""
        if not tags.first("PAC_SRC_MD5"):
            return None
        md5, encoder, quality, version, source, src_tags = map(tags.first, PAC_KEYS)
        return cls(md5, encoder, quality, source_rel_path(source), src_tags, version)


PAC_KEYS: Final = (
    "PAC_SRC_MD5",
    "PAC_ENCODER",
    "PAC_QUALITY",
    "PAC_VERSION",
    "PAC_SOURCE_REL",
    "PAC_SRC_TAGS",
)


def source_rel_text(path: PurePosixPath) -> str:
    """
    Spell a relative path for PAC_SOURCE_REL.

    A path that is UTF-8 stands as it is.  Any other is percent-encoded behind a
    slash, which no relative path begins with, so that none is mistaken for another.
    """
    name = os.fsencode(path)
    try:
        return name.decode()
    except UnicodeDecodeError:
        return "/" + quote(name)


def source_rel_path(text: str) -> PurePosixPath:
    """Read what source_rel_text() wrote; text from elsewhere may lead anywhere."""
    name = unquote_to_bytes(text[1:]) if text.startswith("/") else text.encode()
    return PurePosixPath(os.fsdecode(name))


def opus_tags(source: Tags, gain: OpusGain) -> Carried:
    """
    Map a FLAC file's comments onto an Opus file's (M6); values keep their order.

    Args:
        source: All comments of the master.
        gain: How its loudness is to be written.
    """
    lost: list[str] = []
    plain = tuple(_plain(source, lost))
    loudness = _loudness(source, gain, lost)
    return Carried((*plain, *loudness.pairs), loudness.output_gain, summed_up(lost))


def summed_up(lost: Sequence[str]) -> tuple[str, ...]:
    """Say each loss once, and only count those beyond a few."""
    sentences = tuple(dict.fromkeys(lost))
    more = len(sentences) - _MAX_LOST
    return (*sentences[:_MAX_LOST], f"and {more} more") if more > 0 else sentences


def clean_text(key: str, value: str, lost: list[str]) -> str:
    """A value as UTF-8 can hold it; what cannot be held is replaced, and told."""
    clean = _SURROGATE.sub("\ufffd", value)
    if clean != value:
        lost.append(f"{key}: bytes that are not UTF-8 became \ufffd")
    return clean


def picture_comment(picture_type: int, mime: str, description: str, data: bytes) -> tuple[str, str]:
    """
    Spell a picture as the comment that Ogg formats keep it in.

    RFC 9639, section 8.8, in base64.  Width, height, depth and colours are 0: libopus
    wants all of them or none (facts: 4.2).
    """
    text = description.encode("utf-8", "replace")
    kind = mime.encode("ascii", "replace")
    head = struct.pack(">II", picture_type, len(kind)) + kind + struct.pack(">I", len(text)) + text
    block = head + struct.pack(">IIIII", 0, 0, 0, 0, len(data)) + data
    return "METADATA_BLOCK_PICTURE", b64encode(block).decode("ascii")


def _plain(source: Tags, lost: list[str]) -> Iterator[tuple[str, str]]:
    """All comments but loudness, each as it goes into the output."""
    present = {key for key, _value in source.pairs}
    for key, value in source.pairs:
        if key in STALE or key.startswith((PAC_PREFIX, REPLAYGAIN, R128)):
            continue
        if key in UNCARRIED:
            lost.append(f"{key}: {UNCARRIED[key]}")
        elif not _KEY.fullmatch(key):
            lost.append(f"{key[:40]!r}: no valid name of a comment")
        elif key in _TOTALS:
            yield from _number(key, clean_text(key, value, lost), present)
        elif key in _TWINS:
            text = clean_text(key, value, lost)
            yield key, text
            if _TWINS[key] not in present:
                yield _TWINS[key], text
        elif key != "UNSYNCEDLYRICS":
            yield key, clean_text(key, value, lost)
        elif value not in source.all("LYRICS"):
            yield "LYRICS", clean_text(key, value, lost)


def _number(key: str, value: str, present: set[str]) -> Iterator[tuple[str, str]]:
    """Split "3/12"; a total that has a comment of its own is not repeated."""
    total_keys = _TOTALS[key]
    found = _NUMBER_OF.fullmatch(value.strip())
    yield key, found[1] if found else value
    if found and present.isdisjoint(total_keys):
        yield total_keys[0], found[2]


def _loudness(source: Tags, gain: OpusGain, lost: list[str]) -> Carried:
    kept: Pairs = ()
    if gain in {OpusGain.REPLAYGAIN, OpusGain.BOTH}:
        kept = tuple(
            (key, clean_text(key, value, lost))
            for key, value in source.pairs
            if key.startswith(REPLAYGAIN) and _KEY.fullmatch(key)
        )
    if gain is OpusGain.REPLAYGAIN and kept:
        return Carried(kept)
    track, album = (_steps(source, which, lost) for which in ("TRACK", "ALBUM"))
    header = 0
    if gain is OpusGain.HEADER_ALBUM and album is not None and _fits("ALBUM", album, lost):
        track = None if track is None else track - album
        header, album = album, 0
    pairs = tuple(
        (f"{R128}{which}_GAIN", str(steps))
        for which, steps in (("TRACK", track), ("ALBUM", album))
        if steps is not None and _fits(which, steps, lost)
    )
    return Carried((*kept, *pairs), header)


def _steps(source: Tags, which: str, lost: list[str]) -> int | None:
    """One gain in R128 steps: from ReplayGain, else from R128 as it stands; None without."""
    key = f"{REPLAYGAIN}{which}_GAIN"
    stated = source.first(key).strip()
    found = _GAIN.fullmatch(stated)
    if found:
        shift = _R128_LUFS - _reference_lufs(source)
        return round((_decimal(found[1]) + shift) * _STEPS_PER_DB)
    if stated:
        lost.append(f"{key}: {stated[:40]!r} is no gain")
    key = f"{R128}{which}_GAIN"
    stated = source.first(key).strip()
    if _R128_GAIN.fullmatch(stated):
        return int(stated)
    if stated:
        lost.append(f"{key}: {stated[:40]!r} is no whole number of up to six characters")
    return None


def _fits(which: str, steps: int, lost: list[str]) -> bool:
    if steps in _STEPS:
        return True
    lost.append(f"{R128}{which}_GAIN: {steps / _STEPS_PER_DB:.2f} dB is beyond its range")
    return False


def _reference_lufs(source: Tags) -> float:
    """Loudness that the master's gains aim at; the usual one when it is not stated."""
    found = _REFERENCE.fullmatch(source.first(f"{REPLAYGAIN}REFERENCE_LOUDNESS").strip())
    if not found:
        return _REPLAYGAIN_LUFS
    value = _decimal(found[1])
    return value + _LUFS_AT_0_DB if value > 0 else value


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))
