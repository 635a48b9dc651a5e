"""The two kinds of outputs behind one seam: what a step does with a file, whatever its codec."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pacd.domain.media import FRONT_COVER, AudioFormat, Codec, Tags
from pacd.domain.policy import EXTENSIONS, OpusGain
from pacd.files.flac_fields import EmbeddedPicture
from pacd.files.m4a import (
    m4a_audio_digest,
    m4a_length_matches,
    read_freeform,
    read_m4a,
    write_atoms,
)
from pacd.files.m4a_tags import m4a_tags, pac_atom, pac_atoms
from pacd.files.m4a_values import AtomValues
from pacd.files.opus import (
    OPUS_RATE_HZ,
    audio_digest,
    length_matches,
    read_comments,
    read_opus,
    set_output_gain,
    write_comments,
)
from pacd.files.stream import Stream
from pacd.files.tags import PAC_KEYS, PacTags, opus_tags, picture_comment


@dataclass(frozen=True, slots=True)
class Dress:
    """
    All that an output is to carry besides its audio.

    Attributes:
        tags: All comments of the master.
        pictures: As a mirror carries them, the front cover first.
        opus_gain: How loudness is written into Opus; M4A has one way only.
    """

    pac: PacTags
    tags: Tags
    pictures: Sequence[EmbeddedPicture]
    opus_gain: OpusGain


@dataclass(frozen=True, slots=True)
class Container:
    """
    What can be done with a kind of output; every path is of a file with no name yet, or read only.

    Attributes:
        read_pac_tags: None where the file is not one of PAC's; VerifyError where it is not
            of this kind.
        read_stream: What its headers say; VerifyError where they are not of this kind.
        length_matches: Whether an output plays as long as its master (M7).
        audio_digest: Equal means that the audio is the same, whatever the tags; VerifyError
            where the file is damaged.
        dress: Replaces all tags and pictures; returns what was lost, as sentences.
            VerifyError where they cannot be written, OSError where the disk takes no more.
    """

    read_pac_tags: Callable[[Path], PacTags | None]
    read_stream: Callable[[Path], Stream]
    length_matches: Callable[[AudioFormat, Stream], bool]
    audio_digest: Callable[[Path], bytes]
    dress: Callable[[Path, Dress], tuple[str, ...]]


def container_of(path: Path) -> Container | None:
    """What an output is by its name; None for names that no output has."""
    return _BY_SUFFIX.get(path.suffix)


def _opus_pac_tags(path: Path) -> PacTags | None:
    return PacTags.of(read_comments(path, only=frozenset(PAC_KEYS)))


def _opus_stream(path: Path) -> Stream:
    made = read_opus(path)
    return Stream(OPUS_RATE_HZ, made.channels, made.samples, made.complete)


def _dress_opus(path: Path, dress: Dress) -> tuple[str, ...]:
    carried = opus_tags(dress.tags, dress.opus_gain)
    pictures = (
        picture_comment(each.type, each.mime, each.description, each.data)
        for each in dress.pictures
    )
    write_comments(path, (*dress.pac.pairs, *carried.pairs, *pictures))
    if read_opus(path).output_gain != carried.output_gain:
        set_output_gain(path, carried.output_gain)
    return carried.lost


_ATOM_KEYS: Final = {pac_atom(key): key for key in PAC_KEYS}


def _m4a_pac_tags(path: Path) -> PacTags | None:
    found = read_freeform(path, only=frozenset(_ATOM_KEYS))
    return PacTags.of(Tags(tuple((_ATOM_KEYS[name], value) for name, value in found.items())))


def _dress_m4a(path: Path, dress: Dress) -> tuple[str, ...]:
    carried = m4a_tags(dress.tags)
    covers = tuple(each.data for each in dress.pictures)
    art: Mapping[str, AtomValues] = {"covr": covers} if covers else {}
    write_atoms(path, {**carried.atoms, **art, **pac_atoms(dress.pac)})
    return (*carried.lost, *(_unsaid(each) for each in dress.pictures if _says_more(each)))


def _says_more(picture: EmbeddedPicture) -> bool:
    return picture.type != FRONT_COVER or bool(picture.description)


def _unsaid(picture: EmbeddedPicture) -> str:
    told = f"picture of type {picture.type}, {picture.description[:40]!r}"
    return f"{told}: an M4A file has room for the picture, but not for its type and description"


CONTAINERS: Final[Mapping[Codec, Container]] = MappingProxyType(
    {
        Codec.OPUS: Container(
            _opus_pac_tags, _opus_stream, length_matches, audio_digest, _dress_opus
        ),
        Codec.AAC: Container(
            _m4a_pac_tags, read_m4a, m4a_length_matches, m4a_audio_digest, _dress_m4a
        ),
    }
)

_BY_SUFFIX: Final = {EXTENSIONS[codec]: container for codec, container in CONTAINERS.items()}
