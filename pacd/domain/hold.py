"""A file that a person must look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final

from pacd.domain.change import Observation
from pacd.errors import FailureKind


class Severity(StrEnum):
    """How bad it is; the values are what ``pacctl status`` counts by."""

    ERROR = "error"
    SUSPECT = "suspect"
    NOTICE = "notice"


class Cause(StrEnum):
    """
    Why a file is held (H1).

    The value is what the store keeps and the protocol sends: never rename one.
    """

    CORRUPT = "corrupt"
    NOT_FLAC = "not-flac"
    SUSPECT = "suspect"
    AUTH_ERROR = "auth-error"
    ENCODE_FAILED = "encode-failed"
    VERIFY_FAILED = "verify-failed"
    TOOL_CRASHED = "tool-crashed"
    UNSTABLE = "unstable"
    REWRITTEN_TOO_OFTEN = "rewritten-too-often"
    PERMISSION = "permission"
    HARDLINKED = "hardlinked"
    COLLISION = "collision"
    MASS_DISAPPEARANCE = "mass-disappearance"

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return _SEVERITIES.get(self, Severity.ERROR)

    @property
    def advice(self) -> str:
        """What a person can do about it, as a sentence or two; commands as they are typed."""
        return _ADVICE[self]

    @property
    def is_damage(self) -> bool:
        """Whether the audio is broken: its MD5 is then only what the header claims."""
        return self in {Cause.CORRUPT, Cause.NOT_FLAC}

    @property
    def is_of_authenticity(self) -> bool:
        """Whether it is about where the audio came from: the owner may let such masters pass."""
        return self in {Cause.SUSPECT, Cause.AUTH_ERROR}

    @property
    def blocks_mirror(self) -> bool:
        """Whether a held master keeps its old outputs and gets no new ones (M8)."""
        return self not in {Cause.HARDLINKED, Cause.COLLISION, Cause.MASS_DISAPPEARANCE}


_SEVERITIES: Final = {
    Cause.SUSPECT: Severity.SUSPECT,
    Cause.UNSTABLE: Severity.NOTICE,
    Cause.HARDLINKED: Severity.NOTICE,
    Cause.COLLISION: Severity.NOTICE,
}

_ADVICE: Final = {
    Cause.CORRUPT: (
        "Replace it with a good copy from a backup or the source; the hold then ends by itself. "
        "PAC never rewrites a damaged file: that would hide the damage."
    ),
    Cause.NOT_FLAC: (
        "Give it its right extension, replace it with a FLAC file, or remove it; "
        "the hold then ends by itself."
    ),
    Cause.SUSPECT: (
        "Look at the evidence, and at the spectrogram if there is one. Replace it with a genuine "
        "copy, and the hold ends by itself. If you know the recording and it is meant to sound "
        "like that, `pacctl release ID --accept` keeps it as it is; without --accept it is "
        "examined anew."
    ),
    Cause.AUTH_ERROR: (
        "See what the detector said. `pacctl release ID` asks it again, with --accept the file "
        "is taken as it is; a detector that fails often is left out by `detectors` in "
        "[authenticity]."
    ),
    Cause.ENCODE_FAILED: (
        "See what the tool said. `pacctl release ID` tries again; "
        "`pacctl doctor` looks at the tools and the disk."
    ),
    Cause.VERIFY_FAILED: (
        "The new file did not hold the same audio or tags and was thrown away; the original is "
        "untouched. Check this machine's memory and disk, then `pacctl release ID`."
    ),
    Cause.TOOL_CRASHED: (
        "The file made a tool crash or hang several times. Keep a copy and report it; "
        "`pacctl release ID` tries again."
    ),
    Cause.UNSTABLE: (
        "Something keeps writing to this file. Find the program that does; "
        "the hold ends once the file is quiet."
    ),
    Cause.REWRITTEN_TOO_OFTEN: (
        "Another program and PAC undo each other's changes. Find the other program, "
        "then `pacctl release ID`; with --accept PAC leaves the file as it is."
    ),
    Cause.PERMISSION: (
        "Give the daemon's user the right to read and write the file and its folder, "
        "then `pacctl release ID`."
    ),
    Cause.HARDLINKED: (
        "The file has several names, and replacing it would separate them. Set "
        '`hardlinks = "break"` in [flac] to allow that, or `pacctl release ID --accept` '
        "to leave it as it is; mirrors and covers are made all the same."
    ),
    Cause.MASS_DISAPPEARANCE: (
        "Look whether the library is whole: is the right disk mounted, is anything missing? Once "
        "the masters are back the hold ends by itself. If they are gone for good, "
        "`pacctl release ID --accept` lets their outputs be pruned."
    ),
    Cause.COLLISION: (
        "Move the foreign file away, or rename the library's; the hold then ends by itself."
    ),
}

_PICTURE_ADVICE: Final = (
    "Replace or remove the picture in the file, with any tag editor; the hold then ends by "
    "itself. `pacctl release ID --accept` leaves it as it is. The audio is maintained and "
    "mirrored all the same."
)


MISSING: Final = "missing"
"""Evidence of a hold: the root that is away."""

_AWAY_ADVICE: Final = (
    "Mount the disk that holds it, or correct its root in the settings; the hold then ends by "
    "itself. `pacctl release ID --accept` only ends the question: nothing is removed meanwhile."
)


@dataclass(frozen=True, slots=True)
class Hold:
    """
    One open hold.

    Attributes:
        id: Given by the store, from 1.
        path: Relative to the library root.
        audio_md5: Hex, or "" where the file has none.
        observation: The bytes it was made for; None where there were none to see.
        mirror: The mirror it concerns; "" for the master itself.
        reason: One clause for people.
        evidence: Named facts for people and programs: tool words, numbers, names.
        spectrogram: Where a picture of its audio lies, absolute; None without one.
    """

    id: int
    path: PurePosixPath
    cause: Cause
    reason: str
    since: datetime
    audio_md5: str = ""
    observation: Observation | None = None
    mirror: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    spectrogram: Path | None = field(default=None, compare=False)

    @property
    def advice(self) -> str:
        """What a person can do about it, as a sentence or two."""
        advice = self.cause.advice
        if self.evidence.get("failure") == FailureKind.BAD_PICTURE:
            advice = _PICTURE_ADVICE
        elif self.cause is Cause.MASS_DISAPPEARANCE and MISSING in self.evidence:
            advice = _AWAY_ADVICE
        return advice.replace("release ID", f"release {self.id}")
