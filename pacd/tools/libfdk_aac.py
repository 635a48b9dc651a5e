"""Makes AAC by ffmpeg's libfdk_aac; writes the output it is told to, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from pacd.domain.media import AudioFormat
from pacd.tools import chain
from pacd.tools.aac import in_aac
from pacd.tools.ffmpeg import LIBFDK_AAC, PROGRAM, Ffmpeg
from pacd.tools.output import handed


@dataclass(frozen=True, slots=True)
class LibfdkAac:
    """libfdk_aac in ffmpeg."""

    ffmpeg: Ffmpeg

    @classmethod
    def of(cls, ffmpeg: Ffmpeg | None) -> Self | None:
        """Return it where this ffmpeg has it."""
        return cls(ffmpeg) if ffmpeg and LIBFDK_AAC in ffmpeg.encoders else None

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        return f"{LIBFDK_AAC} in {PROGRAM} {self.ffmpeg.version}"

    def becomes(self, audio: AudioFormat) -> AudioFormat:
        """Return the shape of what encode() makes of a master."""
        return in_aac(audio)

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

        What ffmpeg 5.1 writes states its length in an edit list alone, in samples: from
        media time 2048 on.  It has no iTunSMPB, and its last frame's duration is cut.

        Args:
            source: Open at any position; read from its start.
            target: Overwritten; half written when this fails.
            quality: VBR mode of libfdk-aac, 1 to 5.
            audio: Of the master.
            decoder: Arguments of a program that turns FLAC on its input into WAV on its
                output; both exit codes are checked.

        Raises:
            ToolError: ffmpeg or the decoder failed, or no decoder is given.
            OSError: The disk takes no more.
        """
        wanted = self.becomes(audio)
        heard = ["-af", self.ffmpeg.conversion(audio, wanted)]
        made = ["-c:a", LIBFDK_AAC, "-vbr", str(quality), "-f", "ipod"]
        # Its default counts the edit list in milliseconds: too coarse for a length in samples.
        made += ["-movie_timescale", str(wanted.sample_rate_hz), "-fflags", "+bitexact"]
        # Tags before the audio: what is left of an output that was cut still says whose it is.
        made += ["-movflags", "+faststart"]
        with handed(target) as output:
            command = self.ffmpeg.encoding([*heard, *made], output, audio)
            chain.encode(source, output, (decoder, command), timeout_s=timeout_s)
