"""Asks Lossless Audio Checker, where somebody has installed it, what a track was made from."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Self

from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Authenticity, Detector, Finding
from pacd.tools import detecting
from pacd.tools.detecting import Opinion

_NAMES: Final = ("LAC", "lac")

# All texts: facts/tools.md 2, version 2.0.5.  Errors stand in the field of the result.
_BANNER: Final = re.compile(r"Lossless Audio Checker (\d\S*)")
_RESULT: Final = re.compile(r"^Result: (.+)$", re.MULTILINE)

_OPINIONS: Final = {
    "Clean": (Authenticity.OK, "found it clean"),
    "Transcoded": (Authenticity.SUSPECT, "found it transcoded from a lossy format"),
    "Upscaled": (Authenticity.SUSPECT, "found it upscaled from fewer bits"),
    "Upsampled": (Authenticity.SUSPECT, "found it upsampled from a lower rate"),
}

_CHANNELS: Final = 2


@dataclass(frozen=True, slots=True)
class Lac:
    """
    The ``LAC`` program at a known place.

    Attributes:
        version: As "2.0.5".
        fault: Why it cannot be used here, a clause: 32 bits on a kernel without them, say.
    """

    executable: Path
    version: str
    fault: str = ""

    detector: ClassVar = Detector.LAC

    @classmethod
    def find(cls, given: Path | None = None) -> Self | None:
        """Look for it where the settings say, else on PATH; None when it is not there."""
        place = detecting.place_of(_NAMES, given)
        return cls(place, *detecting.introduced([place], _BANNER)) if place else None

    def refuses(self, audio: AudioFormat) -> str:
        """Return why it cannot judge a master, a clause; "" where it can."""
        return "judges up to two channels" if audio.channels > _CHANNELS else ""

    def judge(self, wav: Path, *, timeout_s: float) -> Finding:
        """
        Have a WAV file of 16 bits judged.

        Its exit codes have changed from build to build, and none of them is 0 for success.

        Raises:
            ToolInterruptedError: Somebody ended it from outside.
        """
        argv = (self.executable, wav)
        return detecting.ask(self.detector, self.version, argv, _read, timeout_s=timeout_s)


def _read(said: str) -> Opinion:
    results = [result.strip() for result in _RESULT.findall(said)]
    if len(results) != 1:
        return detecting.misunderstood(said)
    opinion = _OPINIONS.get(results[0])
    if opinion is None:
        return Opinion(Authenticity.ERROR, f"failed: {results[0]}", {"result": results[0]})
    return Opinion(*opinion, {"result": results[0]})
