"""Asks auCDtect, where somebody has installed it, whether a CD track was MPEG once."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Authenticity, Detector, Finding
from pacd.tools import detecting
from pacd.tools.detecting import Opinion

_NAMES: Final = ("auCDtect", "aucdtect")

# All texts: facts/tools.md 2, the strings of 0.8 (Linux) and 0.8.2 (Windows).
_BANNER: Final = re.compile(r"CD records authenticity detector, version (\d\S*)")
_VERDICT: Final = re.compile(
    r"^This track looks like (CDDA|MPEG) with probability (\d{1,3})%$", re.MULTILINE
)
_UNQUALIFIED: Final = re.compile(r"^Could not qualify the source of this track\.$", re.MULTILINE)
# 0.8 puts tabs between the words of some errors, 0.8.2 spaces.
_ERROR: Final = re.compile(r"^error:\s+(.*)$", re.MULTILINE)

_MODE: Final = 0
"""Its help: "detect mode S=[0..40], default 8; 0 - slow and most accurate"."""

_CD_HZ: Final = 44_100
_CD_CHANNELS: Final = 2

_CLASSES: Final = {"CDDA": Authenticity.OK, "MPEG": Authenticity.SUSPECT}


@dataclass(frozen=True, slots=True)
class Aucdtect:
    """
    The ``auCDtect`` program at a known place.

    Attributes:
        version: As "0.8".
        fault: Why it cannot be used here, a clause: 32 bits on a kernel without them, say.
    """

    executable: Path
    version: str
    fault: str = ""

    detector: ClassVar = Detector.AUCDTECT

    @classmethod
    def find(cls, given: Path | None = None) -> Self | None:
        """Look for it where the settings say, else on PATH; None when it is not there."""
        place = detecting.place_of(_NAMES, given)
        return cls(place, *detecting.introduced([place, "-h"], _BANNER)) if place else None

    def refuses(self, audio: AudioFormat) -> str:
        """Return why it cannot judge a master, a clause; "" where it can."""
        if audio.sample_rate_hz != _CD_HZ or audio.channels > _CD_CHANNELS:
            return "judges what a CD may hold, 44.1 kHz and up to two channels"
        return ""

    def judge(self, wav: Path, *, timeout_s: float) -> Finding:
        """
        Have a WAV file of 16 bits at 44.1 kHz judged.

        Known to stall at 100 % on some files (facts/tools.md 2): it is ended then, an error.

        Raises:
            ToolInterruptedError: Somebody ended it from outside.
        """
        argv = (self.executable, f"-m{_MODE}", wav)
        return detecting.ask(self.detector, self.version, argv, _read, timeout_s=timeout_s)


def _read(said: str) -> Opinion:
    """The class is the verdict; a probability of 49 % occurs with either (facts/tools.md 2)."""
    failed = _ERROR.search(said)
    if failed:
        return Opinion(Authenticity.ERROR, f"failed: {' '.join(failed[1].split())}")
    verdicts = _VERDICT.findall(said)
    if len(verdicts) == 1:
        kind, probability = verdicts[0]
        sentence = f"it looks like {kind} with a probability of {probability} %"
        return Opinion(_CLASSES[kind], sentence, {"class": kind, "score": int(probability)})
    if not verdicts and _UNQUALIFIED.search(said):
        return Opinion(Authenticity.INCONCLUSIVE, "could not qualify the source of this track")
    return detecting.misunderstood(said)
