"""Lets the builtin detector hear files, as the daemon does: flac decodes and checks, it listens."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mutagen.flac import FLAC

from bench.corpus.index import Clip
from pacd.analysis.listening import Listener
from pacd.domain.media import AudioFormat
from pacd.domain.verdict import Authenticity, Finding

_PIECE_BYTES = 1 << 16
_RAW = ("--force-raw-format", "--endian=little", "--sign=signed")


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What the detector says of a file.

    Attributes:
        seconds: Of sound.
        wall_s, cpu_s: What decoding and listening took; cpu_s is that of all processes.
    """

    finding: Finding
    seconds: float
    wall_s: float
    cpu_s: float

    @property
    def status(self) -> Authenticity:
        return self.finding.status


def hear(path: Path) -> Heard:
    """
    Decode and listen.

    Raises:
        CalledProcessError: It is no sound FLAC file.
    """
    info = FLAC(path).info
    audio = AudioFormat(info.sample_rate, info.bits_per_sample, info.channels, info.total_samples)
    wall_s, cpu_s = time.perf_counter(), _cpu_s()
    listener = Listener(audio)
    command: list[str | Path] = ["flac", "-dcs", *_RAW, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as decoder:
        assert decoder.stdout  # noqa: S101  # a pipe was asked for
        while piece := decoder.stdout.read(_PIECE_BYTES):
            listener.add(piece)
    if decoder.returncode:
        raise subprocess.CalledProcessError(decoder.returncode, command)
    finding = listener.finding()
    spent = time.perf_counter() - wall_s, _cpu_s() - cpu_s
    return Heard(finding, audio.total_samples / audio.sample_rate_hz, *spent)


def hear_all(root: Path, clips: Sequence[Clip], processes: int) -> Iterator[tuple[Clip, Heard]]:
    """Yield each clip with what is said of it."""
    with ProcessPoolExecutor(processes) as pool:
        heard = pool.map(hear, [root / clip.file for clip in clips], chunksize=8)
        yield from zip(clips, heard, strict=True)


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
