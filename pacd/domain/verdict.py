"""What tests found out about a file's audio; findings of several detectors become one verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final


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


class Authenticity(StrEnum):
    """
    Whether a master is what it says: lossless from its first recording on (A2, A4).

    SKIPPED is said of a file that is not examined (A3), never by a detector nor of a recording.
    The value is what the store keeps: never rename one.
    """

    OK = "ok"
    SUSPECT = "suspect"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    SKIPPED = "skipped"


class Detector(StrEnum):
    """Who looks for traces of lossy encoding (A1).  The value is what the settings spell."""

    BUILTIN = "builtin"
    AUCDTECT = "aucdtect"
    LAC = "lac"

    @property
    def called(self) -> str:
        """How people know it."""
        return _TITLES[self]


_TITLES: Final = {
    Detector.BUILTIN: "PAC's own detector",
    Detector.AUCDTECT: "auCDtect",
    Detector.LAC: "LAC",
}

BUILTIN_VERSION: Final = "1"
"""Of the builtin detector: raised whenever it would judge otherwise, so that all is judged anew."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What one detector has to say of one recording.

    Attributes:
        version: Of the detector; another one is heard anew.
        sentence: For a collector, with the numbers that decided, and without a full stop.
        numbers: By name, for programs: plain numbers and words, as JSON holds them.
        words: What the program said; "" where the detector is none.
    """

    detector: Detector
    version: str
    status: Authenticity
    sentence: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    The combined verdict on one recording (A4).

    Attributes:
        rationale: Whose findings decided, and what they are; a clause for people.
        findings: Of every detector that was heard, at least one.
        judged_at: When the last of them was.
        spectrogram: Where its picture lies, absolute; None without one.
        undrawn: Why there is none although one was wanted, a clause; "" otherwise.
    """

    status: Authenticity
    rationale: str
    findings: tuple[Finding, ...]
    judged_at: datetime
    spectrogram: Path | None = None
    undrawn: str = ""

    def version_of(self, detector: Detector) -> str | None:
        """Which version of a detector was heard last; None if none ever was."""
        return next((each.version for each in self.findings if each.detector is detector), None)


_DECIDES: Final = (Authenticity.SUSPECT, Authenticity.ERROR, Authenticity.OK)
"""The first of these that any detector says is the verdict."""


def judged(findings: Sequence[Finding], *, now: datetime) -> Judgement:
    """
    Make one verdict of what the detectors found (A4).

    Any suspect makes a suspect; an error without a suspect an error; only where no detector
    could tell anything is the verdict inconclusive.

    Args:
        findings: At least one.
    """
    said = {finding.status for finding in findings}
    status = next((each for each in _DECIDES if each in said), Authenticity.INCONCLUSIVE)
    deciding = [finding for finding in findings if finding.status is status]
    named = [f"{finding.detector.called}: {finding.sentence}" for finding in deciding]
    return Judgement(status, "; ".join(named), tuple(findings), now)


def joined(before: Judgement | None, findings: Sequence[Finding], *, now: datetime) -> Judgement:
    """
    Judge anew: what detectors find now takes the place of what they found before.

    Args:
        findings: At least one where nothing was judged before.
    """
    if before is None:
        return judged(findings, now=now)
    by_detector = {each.detector: each for each in (*before.findings, *findings)}
    ordered = [by_detector[each] for each in Detector if each in by_detector]
    new = judged(ordered, now=now if findings else before.judged_at)
    return replace(new, spectrogram=before.spectrogram, undrawn=before.undrawn)
