"""What came of a job: a step's result, or why it gave up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pacd.domain.change import Observation
from pacd.domain.media import Picture, Track
from pacd.domain.output import Output
from pacd.domain.plan import PlanItem
from pacd.domain.recycled import Recycled
from pacd.domain.verdict import Check, Finding
from pacd.errors import FailureKind


@dataclass(frozen=True, slots=True)
class Tested:
    """
    A master was decoded whole.

    Attributes:
        track: None when the bytes are not FLAC or the header cannot be read.
        observation: Of the very bytes that were tested.
        findings: What detectors heard in the same decode; none of damaged audio.
    """

    check: Check
    track: Track | None
    observation: Observation
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Authenticated:
    """
    Detectors were heard on a master; or it is not to be examined after all (A3).

    Attributes:
        track: With all the tags that decide, which may not have been on record.
        findings: Of the detectors that were asked; empty where it is not to be examined.
        spectrogram: Where its picture was drawn, absolute; None when none was.
        undrawn: Why none was drawn although one was wanted, a clause; "" otherwise.
    """

    track: Track
    observation: Observation
    findings: tuple[Finding, ...] = ()
    spectrogram: Path | None = None
    undrawn: str = ""


@dataclass(frozen=True, slots=True)
class Resampled:
    """
    A master was brought to CD form; its original lies in the recycle bin.

    Attributes:
        gain_db: By which the whole of it was lowered so that nothing clips; 0.0 for not at all.
        details: More for the history: what was dropped, how it was dithered.
    """

    track: Track
    check: Check
    observation: Observation
    recycled: Recycled
    before_bytes: int
    after_bytes: int
    gain_db: float
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recompressed:
    """
    A master was replaced; its audio was proven equal.

    Attributes:
        frames_kept: Whether the original's audio frames stayed and only tags were set.
        before_bytes, after_bytes: File sizes.
        details: More for the history: what was cleaned, which tags were carried over.
    """

    track: Track
    check: Check
    observation: Observation
    frames_kept: bool
    before_bytes: int
    after_bytes: int
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exported:
    """
    A cover is in its place.

    Attributes:
        target: Relative to the art root; the extension follows the bytes.
        written: False when the same bytes stood there already.
    """

    target: PurePosixPath
    picture: Picture
    mime: str
    size_bytes: int
    mtime_ns: int
    written: bool


@dataclass(frozen=True, slots=True)
class Mirrored:
    """
    An output is in its place, whole and tagged.

    Attributes:
        encoded: False when only its tags were rewritten.
        lost: Tags that could not be carried, each with the reason.
        moved_from: Where it stood before, relative to the mirror root; None when it stayed.
        displaced: The output that stood in its place and now stands there instead.
    """

    output: Output
    encoded: bool
    lost: tuple[str, ...] = ()
    moved_from: PurePosixPath | None = None
    displaced: Output | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """
    An output that no master wanted, or a copy that no sidecar did, was removed.

    Attributes:
        path: Where it stood, relative to the mirror root.
    """

    path: PurePosixPath


@dataclass(frozen=True, slots=True)
class Copied:
    """
    A sidecar's copy is in its place, or a file that PAC did not make is and stays.

    Attributes:
        copy: What stands there: OURS with the source's MD5 as src_md5, or FOREIGN.
        written: False when nothing had to be.
        moved_from: Where it stood before, relative to the mirror root; None when it stayed.
    """

    copy: Output
    written: bool
    moved_from: PurePosixPath | None = None


Result = Tested | Authenticated | Resampled | Recompressed | Exported | Mirrored | Copied | Pruned


@dataclass(frozen=True, slots=True)
class Done:
    """A step finished."""

    item: PlanItem
    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """
    A step gave up; the files are as they were before.

    Attributes:
        message: A sentence for people.
        words: What the tool said; may be empty.
    """

    item: PlanItem
    kind: FailureKind
    message: str
    words: str = ""


Outcome = Done | Failed
