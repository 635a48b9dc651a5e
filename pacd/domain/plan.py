"""What the daemon can do, and what it decides by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from pacd.domain.change import Observation
from pacd.domain.hold import Cause, Hold
from pacd.domain.media import Track
from pacd.domain.output import Export, Output
from pacd.domain.verdict import Authenticity, Check, Judgement
from pacd.errors import FailureKind


class Action(StrEnum):
    """
    One thing the daemon can do to one file, in the order it does them.

    The value is what the store keeps and the protocol sends: never rename one.
    """

    TEST = "test"
    AUTHENTICATE = "authenticate"
    RESAMPLE = "resample"
    RECOMPRESS = "recompress"
    EXPORT_ARTWORK = "export-artwork"
    MIRROR_ENCODE = "mirror-encode"
    MIRROR_RETAG = "mirror-retag"
    MIRROR_RENAME = "mirror-rename"
    MIRROR_COPY = "mirror-copy"
    MIRROR_PRUNE = "mirror-prune"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class PlanItem:
    """
    One action on one file, and why.

    Attributes:
        path: Relative to the library root.
        reason: One clause for people, shown wherever the item is; never parsed.
        mirror: Name of the mirror it concerns; "" for none.
        cause: For HOLD: what a person must look at.
        target: For EXPORT_ARTWORK and mirrors: what is written, relative to its root.
        origin: For MIRROR_RENAME: where the output stands now, relative to the mirror root; for
            MIRROR_COPY: where a copy of the file by its old name does, if there is one.
        evidence: For HOLD: named facts, as Hold.evidence.
        replaces: For EXPORT_ARTWORK: whether the file at target is PAC's own, so that
            a different one may take its place.
        listens: For TEST: whether the builtin detector is to hear the same decode.
        sidecar: For MIRROR_PRUNE: whether it is a sidecar's copy, which bears no tags of PAC's:
            that PAC has made it is on record.
    """

    path: PurePosixPath
    action: Action
    reason: str
    mirror: str = ""
    cause: Cause | None = None
    target: PurePosixPath | None = None
    origin: PurePosixPath | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)
    replaces: bool = False
    listens: bool = field(default=False, compare=False)
    sidecar: bool = False

    @property
    def key(self) -> tuple[PurePosixPath, Action, str]:
        """What makes two items the same piece of work."""
        return (self.path, self.action, self.mirror)


@dataclass(frozen=True, slots=True)
class Setback:
    """
    Failures of one action on one file since it last went well.

    Attributes:
        mirror: Name of the mirror it concerns; "" for none.
        tries: How often it failed in a row, from 1.
        message: The last failure, a sentence for people.
        words: What the tool said then.
        retry_at: Not before this moment.
    """

    action: Action
    mirror: str
    kind: FailureKind
    tries: int
    message: str
    words: str
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """
    All that is known of one master, or of one sidecar, when a decision is due.

    Attributes:
        path: Relative to the library root.
        track: From the header of exactly these bytes; None until they were tested.
        check: The last verdict on exactly these bytes.
        judgement: What detectors found in its audio; before its test, in the audio that its
            header claims to hold.
        authenticity: What is on record of this file's; None while nothing is.
        outputs: What stands in each mirror, by the mirror's name.
        spares: Outputs of this very audio, or copies of this very sidecar, that stand elsewhere
            in a mirror and that nothing there wants, by the mirror's name.
        awaited: Why it cannot be told yet whether there are such, a clause, by the mirror's name.
        holds: The open holds on this path, whatever bytes they were made for.
        accepted: Causes a person accepted for this audio.
        setbacks: Failures since the last success.
        rewrites: How often PAC replaced this path in the last hour.
        restored: Whether a person brought this very audio back from the recycle bin.
        restless: For how long nobody has let it settle; None when it has.
    """

    path: PurePosixPath
    observation: Observation
    track: Track | None = None
    check: Check | None = None
    judgement: Judgement | None = None
    authenticity: Authenticity | None = None
    outputs: Mapping[str, Output] = field(default_factory=dict)
    spares: Mapping[str, Output] = field(default_factory=dict)
    awaited: Mapping[str, str] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    accepted: frozenset[Cause] = frozenset()
    setbacks: tuple[Setback, ...] = ()
    rewrites: int = 0
    restored: bool = False
    restless: timedelta | None = None

    @property
    def settled(self) -> bool:
        """Whether nobody seems to be writing it."""
        return self.restless is None

    @property
    def audio_md5(self) -> str:
        """The identity of the recording: decoded, or else as stated; "" if unknown."""
        stated = self.track.audio_md5 if self.track else ""
        return self.decoded_md5 or stated

    @property
    def decoded_md5(self) -> str:
        """What the audio was found to be; "" before its test, and where it is damaged."""
        return self.check.audio_md5 if self.check else ""


@dataclass(frozen=True, slots=True)
class Album:
    """
    One folder of a library: the unit that is observed, planned and comes to rest.

    Attributes:
        path: Relative to the library root; PurePosixPath(".") for the root itself.
        tracks: Sorted by path.
        exports: What is recorded or stands at each cover target, by target.
        covers_wanted: False where no covers are asked for, or their root is not in place.
    """

    path: PurePosixPath
    tracks: tuple[Facts, ...]
    exports: Mapping[PurePosixPath, Export] = field(default_factory=dict)
    covers_wanted: bool = True
