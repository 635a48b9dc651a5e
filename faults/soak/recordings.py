"""Recordings that a soak's library is made of, each with audio of its own."""

import itertools
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import mutagen.flac
import numpy as np

from tests.audio import Art, dress, encode_pcm, png, stated_md5

_CD: Final = (44_100, 16)
_HI_RES: Final = (96_000, 24)

Tags = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Recording:
    """
    One recording.

    Attributes:
        source: A good file of it, that stays where it is.
        hires: Whether PAC makes another of it, in CD form (F6).
    """

    md5: str
    source: Path
    hires: bool = False


class Studio:
    """Makes recordings, and keeps a good file of each."""

    def __init__(self, vault: Path, chance: Random) -> None:
        vault.mkdir()
        self._vault = vault
        self._chance = chance
        self._numbers = itertools.count(1)
        self.recordings: dict[str, Recording] = {}

    def record(self) -> Recording:
        """Make audio that was never heard before, of one to six seconds; some of it hi-res."""
        path = self._vault / f"{next(self._numbers)}.flac"
        hires = self._chance.random() < 0.1
        rate_hz, bits = _HI_RES if hires else _CD
        noise = np.random.default_rng(self._chance.randrange(1 << 62))
        frames = int(self._chance.uniform(1, 2 if hires else 6) * rate_hz)
        time_s = np.arange(frames)[:, None] / rate_hz
        pitch_hz = noise.uniform(80, 4_000, size=(1, 2))
        tones = 0.3 * np.sin(2 * np.pi * pitch_hz * time_s)
        samples = tones + noise.normal(scale=0.02, size=(frames, 2))
        most = (1 << (bits - 1)) - 1
        wide = np.clip(samples * most, -most, most).astype("<i4")
        raw = wide.view("u1").reshape(-1, 4)[:, : bits // 8].tobytes()
        encode_pcm(path, raw, rate=rate_hz, bits=bits, level=self._chance.choice((0, 5)))
        made = Recording(stated_md5(path), path, hires)
        self.recordings[made.md5] = made
        return made

    def take_over(self, path: Path) -> Recording:
        """Keep a good file of what somebody else has made of a recording."""
        kept = self._vault / f"{next(self._numbers)}.flac"
        shutil.copyfile(path, kept)
        made = Recording(stated_md5(path), kept)
        self.recordings[made.md5] = made
        return made

    def cover(self) -> bytes:
        """A picture that was never seen before."""
        return png(40, 40, seed=next(self._numbers))


def dressed(path: Path, tags: Tags, cover: bytes) -> None:
    """Give a file these tags beside those it has, and this cover in place of its own."""
    audio: Any = mutagen.flac.FLAC(path)
    if audio.pictures:
        audio.clear_pictures()
        audio.save()
    dress(path, tags, [Art(cover)] if cover else [])


def said_by(path: Path) -> tuple[dict[str, list[str]], list[bytes]]:
    """Tags (names in capitals) and pictures of a file, without what PAC adds."""
    audio: Any = mutagen.flac.FLAC(path)
    tags: dict[str, list[str]] = {}
    for key, value in audio.tags or ():
        if key.upper() != "COMPRESSION":
            tags.setdefault(key.upper(), []).append(value)
    return tags, [picture.data for picture in audio.pictures]


def retagged(path: Path, tags: Tags) -> None:
    """Set tags as metaflac does it: in place where there is room, else by a new file."""
    command: list[str | Path] = ["metaflac"]
    for key, values in tags.items():
        command += [f"--remove-tag={key}", *(f"--set-tag={key}={value}" for value in values)]
    subprocess.run([*command, path], check=True)


def is_sound(path: Path) -> bool:
    """Whether flac itself finds nothing wrong."""
    command: list[str | Path] = ["flac", "--test", "--silent", "--warnings-as-errors", "--", path]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def plays(path: Path) -> bool:
    """Whether ffmpeg decodes it all without a word."""
    quiet = ["-v", "error", "-nostdin"]
    command: list[str | Path] = ["ffmpeg", *quiet, "-i", f"file:{path}", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0 and not done.stderr


def is_cd_form(path: Path) -> bool:
    """Whether it has 16 bits and 44.1 kHz."""
    info = mutagen.flac.FLAC(path).info
    return (info.sample_rate, info.bits_per_sample) == _CD


def frames_at(data: bytes) -> int:
    """Where the audio of a FLAC file begins (RFC 9639, section 6)."""
    at, last = 4, False
    while not last:
        last = bool(data[at] & 0x80)
        at += 4 + int.from_bytes(data[at + 1 : at + 4])
    return at
