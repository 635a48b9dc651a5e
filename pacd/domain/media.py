"""What is known of a recording from its header; decides nothing, reads nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from operator import gt
from typing import Final


class Codec(StrEnum):
    """What a mirror is encoded with.  The value is what the settings spell."""

    OPUS = "opus"
    AAC = "aac"


class Quirk(StrEnum):
    """
    Something odd in a FLAC file that a rewrite puts right (F5).

    The value is what the store keeps: never rename one.
    """

    ID3V2 = "id3v2"
    ID3V1 = "id3v1"
    TWO_COMMENT_BLOCKS = "two-comment-blocks"
    STREAMINFO_NOT_FIRST = "streaminfo-not-first"
    UNKNOWN_LENGTH = "unknown-length"
    WRONG_LENGTH = "wrong-length"
    TRAILING_BYTES = "trailing-bytes"

    @property
    def words(self) -> str:
        """The quirk as a clause for people."""
        return _QUIRK_WORDS[self]


_QUIRK_WORDS: Final = {
    Quirk.ID3V2: "an ID3v2 tag stands before the stream",
    Quirk.ID3V1: "an ID3v1 tag stands behind the stream",
    Quirk.TWO_COMMENT_BLOCKS: "it has more than one comment block",
    Quirk.STREAMINFO_NOT_FIRST: "STREAMINFO is not its first block",
    Quirk.UNKNOWN_LENGTH: "its header does not say how long it is",
    Quirk.WRONG_LENGTH: "its header says that it is shorter than it is",
    Quirk.TRAILING_BYTES: "something that is no audio stands behind the stream",
}


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """
    The shape of the samples, as STREAMINFO states it.

    Attributes:
        total_samples: Per channel; 0 where the header does not say.
    """

    sample_rate_hz: int
    bits_per_sample: int
    channels: int
    total_samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds; 0.0 where the header does not say."""
        return self.total_samples / self.sample_rate_hz if self.sample_rate_hz else 0.0

    @property
    def above_cd(self) -> bool:
        """Whether its rate, depth or number of channels is above a CD's."""
        return bool(self.where(gt, CD))

    def where(self, differs: Callable[[int, int], bool], other: "AudioFormat") -> str:
        """Tell in words what differs so from another audio's, as "96 kHz, 24 bit"; "" if none."""
        told = (
            (f"{self.sample_rate_hz / 1000:g} kHz", self.sample_rate_hz, other.sample_rate_hz),
            (f"{self.bits_per_sample} bit", self.bits_per_sample, other.bits_per_sample),
            (f"{self.channels} channels", self.channels, other.channels),
        )
        return ", ".join(words for words, ours, theirs in told if differs(ours, theirs))

    @property
    def in_cd_form(self) -> "AudioFormat":
        """
        The shape that audio above a CD's is brought to (F6): 16 bits; no rate or channel is added.

        It is as long as the original, to the sample: one stands at every k / rate seconds
        before the original's end, so there are ceil(samples * new rate / rate) of them.
        """
        rate_hz = min(self.sample_rate_hz, CD.sample_rate_hz)
        return AudioFormat(
            sample_rate_hz=rate_hz,
            bits_per_sample=CD.bits_per_sample,
            channels=min(self.channels, CD.channels),
            total_samples=-(-self.total_samples * rate_hz // self.sample_rate_hz),
        )


CD: Final = AudioFormat(44_100, 16, 2, 0)  # IEC 60908


@dataclass(frozen=True, slots=True)
class Tags:
    """
    Vorbis comments in file order; several values for one key are several pairs.

    Attributes:
        pairs: (key in upper case, value).
    """

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Tags":
        """Build from pairs whose keys may be in any case."""
        return cls(tuple((key.upper(), value) for key, value in pairs))

    def all(self, key: str) -> tuple[str, ...]:
        """All values of a key given in upper case, in file order."""
        return tuple(value for name, value in self.pairs if name == key)

    def first(self, *keys: str) -> str:
        """The first non-empty value of the first key that has one, else ""."""
        return next((value for key in keys for value in self.all(key) if value), "")


@dataclass(frozen=True, slots=True)
class Picture:
    """
    One picture of a FLAC file, without its bytes.

    Attributes:
        type: Picture type of RFC 9639 section 8.8; 3 is the front cover.
        md5: MD5 of the picture's data, hex.
    """

    type: int
    mime: str
    md5: str
    size_bytes: int


FRONT_COVER: Final = 3  # RFC 9639, section 8.8, table of picture types


@dataclass(frozen=True, slots=True)
class Track:
    """
    All that planning needs of a FLAC file's header.

    Attributes:
        audio_md5: What STREAMINFO states, hex; "" where it is unset (all zero).
        tags: Only the tags that PAC decides and displays by, the first MOST_TAGS of
            them, values cut to TAG_CHARS; the whole set stays in the file.
        tags_md5: Hash of all tags and pictures but PAC's own bookkeeping, hex:
            equal means that nothing a mirror carries has changed.
        pictures: In file order, the first MOST_PICTURES and the front cover.
        compression: Value of the COMPRESSION tag; "" without one.
    """

    audio: AudioFormat
    audio_md5: str
    tags: Tags
    tags_md5: str
    pictures: tuple[Picture, ...] = ()
    compression: str = ""
    quirks: frozenset[Quirk] = frozenset()

    @property
    def cover(self) -> Picture | None:
        """The front cover, else the first picture, else None."""
        fronts = [picture for picture in self.pictures if picture.type == FRONT_COVER]
        return next(iter(fronts or self.pictures), None)


TAG_CHARS: Final = 1_000

MOST_TAGS: Final = 1_000
"""Tags of a file that the daemon is told of; the file keeps all it has (X2)."""

MOST_PICTURES: Final = 100
"""Pictures that the daemon is told of: there are 21 types, and a hostile file may have millions."""
