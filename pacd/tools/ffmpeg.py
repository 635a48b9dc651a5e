"""Runs ffmpeg to make Opus; writes the output it is told to, and nothing else."""

import errno
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Final, Self

from pacd.errors import ToolError
from pacd.tools import process

_PROGRAM: Final = "ffmpeg"
_ENCODER: Final = "libopus"
_VERSION: Final = re.compile(r"ffmpeg version n?(\d+(?:\.\d+)+|\S+)")
_LISTED: Final = re.compile(rf"^ A\S+ {_ENCODER} ", re.MULTILINE)
_VERSION_TIMEOUT_S: Final = 10.0

# What libopus in ffmpeg 5.1 takes per channel (tests/contract/test_opus_encoders.py).
_MAX_KBPS: Final = 256
_MIN_KBPS: Final = 6

# FFmpeg's names for what a FLAC file of so many channels holds, in the same order (RFC
# 9639, section 9.1.3).  flac states 5.0 and 5.1 with side channels, which libopus in
# ffmpeg 5.1 refuses; and a mask in the tags must not make ffmpeg mix.
_LAYOUTS: Final = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")
_STEREO: Final = 2

# ffmpeg 5.1 may exit with 0 when the disk took no more; its words tell.
_NO_MORE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """
    The ``ffmpeg`` program at a known place, with libopus.

    Attributes:
        version: As "5.1.9".
    """

    executable: Path
    version: str

    reads_flac: ClassVar[bool] = False
    """ffmpeg 5.1 decodes FLAC without looking at its MD5, and fills holes with silence."""

    @classmethod
    def find(cls) -> Self | None:
        """Look for it on PATH; None when it is missing, does not run, or has no libopus."""
        place = shutil.which(_PROGRAM)
        if place is None:
            return None
        try:
            said = _ask(place, "-version")
            listed = _ask(place, "-hide_banner", "-encoders")
        except ToolError:
            return None
        found = _VERSION.match(said)
        return cls(Path(place), found[1]) if found and _LISTED.search(listed) else None

    @property
    def name(self) -> str:
        """What PAC_ENCODER states."""
        return f"{_ENCODER} in {_PROGRAM} {self.version}"

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
        if not decoder:
            raise ToolError(f"{_PROGRAM} does not check FLAC: it needs a decoder that does")
        command = self._command(target, bitrate_kbps, channels)
        os.lseek(source.fileno(), 0, os.SEEK_SET)  # source.seek() may only move in its buffer
        finished = process.pipe(decoder, command, timeout_s=timeout_s, stdin=source.fileno())
        for done in reversed(finished):  # when both failed, ffmpeg knows why
            _raise_if_full(done.stderr, target)
            done.checked()

    def _command(self, target: Path, bitrate_kbps: int, channels: int) -> list[str | Path]:
        if not 1 <= channels <= len(_LAYOUTS):
            raise ToolError(f"{_PROGRAM} has no channel layout for {channels} channels")
        bitrate = min(max(bitrate_kbps, _MIN_KBPS * channels), _MAX_KBPS * channels)
        order = "|".join(str(channel) for channel in range(channels))
        said = ["-hide_banner", "-nostdin", "-loglevel", "error"]
        # A WAV header cannot tell the length of what is longer than 4 GiB, or not yet known.
        taken = ["-f", "wav", "-ignore_length", "1", "-i", "pipe:0", "-map", "0:a:0", "-vn"]
        heard = ["-af", f"channelmap={order}:{_LAYOUTS[channels - 1]}", "-ar", "48000"]
        made = ["-c:a", _ENCODER, "-b:a", f"{bitrate}k", "-vbr", "on", "-compression_level", "10"]
        # RFC 7845, section 5.1.1: family 0 is for one or two channels, 1 for up to eight.
        made += ["-mapping_family", "1" if channels > _STEREO else "0"]
        kept = ["-map_metadata", "-1", "-map_chapters", "-1", "-f", "opus", "-y"]
        return [self.executable, *said, *taken, *heard, *made, *kept, f"file:{target}"]


def _ask(place: str, *question: str) -> str:
    done = process.run([place, *question], timeout_s=_VERSION_TIMEOUT_S, check=True)
    return done.stdout.decode(errors="replace")


def _raise_if_full(words: str, target: Path) -> None:
    for number in _NO_MORE:
        if os.strerror(number) in words:
            raise OSError(number, os.strerror(number), str(target))
