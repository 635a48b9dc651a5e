"""Builds the values that planning decides by; defaults for everything but what matters."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from pacd.domain.change import Observation
from pacd.domain.hold import Cause, Hold
from pacd.domain.media import FRONT_COVER, AudioFormat, Picture, Quirk, Tags, Track
from pacd.domain.output import Export, Output, OutputState
from pacd.domain.plan import Action, Album, Facts, PlanItem, Setback
from pacd.domain.policy import (
    ArtworkPolicy,
    AuthenticityPolicy,
    FlacPolicy,
    HardLinks,
    LibraryPolicy,
    MirrorPolicy,
    StopOn,
)
from pacd.domain.verdict import (
    BUILTIN_VERSION,
    Authenticity,
    Check,
    Detector,
    Finding,
    Integrity,
)
from pacd.errors import FailureKind
from pacd.planning.compression import compression_tag

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOOL = "flac 1.4.2"
MD5 = "a1" * 16
OTHER_MD5 = "b2" * 16
TAGS_MD5 = "c3" * 16
AT_TARGET = compression_tag(TOOL, 8, NOW)
PHONE = MirrorPolicy("phone", Path("/phone"))
UNASKED = AuthenticityPolicy(enabled=False)


def picture(md5: str = "d4" * 16, *, mime: str = "image/jpeg", kind: int = FRONT_COVER) -> Picture:
    """A front cover."""
    return Picture(kind, mime, md5, 1_000)


def track(
    *,
    rate_hz: int = 44_100,
    bits: int = 16,
    channels: int = 2,
    md5: str = MD5,
    tags: Mapping[str, str] | None = None,
    tags_md5: str = TAGS_MD5,
    pictures: Iterable[Picture] = (),
    compression: str = AT_TARGET,
    quirks: Iterable[Quirk] = (),
) -> Track:
    """One second of stereo with a COMPRESSION tag that says the target."""
    audio = AudioFormat(rate_hz, bits, channels, rate_hz)
    named = Tags.of((tags or {}).items())
    return Track(audio, md5, named, tags_md5, tuple(pictures), compression, frozenset(quirks))


def check(
    integrity: Integrity = Integrity.INTACT,
    *,
    md5: str = MD5,
    age: timedelta = timedelta(days=1),
    message: str | None = None,
) -> Check:
    """A verdict of yesterday."""
    said = "" if integrity is Integrity.INTACT else f"it is {integrity}"
    return Check(integrity, md5, said if message is None else message, "", TOOL, NOW - age)


def finding(
    status: Authenticity = Authenticity.OK,
    detector: Detector = Detector.BUILTIN,
    *,
    version: str = BUILTIN_VERSION,
    **more: Any,
) -> Finding:
    """What a detector said."""
    return Finding(detector, version, status, f"it is {status}", **more)


def observation(*, inode: int = 2, links: int = 1) -> Observation:
    """A file of 1000 bytes."""
    return Observation(1, inode, 1_000, 10**18, 10**18, links)


def output(path: str = "a/01.opus", state: OutputState = OutputState.OURS, **more: Any) -> Output:
    """An output of PHONE that is up to date with facts()."""
    if state is not OutputState.OURS:
        return Output(PurePosixPath(path), state, **more)
    shown = {
        "src_md5": MD5,
        "quality": PHONE.quality,
        "src_tags": PHONE.tags_hash(TAGS_MD5),
        "encoder": "opusenc 0.2",
        "source_rel": PurePosixPath(path).with_suffix(".flac"),
        "observation": observation(inode=3),
    }
    return Output(PurePosixPath(path), state, **{**shown, **more})


def facts(path: str = "a/01.flac", **known: Any) -> Facts:
    """
    A master at rest: tested yesterday, compressed to the target, mirrored to PHONE.

    Args:
        known: What is otherwise, as Facts has it; `links` for its other names.
    """
    links = known.pop("links", 1)
    plain = {
        "observation": observation(links=links),
        "track": track(),
        "check": check(),
        "outputs": {PHONE.name: output(str(PurePosixPath(path).with_suffix(".opus")))},
    }
    return Facts(PurePosixPath(path), **{**plain, **known})


def fresh(path: str = "a/01.flac", **known: Any) -> Facts:
    """A master whose bytes nobody has tested, without an output."""
    target = str(PurePosixPath(path).with_suffix(".opus"))
    new = {
        "track": None,
        "check": None,
        "outputs": {PHONE.name: output(target, OutputState.MISSING)},
    }
    return facts(path, **{**new, **known})


def hold(cause: Cause, path: str = "a/01.flac", *, number: int = 1, **more: Any) -> Hold:
    """An open hold."""
    return Hold(number, PurePosixPath(path), cause, f"it is {cause}", NOW, **more)


def setback(
    action: Action = Action.RECOMPRESS,
    kind: FailureKind = FailureKind.TOOL_FAILED,
    *,
    tries: int = 1,
    mirror: str = "",
    due_in: timedelta = timedelta(seconds=30),
) -> Setback:
    """A failure that may be tried again in half a minute."""
    return Setback(action, mirror, kind, tries, f"it went wrong ({kind})", "", NOW + due_in)


def item(action: Action = Action.TEST, path: str = "a/01.flac", **more: Any) -> PlanItem:
    """Something to do."""
    return PlanItem(PurePosixPath(path), action, "a reason", **more)


def export(target: str, source: str | None = "a/01.flac", **more: Any) -> Export:
    """A cover that stands where it belongs."""
    made_from = {"picture_md5": picture().md5}
    owner = PurePosixPath(source) if source else None
    return Export(PurePosixPath(target), owner, **{**made_from, **more})


def album(*tracks: Facts, path: str = "a", exports: Iterable[Export] = ()) -> Album:
    """A folder."""
    return Album(PurePosixPath(path), tracks, {each.target: each for each in exports})


def policy(
    *,
    mirrors: Iterable[MirrorPolicy] = (PHONE,),
    artwork: bool = False,
    max_px: int = 0,
    target: int = 8,
    hardlinks: HardLinks = HardLinks.SKIP,
    stop_on: StopOn = StopOn.ERROR,
    authenticity: AuthenticityPolicy = UNASKED,
    resample: bool = False,
    resampler: str = "ffmpeg",
) -> LibraryPolicy:
    """
    The shipped wishes, but with one mirror and no covers.

    Nobody asks for authenticity, and masters above CD form are left so.
    """
    covers = ArtworkPolicy(enabled=artwork, root=Path("/art"), max_px=max_px)
    flac = FlacPolicy(
        target_compression=target,
        hardlinks=hardlinks,
        stop_on=stop_on,
        resample_to_cd=resample,
        resampler=resampler,
    )
    music = Path("/music")
    return LibraryPolicy("music", music, covers, flac, tuple(mirrors), authenticity)
