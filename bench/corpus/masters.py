"""Plays scores, modules and strokes: masters of known origin, no two of them alike."""

import random
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from bench.corpus import packages, synth
from bench.corpus.index import Part, part_of
from bench.corpus.sounds import Samples, Sound, load

CLIP_S = 30
_LISTENED_S = 42
_START_S = 10
_PLAYED_HZ = (44_100, 48_000)
_SHORTEST_S = 12
_SHORTEST_RECORDING_S = 0.5
_SYNTHESISED = 24
_GROOVES = {"kit": 3, "samples": 2}

# An instrument plays in one part only. (MuseScore's is a fork of FluidR3's: they are not
# wholly strangers.)
_SOUNDFONTS = {
    Part.DEVELOPMENT: ("FluidR3_GM.sf2", "sf_GMbank.sf2"),
    Part.HELD_OUT: ("MuseScore_General_Full.sf2", "TimGM6mb.sf2"),
}


@dataclass(frozen=True, slots=True)
class Master:
    """
    A piece, kit or recording.

    Attributes:
        take: More than one clip can be made of a kit: which.
        play: At a rate in Hz, stereo, as long as it is.
        rates_hz: At which it can be played without being resampled.
        whole: It is a recording as it is, with its own level and length.
    """

    name: str
    take: str
    play: Callable[[int], Sound]
    rates_hz: tuple[int, ...] = (44_100,)
    whole: bool = False

    @property
    def part(self) -> Part:
        return part_of(self.name)

    @property
    def slug(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.name) + self.take

    @property
    def dice(self) -> random.Random:
        """The same throws in each run."""
        return random.Random(zlib.crc32(self.slug.encode()))  # noqa: S311  # no secret

    def clip(self, rate_hz: int = 44_100) -> Sound:
        """Half a minute of it, as loud as masters are (peaks from -6 to -0.2 dB)."""
        sound = self.play(rate_hz)
        if self.whole:
            return sound
        frames = CLIP_S * rate_hz
        start = max(0, min(_START_S * rate_hz, sound.samples.shape[1] - frames))
        part = Sound(sound.samples[:, start : start + frames], rate_hz)
        return part.scaled(10 ** (self.dice.uniform(-6, -0.2) / 20))

    @property
    def dither(self) -> str:
        """How it became 16 bits: rounded, dithered, or with shaped noise."""
        return self.dice.choice(("", "dither", "dither", "dither -s"))


def masters(cache: Path) -> Iterator[Master]:
    """All there are; what is made of them is the same in each run."""
    root = packages.unpack(cache)
    fonts = {path.name: path for path in sorted(root.rglob("*.sf2")) if path.is_file()}
    for number, (name, path) in enumerate(packages.scores(root)):
        font = fonts[_SOUNDFONTS[part_of(name)][number % 3 == 2]]  # the first twice as often
        yield Master(
            name, path.stem.removeprefix(name.partition("/")[2]), _score(path, font), _PLAYED_HZ
        )
    for name, path in packages.modules(root):
        yield Master(name, "", _module(path), _PLAYED_HZ)
    for name, strokes in packages.kits(root):
        for take in range(_GROOVES[name.partition("/")[0]]):
            yield Master(name, f"-{take + 1}", _groove(strokes, f"{name}{take}"))
    for number in range(_SYNTHESISED):
        name = f"synth/{number:02d}"
        yield Master(name, "", synth.player(number, CLIP_S), (44_100, 48_000, 96_000))
    for name, path in packages.recordings(root):
        rate_hz, seconds = _shape(path)
        if rate_hz in {44_100, 48_000} and seconds > _SHORTEST_RECORDING_S:
            yield Master(name, f"-{path.stem}", _recording(path), (rate_hz,), whole=True)


def long_enough(sound: Sound) -> bool:
    """Whether there is a clip in it: some seconds that are not silent."""
    loud = np.abs(sound.samples).max(axis=0) > 10 ** (-60 / 20)
    return bool(loud.sum() > _SHORTEST_S * sound.rate_hz / 2)


def _score(path: Path, font: Path) -> Callable[[int], Sound]:
    def play(rate_hz: int) -> Sound:
        form = ["-r", str(rate_hz), "-O", "float", "-T", "raw", "-F", "/dev/stdout"]
        size_bytes = _LISTENED_S * rate_hz * 2 * 4
        with subprocess.Popen(
            ["fluidsynth", "-niq", "-g", "0.4", *form, font, path],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it complains of what a soundfont lacks
        ) as player:
            assert player.stdout  # noqa: S101  # a pipe was asked for
            data = player.stdout.read(size_bytes)
            player.kill()  # the rest is not heard
        return Sound(np.frombuffer(data, "<f4").reshape(-1, 2).T.copy(), rate_hz)

    return play


def _module(path: Path) -> Callable[[int], Sound]:
    def play(rate_hz: int) -> Sound:
        form = ["--float", "--channels", "2", "--samplerate", str(rate_hz), "--gain", "-6"]
        form += ["--end-time", str(_LISTENED_S)]
        with tempfile.TemporaryDirectory() as scratch:
            target = Path(scratch) / "piece.wav"
            subprocess.run(
                ["openmpt123", "--batch", "--quiet", "--force", *form, "-o", target, path],
                check=True,
                capture_output=True,
            )
            return load(target, rate_hz)

    return play


def _recording(path: Path) -> Callable[[int], Sound]:
    return lambda rate_hz: load(path, rate_hz)


def _groove(paths: Sequence[Path], seed: str) -> Callable[[int], Sound]:
    return lambda rate_hz: _sequence(_strokes(tuple(paths), rate_hz), seed, rate_hz)


@lru_cache(maxsize=4)
def _strokes(paths: tuple[Path, ...], rate_hz: int) -> tuple[Samples, ...]:
    return tuple(load(path, rate_hz).scaled(1.0).samples for path in paths)


def _sequence(strokes: Sequence[Samples], seed: str, rate_hz: int) -> Sound:
    """A groove: some strokes of a kit, each with a pattern of sixteen steps and its place."""
    dice = random.Random(zlib.crc32(seed.encode()))  # noqa: S311  # no secret
    frames = CLIP_S * rate_hz
    step = int(rate_hz * 60 / dice.uniform(70, 140) / 4)
    song = np.zeros((2, frames), np.float32)
    for stroke in dice.sample(list(strokes), min(len(strokes), dice.randint(6, 12))):
        level, balance = dice.uniform(0.2, 1.0), dice.uniform(0.25, 0.75)
        sides = np.array([[1 - balance], [balance]], np.float32) * np.float32(level)
        # A long sound comes rarely, a short one often.
        rarity = 0.35 / max(1.0, stroke.shape[1] / rate_hz / 0.5)
        pattern = [dice.random() < rarity for _ in range(16 if rarity > 0.1 else 64)]
        pattern[dice.randrange(len(pattern))] = True
        for number in range(frames // step):
            if pattern[number % len(pattern)] and dice.random() < 0.95:
                start = number * step + dice.randint(0, rate_hz // 200)
                size = min(stroke.shape[1], frames - start)
                if size > 0:
                    velocity = np.float32(dice.uniform(0.5, 1.0))
                    song[:, start : start + size] += stroke[:, :size] * sides * velocity
    return Sound(song, rate_hz)


def _shape(path: Path) -> tuple[int, float]:
    """A file's rate in Hz and its length in seconds; (0, 0) where SoX cannot read it."""
    said = [
        subprocess.run(["sox", "--i", what, path], capture_output=True, text=True, check=False)
        for what in ("-r", "-D")
    ]
    return int(said[0].stdout or 0), float(said[1].stdout or 0)
