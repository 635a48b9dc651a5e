"""Lets the builtin detector hear a decode; a fault in it is its finding, and harms nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pacd.domain.job import Job
from pacd.domain.media import AudioFormat, Track
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector, Finding
from pacd.planning.authenticity import skipped
from pacd.tools.samples import RAW_DEPTHS

# What numbers that nobody foresaw lead to; a verdict on the file's integrity stands all the same.
FAULTS: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeWarning,
    TypeError,
    ValueError,
)


class Hearing:
    """Takes samples as analysis.listening.Listener does."""

    def __init__(self, audio: AudioFormat) -> None:
        """
        Args:
            audio: Its depth is one of RAW_DEPTHS.
        """
        from pacd.analysis.listening import Listener  # noqa: PLC0415  # numpy: 25 MiB, for those who listen

        self._listener = Listener(audio)
        self._fault = ""

    def add(self, pcm: bytes) -> None:
        """Hear the next piece."""
        if self._fault:
            return
        try:
            self._listener.add(pcm)
        except FAULTS as error:
            self._fault = _told(error)

    def finding(self) -> Finding:
        """Say what was found; nothing may be added afterwards."""
        try:
            if not self._fault:
                found = self._listener.finding()
                return replace(found, numbers=_plain(found.numbers))
        except FAULTS as error:
            self._fault = _told(error)
        return Finding(Detector.BUILTIN, BUILTIN_VERSION, Authenticity.ERROR, self._fault)


def hearing_for(job: Job, track: Track) -> Hearing | None:
    """Return what is to hear a test's decode; None where nobody is (A3)."""
    if not job.item.listens or track.audio.bits_per_sample not in RAW_DEPTHS:
        return None
    return None if skipped(track, job.library.authenticity) else Hearing(track.audio)


def _plain(value: Any) -> Any:
    """Numbers as the daemon takes them: numpy's own would have it load numpy (B4)."""
    match value:
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return value.item()


def _told(error: Exception) -> str:
    return f"failed through a fault in PAC: {type(error).__name__}: {error}"
