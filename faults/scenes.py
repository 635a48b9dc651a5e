"""Everything PAC writes, one piece of work each, on small real files; no daemon is needed."""

import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path, PurePosixPath
from typing import Final

from faults.records import RECORDS
from faults.scene import UNUSABLE, UNWRITABLE, Scene, StepFailedError
from pacd.domain.job import Job
from pacd.domain.media import CD, Codec
from pacd.domain.outcome import Failed, Result, Tested
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.domain.policy import ArtworkPolicy, FlacPolicy, LibraryPolicy, MirrorPolicy
from pacd.files import recycle
from pacd.files.atomic import observe
from pacd.files.probe import read_track
from pacd.files.spectrograms import save_spectrogram
from pacd.steps.registry import perform
from pacd.store.database import Store
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import Art, dress, png, write_flac
from tests.damage import with_md5
from tests.integration import bins
from tests.integration.steps.jobs import artwork_job, mirror_job

_PATH: Final = PurePosixPath("a/b.flac")
NOW: Final = datetime(2026, 11, 21, tzinfo=UTC)

_SECONDS: Final = 0.1
_OWNER: Final = 1_000
_MTIME_NS: Final = 1_600_000_000_123_456_789


@cache
def tools() -> Toolbox:
    """The real programs."""
    return find_tools()


def _done(job: Job) -> Result:
    outcome = perform(job, tools())
    if isinstance(outcome, Failed):
        raise StepFailedError(outcome)
    return outcome.result


def _master(base: Path) -> Path:
    return base / "library" / _PATH


def _made(base: Path, *, level: int = 5, rate: int = 44_100, bits: int = 16) -> Path:
    """Make a master with all that a rename could lose."""
    path = _master(base)
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = {"TITLE": "One", "ARTIST": "A", "ALBUM": "B"}
    art = [Art(png(seed=1))]
    write_flac(path, seconds=_SECONDS, tags=tags, pictures=art, level=level, rate=rate, bits=bits)
    _adorn(path)
    return path


def _adorn(path: Path) -> None:
    """Give a file an owner, a mode, an attribute and a time that are not what is usual."""
    if os.geteuid() == 0:
        os.chown(path, _OWNER, _OWNER)
    path.chmod(0o640)
    os.setxattr(path, "user.rating", b"5")
    os.utime(path, ns=(_MTIME_NS, _MTIME_NS))


def _recompress(base: Path) -> None:
    _rewrite(base, Action.RECOMPRESS)


def _rewrite(base: Path, action: Action) -> None:
    """Test a master, and rewrite it by what was found."""
    found = _tested(base)
    facts = Facts(_PATH, found.observation, found.track, found.check)
    flac = FlacPolicy(resampler="ffmpeg")
    policy = replace(_library(base), flac=flac)
    _done(Job(PlanItem(_PATH, action, "a test"), facts, policy, NOW))


def _tested(base: Path) -> Tested:
    facts = Facts(_PATH, observe(_master(base)))
    item = PlanItem(_PATH, Action.TEST, "a test")
    result = _done(Job(item, facts, _library(base), NOW))
    if not isinstance(result, Tested) or not result.check.integrity.sound:
        raise AssertionError(f"a sound master was judged: {result}")
    return result


def _test(base: Path) -> None:
    """What cannot be read is not damaged: no verdict may come of it."""
    _tested(base)


def _library(base: Path, *mirrors: MirrorPolicy) -> LibraryPolicy:
    artwork = ArtworkPolicy(enabled=False, root=base / "art")
    return LibraryPolicy("l", base / "library", artwork, mirrors=mirrors)


def _set_up(base: Path, level: int) -> None:
    _made(base, level=level)


def _set_up_retag(base: Path) -> None:
    """What is as small as it can be: its frames stay, and only COMPRESSION is set."""
    _made(base, level=8)


def _set_up_no_md5(base: Path) -> None:
    path = _made(base, level=0)
    path.write_bytes(with_md5(path.read_bytes(), bytes(16)))
    _adorn(path)


def _set_up_hires(base: Path) -> None:
    _made(base, level=0, rate=48_000, bits=24)


def _resample(base: Path) -> None:
    if read_track(_master(base)).audio.bits_per_sample > CD.bits_per_sample:
        _rewrite(base, Action.RESAMPLE)


def _set_up_artwork(base: Path) -> None:
    _made(base)
    (base / "art").mkdir()


def _export(base: Path) -> None:
    _done(artwork_job(base, "A/B/front.png"))


def _set_up_spectrogram(base: Path) -> None:
    (base / "art" / "A").mkdir(parents=True)
    (base / "art" / "A" / "old.png").write_bytes(png(seed=2))


def _draw(base: Path) -> None:
    root = base / "art"
    save_spectrogram(png(seed=3), root / "A" / "old.png", root=root)
    save_spectrogram(png(seed=4), root / "B" / "new.png", root=root)


def _mirror_job(base: Path, action: Action, codec: Codec) -> Job:

    return mirror_job(base, str(_PATH), action, codec=codec)


def _set_up_encode(base: Path) -> None:
    _made(base)
    (base / "mirror").mkdir()


def _encode(base: Path, codec: Codec) -> None:
    _done(_mirror_job(base, Action.MIRROR_ENCODE, codec))


def _set_up_mirror(base: Path, codec: Codec) -> None:
    """An output that is in step, of a master that is not any more."""
    path = _made(base)
    _encode(base, codec)
    dress(path, {"TITLE": "Two"}, [])
    _adorn(path)


def _retag(base: Path, codec: Codec) -> None:
    _done(_mirror_job(base, Action.MIRROR_RETAG, codec))


def _set_up_rename(base: Path) -> None:
    """An output stands where its master was."""
    _made(base)
    _encode(base, Codec.OPUS)
    (base / "mirror" / "a").rename(base / "mirror" / "old")


def _rename(base: Path) -> None:
    moved = (base / "mirror/a/b.opus").exists()
    job = _mirror_job(base, Action.MIRROR_RETAG if moved else Action.MIRROR_RENAME, Codec.OPUS)
    _done(replace(job, item=replace(job.item, origin=PurePosixPath("old/b.opus"))))


def _set_up_sidecar(base: Path) -> None:
    """One that was never copied, and one that has changed since."""
    for name, words in (("new.lrc", b"words"), ("old.lrc", b"new words")):
        place = base / "library" / "a" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(words)
        os.utime(place, ns=(_MTIME_NS, _MTIME_NS))
    (base / "mirror" / "a").mkdir(parents=True)
    (base / "mirror" / "a" / "old.lrc").write_bytes(b"old words")


def _copy(base: Path) -> None:
    for name in ("new.lrc", "old.lrc"):
        path = PurePosixPath("a", name)
        mirror = MirrorPolicy("m", base / "mirror", sidecars=(".lrc",))
        policy = _library(base, mirror)
        facts = Facts(path, observe(policy.root / path))
        with suppress(FileNotFoundError):
            ours = Output(path, OutputState.OURS, observation=observe(mirror.root / path))
            facts = replace(facts, outputs={"m": ours})
        item = PlanItem(path, Action.MIRROR_COPY, "a test", mirror="m", target=path)
        _done(Job(item, facts, policy, NOW))


def _set_up_prune(base: Path) -> None:
    _made(base)
    _encode(base, Codec.OPUS)
    _master(base).rename(base / "library" / "kept.flac")


def _prune(base: Path) -> None:
    target = PurePosixPath("a/b.opus")
    try:
        facts = Facts(_PATH, observe(base / "mirror" / target))
    except FileNotFoundError:
        return
    policy = _library(base, MirrorPolicy("m", base / "mirror"))
    item = PlanItem(facts.path, Action.MIRROR_PRUNE, "a test", mirror="m", target=target)
    _done(Job(item, facts, policy, NOW))


def _set_up_bin(base: Path) -> None:
    root = base / "library"
    path = root / bins.PATH
    path.parent.mkdir(parents=True)
    path.write_bytes(b"old")
    _adorn(path)
    bins.replace(root, bins.told(root))


def _set_up_empty_place(base: Path) -> None:
    _set_up_bin(base)
    (base / "library" / bins.PATH).unlink()


def _restore(base: Path) -> None:
    """Bring the oldest file in the bin back, unless it stands there."""
    root = base / "library"
    lying = sorted((each.at, each.entry, each) for each, whole in recycle.contents(root) if whole)
    stands = root / bins.PATH
    if not lying or (stands.exists() and stands.read_bytes() == b"old"):
        return
    _, _, oldest = lying[0]
    if stands.exists():
        recycle.exchange(root, oldest, bins.told(root, "20261121T130000Z-2"))
    else:
        recycle.bring_back(root, oldest)


def _set_up_store(base: Path) -> None:
    store = Store.open(base / "state" / "pacd.db", now=NOW)
    store.libraries.sync({"main": base / "library"})
    store.close()


def _back_up(base: Path) -> None:
    store = Store.open(base / "state" / "pacd.db", now=NOW)
    try:
        store.backup(base / "state" / "copies.db")
    finally:
        store.close()


def _note(base: Path) -> None:
    """What every outcome does: a transaction that is kept, or is not."""
    store = Store.open(base / "state" / "pacd.db", now=NOW + timedelta(seconds=1))
    try:
        with store.transaction():
            for number in range(3):
                store.memory.set(f"note {number}", number)
    finally:
        store.close()


_OPUS, _M4A = Codec.OPUS, Codec.AAC

SCENES: Final = (
    Scene("recompress", partial(_set_up, level=0), _recompress),
    Scene("set COMPRESSION", _set_up_retag, _recompress),
    Scene("repair no-md5", _set_up_no_md5, _recompress),
    Scene("resample", _set_up_hires, _resample, keeps=True),
    Scene("export artwork", _set_up_artwork, _export, only_reads=True),
    Scene("spectrogram", _set_up_spectrogram, _draw),
    Scene("encode opus", _set_up_encode, partial(_encode, codec=_OPUS), only_reads=True),
    Scene("encode m4a", _set_up_encode, partial(_encode, codec=_M4A), only_reads=True),
    Scene(
        "retag opus",
        partial(_set_up_mirror, codec=_OPUS),
        partial(_retag, codec=_OPUS),
        only_reads=True,
    ),
    Scene(
        "retag m4a",
        partial(_set_up_mirror, codec=_M4A),
        partial(_retag, codec=_M4A),
        only_reads=True,
    ),
    Scene("rename an output", _set_up_rename, _rename, only_reads=True),
    Scene("copy sidecars", _set_up_sidecar, _copy, only_reads=True),
    Scene("prune", _set_up_prune, _prune),
    Scene("restore", _set_up_empty_place, _restore),
    Scene("restore by exchange", _set_up_bin, _restore, keeps=True),
    Scene("database: a transaction", _set_up_store, _note, raises=UNWRITABLE),
    Scene("database: a backup", _set_up_store, _back_up, raises=UNUSABLE),
    *RECORDS,
)

READING: Final = (
    Scene("test", partial(_set_up, level=5), _test),
    *(scene for scene in SCENES if scene.name in {"recompress", "resample", "encode opus"}),
)
"""What reads a master from end to end."""
