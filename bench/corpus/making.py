"""Makes a corpus: masters, hard cases, fakes, and the lists of them; goes on where it stopped."""

import random
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from bench.corpus import hard
from bench.corpus.fakes import PLAIN, SETTINGS, TREATMENTS, Setting, Treatment, make_fake
from bench.corpus.hard import CASES, Case
from bench.corpus.index import Clip, Kind, Part, part_of, write_index
from bench.corpus.masters import Master, long_enough, masters
from bench.corpus.sounds import load, store

_CASES_EACH = {Part.DEVELOPMENT: 2, Part.HELD_OUT: 4}
_WORKERS = 2
_BATCH = 60
_SHORT = frozenset({"recording", "alsa"})
"""Groups of masters that are seconds long; their fakes are told apart."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many fakes of each master: as decoded, and treated."""

    plain: int = 4
    treated: int = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """What a step of making works with: clips are those made so far."""

    part: Part
    masters: Sequence[Master]
    clips: tuple[Clip, ...]
    root: Path
    size: Size


@dataclass(frozen=True, slots=True)
class Job:
    """A clip, and how to make it; `make` leaves no file where there is no clip in the master."""

    clip: Clip
    make: Callable[[Path], None]


def make_corpus(root: Path, cache: Path, size: Size, parts: Sequence[Part]) -> None:
    """Make what is missing of these parts; the list grows with it."""
    root.mkdir(parents=True, exist_ok=True)
    everybody = tuple(masters(cache))
    with ThreadPoolExecutor(_WORKERS) as pool:
        for part in parts:
            clips: list[Clip] = []
            mine = [master for master in everybody if master.part is part]
            for step in (_genuine, _hard, fakes):
                jobs = step(Stage(part, mine, tuple(clips), root, size))
                while batch := tuple(islice(jobs, _BATCH)):
                    made = pool.map(lambda job: _made(root, job), batch)
                    clips += [job.clip for job, there in zip(batch, made, strict=True) if there]
                    write_index(root, part, clips)
                print(f"{part}, {step.__name__.lstrip('_')}: {len(clips)} clips", flush=True)


def _made(root: Path, job: Job) -> bool:
    target = root / job.clip.file
    if not target.exists():
        try:
            job.make(target)
        except subprocess.CalledProcessError as error:
            said = (error.stderr or b"").decode(errors="replace").strip()
            print(f"not made: {job.clip.file}: {error.cmd[0]}: {said}", flush=True)
    return target.exists()


def _genuine(stage: Stage) -> Iterator[Job]:
    """The masters as they are."""
    for master in stage.masters:
        clip = Clip(
            _file(stage.part, Kind.GENUINE, master.slug), master.name, stage.part, Kind.GENUINE
        )
        yield Job(clip, partial(_play, master))
    for name, sound in hard.signals():
        if part_of(name) is stage.part:
            file = _file(stage.part, Kind.GENUINE, name.replace("/", "-"))
            clip = Clip(file, name, stage.part, Kind.GENUINE, treatment="signal")
            yield Job(clip, partial(store, sound))


def _play(master: Master, target: Path) -> None:
    (rate_hz,) = master.rates_hz[:1]
    sound = master.clip(rate_hz)
    if master.whole or long_enough(sound):
        store(sound, target, dither="" if master.whole else master.dither)


def _hard(stage: Stage) -> Iterator[Job]:
    """Some masters with each hard case; which ones, the case's name says."""
    for case in CASES:
        able = [m for m in stage.masters if case.rate_hz in m.rates_hz and not m.whole]
        dice = random.Random(case.name)  # noqa: S311  # the same each time
        for master in dice.sample(able, min(len(able), _CASES_EACH[stage.part])):
            file = _file(stage.part, case.kind, _slug(master.slug, case.name))
            clip = Clip(file, master.name, stage.part, case.kind, treatment=case.name)
            yield Job(clip, partial(_harden, master, case))


def _harden(master: Master, case: Case, target: Path) -> None:
    sound = master.clip(case.rate_hz)
    if not long_enough(sound):
        return
    if case.kind is not Kind.UPSCALED:
        store(case.make(sound), target, bits=case.bits, dither=case.dither)
        return
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "16.wav"
        store(sound, plain, dither=case.dither)
        store(load(plain, case.rate_hz), target, bits=case.bits)


def fakes(stage: Stage) -> Iterator[Job]:
    """
    Yield each master in some settings, taken in turn so that each setting has as many masters;
    treated ones likewise; and two of each short recording and of each hard case that is worth it.
    """
    genuine = [clip for clip in stage.clips if clip.kind is Kind.GENUINE]
    music = [clip for clip in genuine if not clip.treatment and _group(clip) not in _SHORT]
    count, size = len(SETTINGS), stage.size
    for number, clip in enumerate(sorted(music, key=lambda c: zlib.crc32(c.file.encode()))):
        for turn in range(size.plain):
            yield _fake(stage, clip, SETTINGS[(number + turn * count // size.plain) % count], PLAIN)
        for turn in range(size.treated):
            chosen = (number * size.treated + turn) % len(TREATMENTS)
            setting = SETTINGS[(number * 7 + turn * count // size.treated + 3) % count]
            yield _fake(stage, clip, setting, TREATMENTS[chosen])
    worth = {case.name for case in CASES if case.faked}
    hardened = [clip for clip in genuine if clip.treatment in worth]
    short = [replace(clip, treatment="short") for clip in genuine if _group(clip) in _SHORT]
    for clips in (hardened, short):
        for number, clip in enumerate(sorted(clips, key=lambda c: c.file)):
            for turn in range(2):
                yield _fake(stage, clip, SETTINGS[(number * 3 + turn * 10) % count], PLAIN)


def _group(clip: Clip) -> str:
    return clip.master.partition("/")[0]


def _fake(stage: Stage, clip: Clip, setting: Setting, treatment: Treatment) -> Job:
    name = _slug(Path(clip.file).stem, setting.name, treatment.name)
    words = treatment.name or (f"of: {clip.treatment}" if clip.treatment else "")
    file = _file(stage.part, Kind.FAKE, name)
    fake = Clip(file, clip.master, stage.part, Kind.FAKE, setting.codec, setting.name, words)
    master = stage.root / clip.file
    return Job(fake, lambda target: make_fake(master, target, setting, treatment))


def _file(part: Part, kind: Kind, slug: str) -> str:
    return f"{part}/{kind}/{slug}.flac"


def _slug(*words: str) -> str:
    plain = ("".join(c if c.isalnum() or c in ".-" else "-" for c in word) for word in words)
    return ".".join(filter(None, plain))
