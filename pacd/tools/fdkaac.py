"""Runs fdkaac to make AAC; writes the output it is told to, and nothing else."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Self

from pacd.domain.media import AudioFormat
from pacd.errors import ToolError
from pacd.tools import chain, process
from pacd.tools.aac import Converter, in_aac, needs_converter
from pacd.tools.output import handed
from pacd.tools.samples import padding_misleads

_PROGRAM: Final = "fdkaac"
_VERSION: Final = re.compile(r"fdkaac (\d\S*)")
_VERSION_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Fdkaac:
    """
    The ``fdkaac`` program at a known place.

    Attributes:
        version: As "1.0.0".
        converter: Brings all audio into the form that libfdk-aac takes; None without one.
    """

    executable: Path
    version: str
    converter: Converter | None = None

    @classmethod
    def find(cls, converter: Converter | None = None) -> Self | None:
        """Look for it on PATH; None when it is missing or does not run."""
        place = shutil.which(_PROGRAM)
        if place is None:
            return None
        try:
            done = process.run([place, "--help"], timeout_s=_VERSION_TIMEOUT_S)
        except ToolError:
            return None
        # fdkaac 1.0.0 has no --version; it calls what it helps with an error, exit code 1.
        found = _VERSION.search(done.stdout.decode(errors="replace") + done.stderr)
        return cls(Path(place), found[1], converter) if found else None

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        return f"{_PROGRAM} {self.version}"

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

        All goes through the converter where there is one: it dithers more than 16 bits,
        which fdkaac 1.0.0 rounds (an error of -96 dBFS at most), and puts the channels where
        FLAC has them: fdkaac refuses a mono file whose tags say that it plays on the left.

        What it writes states its length twice, in samples: in iTunSMPB (delay 2048,
        padding, length), and in an edit list from media time 2048 on.  Asked to stop, it
        would close a shorter file and exit with 0: so it never hears of it.

        Args:
            source: Open at any position; read from its start.
            target: Overwritten; half written when this fails.
            quality: VBR mode of libfdk-aac, 1 to 5.
            audio: Of the master.
            decoder: Arguments of a program that turns FLAC on its input into WAV on its
                output; all exit codes are checked.

        Raises:
            ToolError: A program failed, no decoder is given, or the master is of a kind
                that needs a converter and there is none.
            OSError: The disk takes no more.
        """
        converting = self._converting(audio)
        with handed(target) as output:
            command = self._command(output, quality, audio, converted=bool(converting))
            programs = (decoder, *converting, command)
            chain.encode(source, output, programs, timeout_s=timeout_s, deaf_end=True)

    def _converting(self, audio: AudioFormat) -> Sequence[Sequence[str | Path]]:
        wanted = self.becomes(audio)
        if self.converter:
            return (self.converter.converting(audio, wanted),)
        if needs_converter(audio, wanted):
            raise ToolError(
                f"{_PROGRAM} takes no {audio.channels} channels at {audio.sample_rate_hz} Hz, "
                f"and there is no ffmpeg to convert them: apt install ffmpeg"
            )
        return ()

    def _command(
        self, target: Path, quality: int, audio: AudioFormat, *, converted: bool
    ) -> list[str | Path]:
        options = ["--silent", "--profile", "2", "--bitrate-mode", str(quality)]
        # Tags before the audio: what is left of an output that was cut still says whose it is.
        options += ["--gapless-mode", "2", "--moov-before-mdat"]
        # A WAV header cannot tell the length of what is longer than 4 GiB, or not yet known.
        options += [] if padding_misleads(audio) and not converted else ["--ignorelength"]
        return [self.executable, *options, "-o", target, "-"]
