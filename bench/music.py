"""Makes a library that sounds like music, out of real recordings; writes where it is told."""

import io
import random
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutagen.flac import FLAC, Picture
from PIL import Image

SAMPLES = Path("/usr/share/sonic-pi/samples")
"""FLAC recordings of Debian's package sonic-pi-samples (CC0)."""

_RATE_HZ = 44_100
_FRAME_BYTES = 4
_TRACKS_PER_ALBUM = 8

# Who plays: one recording after another of each kind, each repeated this often.
_PLAYERS = (("loop_", 4), ("bass_", 2), ("ambi_", 1), ("guit_", 2))


@dataclass(frozen=True, slots=True)
class Size:
    """How much music: tracks of shortest_s to longest_s seconds."""

    tracks: int
    shortest_s: int
    longest_s: int


def make_music(root: Path, size: Size) -> Path:
    """Make a library unless it is there; the same size gives the same audio."""
    if not SAMPLES.is_dir():
        raise SystemExit("There are no recordings to make music of: apt install sonic-pi-samples")
    if root.is_dir():
        return root
    draft = root.with_name(root.name + ".draft")
    for number in range(size.tracks):
        album, track = divmod(number, _TRACKS_PER_ALBUM)
        folder = draft / f"Band {album}" / f"{1990 + album} - Album {album}"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{track + 1:02d} - Song {number}.flac"
        dice = random.Random(number)  # noqa: S311  # the same music each time
        _encode(_song(dice, dice.randint(size.shortest_s, size.longest_s)), target)
        _dress(target, album, track)
    draft.rename(root)
    return root


def _song(dice: random.Random, seconds: int) -> bytes:
    """All players together, the first loudest; stereo, 16 bit."""
    song = b""
    for prefix, repeats in reversed(_PLAYERS):
        part = _part(dice, _recordings(prefix), repeats, seconds * _RATE_HZ * _FRAME_BYTES)
        song = _mixed(part, song) if song else part
    return song


def _part(dice: random.Random, recordings: Sequence[bytes], repeats: int, size_bytes: int) -> bytes:
    """One player's part, of exactly that length."""
    part = bytearray()
    while len(part) < size_bytes:
        part += dice.choice(recordings) * repeats
    return bytes(part[:size_bytes])


def _mixed(first: bytes, second: bytes) -> bytes:
    """
    Half of each, added, sample by sample.

    Two long integers hold all samples at once, counted from zero instead of from
    -32768, so that no sample carries into its neighbour: a loop in Python would
    take minutes for what this does in a second.
    """
    samples = len(first) // 2
    sign = int.from_bytes(b"\x00\x80" * samples, "little")
    low = int.from_bytes(b"\xff\x7f" * samples, "little")
    halves = (((int.from_bytes(each, "little") ^ sign) >> 1) & low for each in (first, second))
    return (sum(halves) ^ sign).to_bytes(len(first), "little")


@cache
def _recordings(prefix: str) -> tuple[bytes, ...]:
    """The samples of all recordings of a kind, stereo, 16 bit."""
    return tuple(_decoded(sorted(SAMPLES.glob(f"{prefix}*.flac"))))


def _decoded(paths: Sequence[Path]) -> Iterator[bytes]:
    for path in paths:
        info = FLAC(path).info
        if (info.sample_rate, info.bits_per_sample) != (_RATE_HZ, 16):
            continue
        decode = [
            "flac",
            "-dcs",
            "--force-raw-format",
            "--endian=little",
            "--sign=signed",
            str(path),
        ]
        raw = subprocess.run(decode, check=True, capture_output=True).stdout
        if info.channels == 1:
            wide = bytearray(2 * len(raw))
            for offset in range(_FRAME_BYTES):
                wide[offset::_FRAME_BYTES] = raw[offset % 2 :: 2]
            raw = bytes(wide)
        yield raw


def _encode(raw: bytes, target: Path) -> None:
    shape = [f"--sample-rate={_RATE_HZ}", "--bps=16", "--channels=2", "--sign=signed"]
    options = ["-5", "--silent", "--force-raw-format", "--endian=little", *shape]
    command: list[str | Path] = ["flac", *options, "-o", target, "-"]
    subprocess.run(command, input=raw, check=True)


def _dress(target: Path, album: int, track: int) -> None:
    """Add tags and a cover as a ripper does."""
    audio = FLAC(target)
    audio.update(
        {
            "title": target.stem.partition(" - ")[2],
            "artist": [f"Band {album}", "A Guest"],
            "albumartist": f"Band {album}",
            "album": f"Album {album}",
            "date": str(1990 + album),
            "tracknumber": str(track + 1),
            "genre": "Benchmark",
            "replaygain_track_gain": "-7.50 dB",
        }
    )
    cover = Picture()
    cover.type, cover.mime, cover.data = 3, "image/jpeg", _cover()
    audio.add_picture(cover)
    audio.save()


@cache
def _cover() -> bytes:
    data = io.BytesIO()
    Image.effect_noise((600, 600), 60).convert("RGB").save(data, "JPEG", quality=85)
    return data.getvalue()
