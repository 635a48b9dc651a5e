"""Reads what M4A files say of their length, and decodes them; knows nothing of PAC."""

import struct
import subprocess
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mutagen.mp4 import MP4

from tests.contract.sounds import loudest

_PARENTS: Final = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl"})
_FRAME: Final = 1024  # ISO/IEC 14496-3: samples in a frame of AAC LC
_SMPB: Final = "----:com.apple.iTunes:iTunSMPB"


@dataclass(frozen=True)
class Spoken:
    """
    What a file says of its audio, in samples per channel.

    Attributes:
        delay: Before the audio.
        padding: Behind it.
        samples: The audio itself.
    """

    rate_hz: int
    channels: int
    delay: int
    padding: int
    samples: int


def opened(path: Path) -> Any:
    """The file as mutagen reads it, which has no types for what it holds."""
    return MP4(path)


def by_edit_list(path: Path) -> Spoken:
    """What the edit list says (ISO/IEC 14496-12, section 8.6.6)."""
    boxes = dict(_boxes(path.read_bytes()))
    scales = (boxes[name] for name in (b"mvhd", b"mdhd"))
    movie_hz, media_hz = (struct.unpack_from(">I", each, 12)[0] for each in scales)
    entries, samples, delay = struct.unpack_from(">4xIIi", boxes[b"elst"])
    frames = struct.unpack_from(">8xI", boxes[b"stsz"])[0]

    assert (1, movie_hz) == (entries, media_hz)

    return Spoken(media_hz, _channels(path), delay, frames * _FRAME - delay - samples, samples)


def by_itunes(path: Path) -> Spoken | None:
    """What iTunSMPB says; None without it."""
    file = opened(path)
    if _SMPB not in file:
        return None
    _zero, delay, padding, samples, *_rest = bytes(file[_SMPB][0]).split()
    return Spoken(
        file.info.sample_rate,
        _channels(path),
        *(int(each, 16) for each in (delay, padding, samples)),
    )


def decoded(path: Path) -> list[Sequence[int]]:
    """Each channel's samples as ffmpeg decodes them, cut where the edit list ends."""
    spoken = by_edit_list(path)
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "s16le", "-"]
    heard = array("h", subprocess.run(command, capture_output=True, check=True).stdout)
    count = spoken.channels
    return [heard[at::count][: spoken.samples] for at in range(count)]


def heard_tones(path: Path, frequencies: Sequence[int]) -> tuple[int, ...]:
    """The tone that each channel plays, in the order of WAVE; 0 for silence."""
    return tuple(
        loudest(channel, frequencies) if any(abs(each) > 99 for each in channel) else 0
        for channel in decoded(path)
    )


def _channels(path: Path) -> int:
    """As the encoder's own header says; ffmpeg 5.1 makes the container say 2 for mono."""
    asked = ["ffprobe", "-v", "error", "-show_entries", "stream=channels", "-of", "csv=p=0"]
    return int(subprocess.run([*asked, path], capture_output=True, check=True).stdout)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data:
        size, name = struct.unpack_from(">I4s", data)
        body, data = data[8:size], data[size:]
        if name in _PARENTS:
            yield from _boxes(body)
        yield name, body
