"""Runs ffmpeg to encode and to convert; writes the output it is told to, and nothing else."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pacd.domain.media import AudioFormat
from pacd.errors import ToolError
from pacd.tools import process
from pacd.tools.samples import RAW_DEPTHS, padding_misleads

PROGRAM: Final = "ffmpeg"
LIBOPUS: Final = "libopus"
LIBFDK_AAC: Final = "libfdk_aac"

_VERSION: Final = re.compile(r"ffmpeg version n?(\d+(?:\.\d+)+|\S+)")
_LISTED: Final = re.compile(rf"^ A\S+ ({LIBOPUS}|{LIBFDK_AAC}) ", re.MULTILINE)
_SOXR: Final = "--enable-libsoxr"
_VERSION_TIMEOUT_S: Final = 10.0

# FFmpeg's names for what a FLAC file of so many channels holds, in the same order (RFC
# 9639, section 9.1.3).  flac states 5.0 and 5.1 with side channels, which libopus in
# ffmpeg 5.1 refuses; and a mask in the tags must not make ffmpeg mix.
_LAYOUTS: Final = ("mono", "stereo", "3.0", "quad", "5.0", "5.1", "6.1", "7.1")

# What has no place in AAC: a silent centre joins four channels; the one in the back of
# 6.1 goes to both sides there, at half its power each.
_REBUILT: Final = {
    (4, 5): "pan=5.0|c0=c0|c1=c1|c3=c2|c4=c3",
    (7, 8): "pan=7.1|c0=c0|c1=c1|c2=c2|c3=c3|c4=0.70711*c4|c5=0.70711*c4|c6=c5|c7=c6",
}

# libsoxr at 33 bits, without the rolloff that it has by default below its band's edge, on double
# floats: what comes as 24 or 32 bits would else be made single ones (libswresample, FFmpeg 5.1).
# tests/contract/test_resampling.py compares it with SoX.
_FINEST: Final = "resampler=soxr:precision=33:cheby=1:internal_sample_fmt=dblp"
_SAID: Final = ("-hide_banner", "-nostdin", "-loglevel", "error")
_RF64: Final = ["-f", "wav", "-ignore_length", "1"]
_BYTE: Final = 8
_TAILS_PER_S: Final = 4
"""libsoxr's filter is shorter than a quarter of a second (test_resampling.py)."""

_RESAMPLERS: Final = {
    True: "resampler=soxr:precision=28",
    False: "filter_size=64:phase_shift=10:exact_rational=1",
}
"""By whether libsoxr is there.  Lengths and tones: tests/contract/test_aac_encoders.py."""


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """
    The ``ffmpeg`` program at a known place.

    Attributes:
        version: As "5.1.9".
        encoders: Those of libopus and libfdk_aac that it has.
        soxr: Whether it resamples by libsoxr.
    """

    executable: Path
    version: str
    encoders: frozenset[str] = frozenset()
    soxr: bool = False

    @classmethod
    def find(cls) -> Self | None:
        """Look for it on PATH; None when it is missing or does not run."""
        place = shutil.which(PROGRAM)
        if place is None:
            return None
        try:
            said = _ask(place, "-version")
            listed = _ask(place, "-hide_banner", "-encoders")
        except ToolError:
            return None
        found = _VERSION.match(said)
        if not found:
            return None
        return cls(Path(place), found[1], frozenset(_LISTED.findall(listed)), _SOXR in said)

    @property
    def name(self) -> str:
        """Program and version, as it is recorded."""
        return f"{PROGRAM} {self.version}"

    def encoding(
        self, arguments: Sequence[str], target: Path, audio: AudioFormat | None = None
    ) -> list[str | Path]:
        """
        Return the arguments of a run that encodes WAV on its input, without tags and chapters.

        Args:
            arguments: Filters, encoder and format.
            target: Overwritten; half written when the run fails.
            audio: What comes, where its length should be heeded.
        """
        kept = ["-map_metadata", "-1", "-map_chapters", "-1", "-y", f"file:{target}"]
        return [*self._taking_wav(audio), *arguments, *kept]

    def converting(self, audio: AudioFormat, wanted: AudioFormat) -> list[str | Path]:
        """
        Return the arguments of a run that makes WAV of the wanted shape from WAV of the other.

        Raises:
            ToolError: There is no such shape.
        """
        made = ["-c:a", "pcm_s16le", "-bitexact", "-f", "wav", "pipe:1"]
        return [*self._taking_wav(audio), "-af", self.conversion(audio, wanted), *made]

    def conversion(self, audio: AudioFormat, wanted: AudioFormat) -> str:
        """
        Return the filters that bring audio to 16 bit and the wanted rate and channels.

        The result is dithered, and as long as wanted: resamplers end some samples early.

        Raises:
            ToolError: There is no such shape.
        """
        rebuilt = _REBUILT.get((audio.channels, wanted.channels)) or layout(audio.channels)
        rate_hz, filters = wanted.sample_rate_hz, [rebuilt]
        filters.append(f"aresample={rate_hz}:osf=s16:dither_method=triangular")
        if rate_hz != audio.sample_rate_hz:
            filters[-1] += f":{_RESAMPLERS[self.soxr]}"
            if wanted.total_samples:
                filters.append(f"apad=whole_len={wanted.total_samples}")
        return ",".join(filters)

    def resampling(self, audio: AudioFormat, rate_hz: int) -> list[str | Path]:
        """
        Return the arguments of a run that changes the rate of samples, and nothing else.

        It takes what Flac.raw_decoder() makes, and gives 64-bit floats, in full scale from -1
        to 1 and not limited to it, by libsoxr.  Silence is added behind the end,
        so that no filter keeps the last samples back: the caller knows how many it wants.
        """
        bits = audio.bits_per_sample
        shape = ["-f", f"s{bits}{'le' if bits > _BYTE else ''}", "-ar", str(audio.sample_rate_hz)]
        taken = [*shape, "-ac", str(audio.channels)] if bits in RAW_DEPTHS else _RF64
        tail = f"apad=pad_len={audio.sample_rate_hz // _TAILS_PER_S}"
        change = f"{tail},aresample={rate_hz}:{_FINEST}"
        made = ["-af", change, "-f", "f64le", "pipe:1"]
        return [self.executable, *_SAID, *taken, "-i", "pipe:0", "-map", "0:a:0", *made]

    def _taking_wav(self, audio: AudioFormat | None) -> list[str | Path]:
        # A WAV header cannot tell the length of what is longer than 4 GiB, or not yet known.
        ignored = "0" if audio and padding_misleads(audio) else "1"
        taken = ["-f", "wav", "-ignore_length", ignored, "-i", "pipe:0", "-map", "0:a:0", "-vn"]
        return [self.executable, *_SAID, *taken]


def layout(channels: int) -> str:
    """
    Return the filter that says where the channels of a FLAC file play, and moves none.

    Raises:
        ToolError: FLAC has no such number of channels.
    """
    if not 1 <= channels <= len(_LAYOUTS):
        raise ToolError(f"{PROGRAM} has no channel layout for {channels} channels")
    order = "|".join(str(channel) for channel in range(channels))
    return f"channelmap={order}:{_LAYOUTS[channels - 1]}"


def _ask(place: str, *question: str) -> str:
    done = process.run([place, *question], timeout_s=_VERSION_TIMEOUT_S, check=True)
    return done.stdout.decode(errors="replace")
