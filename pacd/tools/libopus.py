"""Makes Opus by ffmpeg's libopus; writes the output it is told to, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, Self

from pacd.tools import chain
from pacd.tools.ffmpeg import LIBOPUS, PROGRAM, Ffmpeg, layout
from pacd.tools.output import handed

# What libopus in ffmpeg 5.1 takes per channel (tests/contract/test_opus_encoders.py).
_MAX_KBPS: Final = 256
_MIN_KBPS: Final = 6
_STEREO: Final = 2


@dataclass(frozen=True, slots=True)
class Libopus:
    """libopus in ffmpeg."""

    ffmpeg: Ffmpeg

    reads_flac: ClassVar[bool] = False
    """ffmpeg 5.1 decodes FLAC without looking at its MD5, and fills holes with silence."""

    @classmethod
    def of(cls, ffmpeg: Ffmpeg | None) -> Self | None:
        """Return it where this ffmpeg has it."""
        return cls(ffmpeg) if ffmpeg and LIBOPUS in ffmpeg.encoders else None

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        return f"{LIBOPUS} in {PROGRAM} {self.ffmpeg.version}"

    def encode(
        self,
        source: BinaryIO,
        target: Path,
        *,
        bitrate_kbps: int,
        channels: int,
        timeout_s: float,
        decoder: Sequence[str | Path],
    ) -> None:
        """
        Encode what the decoder makes of a FLAC file, without its tags and pictures.

        Of fewer than 32 samples at another rate than 48 kHz, ffmpeg 5.1 may make an
        output with no audio, and exit with 0: the caller compares lengths.

        Args:
            source: Open at any position; read from its start.
            target: Overwritten; half written when this fails.
            bitrate_kbps: For all channels together; moved to the nearest that libopus takes.
            decoder: Arguments of a program that turns FLAC on its input into WAV on its
                output; both exit codes are checked.

        Raises:
            ToolError: ffmpeg or the decoder failed, or no decoder is given.
            OSError: The disk takes no more.
        """
        with handed(target) as output:
            command = self._command(output, bitrate_kbps, channels)
            chain.encode(source, output, (decoder, command), timeout_s=timeout_s)

    def _command(self, target: Path, bitrate_kbps: int, channels: int) -> list[str | Path]:
        bitrate = min(max(bitrate_kbps, _MIN_KBPS * channels), _MAX_KBPS * channels)
        heard = ["-af", layout(channels), "-ar", "48000"]
        made = ["-c:a", LIBOPUS, "-b:a", f"{bitrate}k", "-vbr", "on", "-compression_level", "10"]
        # RFC 7845, section 5.1.1: family 0 is for one or two channels, 1 for up to eight.
        made += ["-mapping_family", "1" if channels > _STEREO else "0", "-f", "opus"]
        return self.ffmpeg.encoding([*heard, *made], target)
