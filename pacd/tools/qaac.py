"""Runs qaac to make AAC; writes the output it is told to, and nothing else."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, Self

from pacd.domain.media import AudioFormat
from pacd.errors import ToolError
from pacd.tools import chain, process
from pacd.tools.aac import in_aac
from pacd.tools.samples import padding_misleads

_PROGRAMS: Final = ("qaac", "qaac64")
_VERSION: Final = re.compile(r"qaac (\d\S*), (CoreAudioToolbox \S+)")
_VERSION_TIMEOUT_S: Final = 60.0  # Wine may have to set up its world first

# Apple's encoder takes no more (qaac wiki, "Sample rate conversion"); its own
# resampler brings down what is above.
_MAX_RATE_HZ: Final = 48_000

# VBR modes of libfdk-aac, 1 to 5, as the step of Apple's TVBR that makes files of about the
# same size: 112, 148 and 228 kbit/s in stereo by aacenc_lib.h of libfdk-aac 2 for 3 to 5.
_TVBR: Final = {1: 9, 2: 27, 3: 54, 4: 73, 5: 100}


@dataclass(frozen=True, slots=True)
class Qaac:
    """
    The ``qaac`` program at a known place; on Linux one that calls it through Wine.

    Attributes:
        version: Of program and library, as "2.83 (CoreAudioToolbox 7.10.9.0)".
    """

    executable: Path
    version: str

    @classmethod
    def find(cls) -> Self | None:
        """Look for it on PATH; None when it is missing or lacks Apple's library."""
        for program in _PROGRAMS:
            place = shutil.which(program)
            found = _VERSION.search(_said(place)) if place else None
            if place and found:
                return cls(Path(place), f"{found[1]} ({found[2]})")
        return None

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        return f"{_PROGRAMS[0]} {self.version}"

    def becomes(self, audio: AudioFormat) -> AudioFormat:
        """Return the shape of what encode() makes of a master: its channels are kept."""
        return replace(in_aac(audio, max_rate_hz=_MAX_RATE_HZ), channels=audio.channels)

    def encode(
        self,
        source: BinaryIO,
        target: Path,
        *,
        quality: int,
        audio: AudioFormat,
        timeout_s: float,
        decoder: Sequence[str | Path],
    ) -> None:
        """
        Encode what the decoder makes of a FLAC file, without its tags and pictures.

        What it writes states its length twice, in samples: in iTunSMPB and in an edit list.

        Args:
            source: Open at any position; read from its start.
            target: Overwritten; half written when this fails.
            quality: VBR mode of libfdk-aac, 1 to 5; the nearest of Apple's is used.
            audio: Of the master.
            decoder: Arguments of a program that turns FLAC on its input into WAV on its
                output; both exit codes are checked.

        Raises:
            ToolError: qaac or the decoder failed, or no decoder is given.
            OSError: The disk takes no more.
        """
        options = ["--tvbr", str(_TVBR[quality]), "-q", "2", "-s"]
        options += [] if padding_misleads(audio) else ["--ignorelength"]
        # Smart padding adds samples of its own making to both ends.
        options += ["--no-smart-padding", "--gapless-mode", "2"]
        rate_hz = self.becomes(audio).sample_rate_hz
        if rate_hz != audio.sample_rate_hz:
            options += ["--rate", str(rate_hz)]
        command: list[str | Path] = [self.executable, *options, "-o", target, "-"]
        chain.encode(source, target, (decoder, command), timeout_s=timeout_s, deaf_end=True)


def _said(place: str) -> str:
    try:
        done = process.run([place, "--check"], timeout_s=_VERSION_TIMEOUT_S)
    except ToolError:
        return ""
    return done.stdout.decode(errors="replace") + done.stderr
