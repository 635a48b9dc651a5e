"""Where a master's spectrogram belongs; touches nothing."""

from pathlib import PurePosixPath
from typing import Final

from pacd.domain.media import Tags, Track
from pacd.planning.covers import leading_number, safe_name, value_of

_MD5_CHARS: Final = 8
"""Of the audio's MD5: two versions of a track on one album have a picture each."""


def spectrogram_target(track: Track) -> PurePosixPath:
    """
    Name a track's spectrogram, relative to the analysis root (A5).

    `{albumartist}/{album}/{track}.png`, where the track is disc and number, title, and the
    beginning of the audio's MD5.  Nothing in the tags can leave the root (w51).
    """
    folders = (safe_name(value_of(field, track.tags)) for field in ("albumartist", "album"))
    suffix = f"{track.audio_md5[:_MD5_CHARS]}.png"
    return PurePosixPath(*folders, safe_name(_name(track.tags), f" {suffix}"))


def _name(tags: Tags) -> str:
    """As "2-07 Title"; what is not known is left out."""
    disc, number = (leading_number(tags.first(key)) for key in ("DISCNUMBER", "TRACKNUMBER"))
    place = f"{disc}-{number:02d}" if disc and number else f"{number:02d}" if number else ""
    return f"{place} {tags.first('TITLE').strip() or 'Unknown Title'}".lstrip()
