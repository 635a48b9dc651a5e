"""Runs opusenc; writes the output it is told to, and nothing else."""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, Self

from pacd.errors import ToolError
from pacd.tools import chain, process
from pacd.tools.output import handed

_PROGRAM: Final = "opusenc"
_VERSION: Final = re.compile(r"opusenc (opus-tools \S+) \(using ([^)]+)\)")
_VERSION_TIMEOUT_S: Final = 10.0

# What opusenc 0.2 takes per channel; above two channels it mixes down to stereo, in
# silence, below 16 kbit/s for each (tests/contract/test_opus_encoders.py).
_MAX_KBPS: Final = 256
_MIN_KBPS: Final = 6
_MIN_SURROUND_KBPS: Final = 16
_STEREO: Final = 2

# What opusenc 0.2 says when its output takes no more; it does not say why.
_WRITE_FAILED: Final = "write failed"


@dataclass(frozen=True, slots=True)
class Opusenc:
    """
    The ``opusenc`` program at a known place.

    Attributes:
        version: Of program and library, as "opus-tools 0.2 (libopus 1.3.1)".
    """

    executable: Path
    version: str

    reads_flac: ClassVar[bool] = True

    @classmethod
    def find(cls) -> Self | None:
        """
        Look for it on PATH; None when it is not installed.

        Raises:
            ToolError: It is there and cannot tell its version.
        """
        place = shutil.which(_PROGRAM)
        if place is None:
            return None
        done = process.run([place, "--version"], timeout_s=_VERSION_TIMEOUT_S, check=True)
        said = done.stdout.decode(errors="replace")
        found = _VERSION.match(said)
        if not found:
            raise ToolError(f"{place} does not tell its version as opusenc does", words=said[:200])
        return cls(Path(place), f"{found[1]} ({found[2]})")

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        return f"{_PROGRAM} from {self.version}"

    def encode(
        self,
        source: BinaryIO,
        target: Path,
        *,
        bitrate_kbps: int,
        channels: int,
        timeout_s: float,
        decoder: Sequence[str | Path] = (),
    ) -> None:
        """
        Encode a FLAC file without its tags and pictures; the output gain stays 0.

        opusenc reads FLAC itself, 15 % faster than from a pipe, but reports no damage
        and stops at some headers that flac reads: the caller compares lengths.

        Args:
            source: Open at any position; read from its start.
            target: Exists already and is overwritten; half written when this fails.
            bitrate_kbps: For all channels together; moved to the nearest that keeps them all.
            decoder: Arguments of a program that turns FLAC on its input into WAV on its
                output, for what opusenc does not read itself; both exit codes are checked.

        Raises:
            ToolError: opusenc or the decoder failed.
            OSError: The disk takes no more.
        """
        os.lseek(source.fileno(), 0, os.SEEK_SET)  # source.seek() may only move in its buffer
        with handed(target) as output:
            command = self._command(output, bitrate_kbps, channels, piped=bool(decoder))
            finished: tuple[process.Finished, ...]
            stdin = source.fileno()
            if decoder:
                finished = process.pipe(decoder, command, timeout_s=timeout_s, stdin=stdin)
            else:
                finished = (process.run(command, timeout_s=timeout_s, stdin=stdin),)
            for done in reversed(finished):  # when both failed, opusenc knows why
                if _WRITE_FAILED in done.stderr:
                    chain.raise_if_takes_no_more(output)
                done.checked()

    def _command(
        self, target: Path, bitrate_kbps: int, channels: int, *, piped: bool
    ) -> list[str | Path]:
        least = _MIN_SURROUND_KBPS if channels > _STEREO else _MIN_KBPS
        bitrate = min(max(bitrate_kbps, least * channels), _MAX_KBPS * channels)
        options = ["--quiet", "--discard-comments", "--discard-pictures", "--vbr", "--comp", "10"]
        # A WAV header cannot tell the length of what is longer than 4 GiB, or not yet known.
        options += ["--ignorelength"] if piped else []
        return [self.executable, *options, "--bitrate", str(bitrate), "--", "-", target]
