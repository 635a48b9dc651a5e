"""Lets the builtin detector hear a decode; a fault in it is its finding, and harms nothing else."""

from typing import Final

from pacd.domain.job import Job
from pacd.domain.media import AudioFormat, Track
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector, Finding
from pacd.planning.authenticity import skipped
from pacd.tools.samples import RAW_DEPTHS

# What numbers that nobody foresaw lead to; a verdict on the file's integrity stands all the same.
FAULTS: Final = (ArithmeticError, LookupError, MemoryError, TypeError, ValueError)


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
                return self._listener.finding()
        except FAULTS as error:
            self._fault = _told(error)
        return Finding(Detector.BUILTIN, BUILTIN_VERSION, Authenticity.ERROR, self._fault)


def hearing_for(job: Job, track: Track) -> Hearing | None:
    """Return what is to hear a test's decode; None where nobody is (A3)."""
    if not job.item.listens or track.audio.bits_per_sample not in RAW_DEPTHS:
        return None
    return None if skipped(track, job.library.authenticity) else Hearing(track.audio)


def _told(error: Exception) -> str:
    return f"failed through a fault in PAC: {type(error).__name__}: {error}"
