"""The ``flac`` program: tests, decodes and encodes; writes only where it is told to."""

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pacd.domain.media import AudioFormat
from pacd.errors import PreflightError, ToolError
from pacd.tools import process
from pacd.tools.output import handed
from pacd.tools.process import Finished, Stdin
from pacd.tools.samples import RAW_DEPTHS, SampleHash

# What flac says when the file, not the machine, is at fault, and what it means.  Spelling of
# 1.4.2 (tests/contract/test_flac.py); 1.5.0 spells them alike, with more behind LOST_SYNC
# (facts/tools.md 4).  The first line of the table that occurs decides.
_DAMAGE: Final = (
    ("ERROR while decoding metadata", "its header is damaged or cut off"),
    (
        "in frame but",
        "its audio does not have the rate, depth or channels its header states, or changes midway",
    ),
    ("in this frame but", "its audio changes its rate, depth or channels midway"),
    (
        "decoded number of samples is smaller",
        "it holds less audio than its header states: it is cut off",
    ),
    ("STATUS_FRAME_CRC_MISMATCH", "a part of its audio is damaged: a checksum does not fit"),
    (
        "state = FLAC__STREAM_DECODER_END_OF_STREAM",
        "its audio is damaged or cut off at the end",
    ),
    ("FLAC__STREAM_DECODER_ERROR_STATUS", "a part of its audio is damaged or missing"),
    (
        "MD5 signature mismatch",
        "its audio is not what was once encoded: the MD5 in its header is another",
    ),
    ("ERROR while decoding data", "its audio cannot be decoded"),
    ("ERROR during decoding", "its audio cannot be decoded"),
)

Sink = Callable[[bytes], object]

_VERSION: Final = re.compile(r"flac (\d+(?:\.\d+)+\S*)")
_PADDING_BYTES: Final = 8192
# flac 1.4.2 decodes nothing to WAV that its 32 bits cannot count (tests/contract/test_flac.py);
# the rest is room for the header.
_MAX_WAV_BYTES: Final = (1 << 32) - (1 << 16)
_RAW: Final = ("--force-raw-format", "--endian=little", "--sign=signed")


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What a decode of the whole file showed.

    Attributes:
        damage: A clause for people; "" when the audio is sound.
        words: All that flac said.
    """

    damage: str
    words: str

    @property
    def sound(self) -> bool:
        """Whether the audio decoded to its end without a fault."""
        return not self.damage


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What a decode of the whole file gave.

    Attributes:
        audio_md5: Hex; of what could be decoded.
        samples: Per channel.
    """

    verdict: Verdict
    audio_md5: str
    samples: int


@dataclass(frozen=True, slots=True)
class Flac:
    """
    ``flac`` at a known place.

    Files are given to it open, as its standard input: it reads the very file that was
    looked at, whatever happens to the name meanwhile, and from wherever it stands.
    """

    executable: Path
    version: str

    @classmethod
    def find(cls) -> Self:
        """
        Look for it on PATH.

        Raises:
            PreflightError: It is not there, or does not start.
        """
        found = shutil.which("flac")
        if found is None:
            raise PreflightError("flac is missing: apt install flac")
        try:
            done = process.run([found, "--version"], timeout_s=20, check=True)
        except ToolError as error:
            raise PreflightError(f"{found} does not work: {error}", words=error.words) from error
        version = _VERSION.match(done.stdout.decode(errors="replace"))
        if version is None:
            raise PreflightError(f"{found} is not flac: apt install flac")
        return cls(Path(found), version.group(1))

    @property
    def name(self) -> str:
        """Program and version, as it is recorded."""
        return f"flac {self.version}"

    def test(self, stdin: Stdin, *, timeout_s: float) -> Verdict:
        """
        Decode a file and compare it with the MD5 its encoder stored.

        Raises:
            ToolError: flac failed for a reason that says nothing of the audio.
        """
        argv = (self.executable, "--test", "--silent", "-")
        return _verdict(process.run(argv, timeout_s=timeout_s, stdin=stdin))

    def hear(self, stdin: Stdin, audio: AudioFormat, sink: Sink, *, timeout_s: float) -> Verdict:
        """
        Test a file as test() does, and give the samples of that decode to sink.

        What flac says of damage, and its exit code, are the same (tests/contract/test_flac.py).

        Args:
            audio: Its depth is one of RAW_DEPTHS.
            sink: Gets samples piece by piece, cut anywhere: signed, little-endian, interleaved.

        Raises:
            ToolError: As test().
        """
        done = process.stream(self.raw_decoder(audio), sink, timeout_s=timeout_s, stdin=stdin)
        return _verdict(done)

    def measure(
        self,
        stdin: Stdin,
        audio: AudioFormat,
        *,
        samples: int,
        timeout_s: float,
        also: Sink | None = None,
    ) -> Measured:
        """
        Decode a file, count its samples and compute their MD5; for files that state none.

        Args:
            samples: Per channel, where known, else 0.
            also: Gets the samples as well, as of hear().

        Raises:
            ToolError: As test().
        """
        hashed = SampleHash(audio, samples=samples)

        def take(piece: bytes) -> None:
            hashed.add(piece)
            if also:
                also(piece)

        done = process.stream(self.raw_decoder(audio), take, timeout_s=timeout_s, stdin=stdin)
        return Measured(_verdict(done), hashed.md5, hashed.samples)

    def encode(
        self, stdin: Stdin, target: Path, *, level: int, seek_table: bool, timeout_s: float
    ) -> None:
        """
        Encode FLAC anew, in one process that verifies what it writes.

        Raises:
            ToolError: flac failed; files of some kinds it refuses (encode_decoded() does not).
        """
        with handed(target) as output:
            argv = self._encode(output, level, seek_table=seek_table)
            process.run([*argv, "-"], timeout_s=timeout_s, stdin=stdin, check=True)

    def encode_decoded(
        self,
        stdin: Stdin,
        target: Path,
        audio: AudioFormat,
        *,
        samples: int,
        level: int,
        seek_table: bool,
        timeout_s: float,
    ) -> None:
        """
        Encode FLAC anew through a pipe of samples; no header or tag reaches the encoder.

        Args:
            samples: Per channel, where known, else 0: then there is no seek table.

        Raises:
            ToolError: Either flac failed.
        """
        shape = _pipe_shape(audio, samples)
        with handed(target) as output:
            encode = self._encode(output, level, seek_table=seek_table and samples > 0)
            decoded, encoded = process.pipe(
                self.raw_decoder(audio), [*encode, *shape, "-"], timeout_s=timeout_s, stdin=stdin
            )
        encoded.checked()
        decoded.checked()

    def encode_samples(
        self,
        pieces: Iterable[bytes],
        target: Path,
        audio: AudioFormat,
        *,
        level: int,
        seek_table: bool,
        timeout_s: float,
    ) -> None:
        """
        Encode interleaved samples, little-endian and of one of RAW_DEPTHS.

        Args:
            audio: Their shape, with their number.

        Raises:
            ToolError: flac failed; or as pieces raises.
        """
        shape = _pipe_shape(audio, audio.total_samples)
        with handed(target) as output:
            encode = self._encode(output, level, seek_table=seek_table)
            process.run([*encode, *shape, "-"], timeout_s=timeout_s, stdin=pieces, check=True)

    def decoder(self, audio: AudioFormat) -> tuple[str | Path, ...]:
        """Arguments that turn FLAC on its input into WAV on its output; RF64 beyond 4 GiB."""
        bytes_ = audio.total_samples * audio.channels * -(-audio.bits_per_sample // 8)
        large = ("--force-rf64-format",) if bytes_ > _MAX_WAV_BYTES else ()
        return (self.executable, "--decode", "--stdout", "--silent", *large, "-")

    def raw_decoder(self, audio: AudioFormat) -> list[str | Path]:
        """Arguments that turn FLAC on its input into samples; of odd depths, into RF64."""
        raw = audio.bits_per_sample in RAW_DEPTHS
        return [
            *(self.executable, "--decode", "--stdout", "--silent"),
            *(_RAW if raw else ("--force-rf64-format",)),
            "-",
        ]

    def _encode(self, target: Path, level: int, *, seek_table: bool) -> list[str | Path]:
        """
        The padding is room for the tags that are added afterwards.

        --lax: an odd depth or a long block is no reason to refuse what is already FLAC.
        """
        return [
            *(self.executable, f"-{level}", "--verify", "--lax", "--silent", "--force"),
            *("--no-preserve-modtime", f"--padding={_PADDING_BYTES}"),
            *(() if seek_table else ("--no-seektable",)),
            *("-o", target),
        ]


def _pipe_shape(audio: AudioFormat, samples: int) -> list[str]:
    if audio.bits_per_sample not in RAW_DEPTHS:
        # The header in the pipe says what STREAMINFO says, which is not always the truth.
        return [] if 0 < samples == audio.total_samples else ["--ignore-chunk-sizes"]
    frame_bytes = audio.channels * audio.bits_per_sample // 8
    return [
        *_RAW,
        f"--sample-rate={audio.sample_rate_hz}",
        f"--bps={audio.bits_per_sample}",
        f"--channels={audio.channels}",
        *([f"--input-size={samples * frame_bytes}"] if samples else []),
    ]


def _verdict(done: Finished) -> Verdict:
    if done.exit_code == 0:
        return Verdict("", done.stderr)
    damage = next((clause for mark, clause in _DAMAGE if mark in done.stderr), "")
    if not damage:
        done.checked()
    return Verdict(damage, done.stderr)
