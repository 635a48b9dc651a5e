"""What tests found out about a file's audio."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Integrity(StrEnum):
    """
    What decoding the whole file showed (F1).

    The value is what the store keeps: never rename one.
    """

    INTACT = "intact"
    CORRUPT = "corrupt"
    NO_MD5 = "no-md5"
    NOT_FLAC = "not-flac"

    @property
    def sound(self) -> bool:
        """Whether the audio decoded to its end without a fault."""
        return self in {Integrity.INTACT, Integrity.NO_MD5}


@dataclass(frozen=True, slots=True)
class Check:
    """
    The verdict on the bytes of one file.

    Attributes:
        audio_md5: Of the decoded samples, hex; "" where none could be had.
        message: What decided, a clause for people; empty when intact.
        words: What the tool said; empty when it was silent.
        tool: Program and version, as "flac 1.4.2".
    """

    integrity: Integrity
    audio_md5: str
    message: str
    words: str
    tool: str
    tested_at: datetime
