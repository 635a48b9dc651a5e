"""Planning and doing comes to rest, whatever is known at first and whatever goes wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacd.domain import outcome as told
from pacd.domain.hold import Cause, Hold
from pacd.domain.media import Quirk
from pacd.domain.outcome import (
    Authenticated,
    Done,
    Exported,
    Failed,
    Mirrored,
    Outcome,
    Recompressed,
    Resampled,
)
from pacd.domain.output import Export, Output, OutputState
from pacd.domain.plan import Action, Album, Facts, PlanItem, Setback
from pacd.domain.policy import (
    AuthenticityPolicy,
    HardLinks,
    LibraryPolicy,
    MirrorPolicy,
    SpectrogramPolicy,
    StopOn,
)
from pacd.domain.recycled import Recycled
from pacd.domain.verdict import Authenticity, Detector, Integrity, joined
from pacd.errors import FailureKind
from pacd.planning.after import after
from pacd.planning.authenticity import counting, drawing_due, suspicion, unheard
from pacd.planning.compression import compression_tag
from pacd.planning.covers import wanted_covers
from pacd.planning.holding import ended
from pacd.planning.outputs import output_paths
from pacd.planning.planner import plan
from tests.builders import (
    MD5,
    NOW,
    OTHER_MD5,
    PHONE,
    TAGS_MD5,
    TOOL,
    check,
    export,
    finding,
    hold,
    observation,
    output,
    picture,
    policy,
    setback,
    track,
)

VERSIONS = ((Detector.BUILTIN, "1"), (Detector.AUCDTECT, "1"), (Detector.LAC, "1"))
SAID = dict(zip(Integrity, Authenticity, strict=False))
CAR = MirrorPolicy("car", Path("/car"), bitrate_kbps=64)
ROUNDS = 40
"""Generous: three tries of five actions in turn, each with a hold behind it."""
CD_MD5 = "cd" * 16
UNTIL_ALL_IS_WELL = 25
WRITES = {
    Action.RESAMPLE,
    Action.RECOMPRESS,
    Action.MIRROR_ENCODE,
    Action.MIRROR_RETAG,
    Action.EXPORT_ARTWORK,
}

md5s = st.sampled_from([MD5, OTHER_MD5, ""])
ages = st.integers(0, 200).map(lambda days: timedelta(days=days))
checks = st.builds(check, st.sampled_from(Integrity), md5=md5s, age=ages)
covers = st.lists(st.sampled_from([picture(), picture("ee" * 16), picture("ff", mime="-->")]))
tracks = st.builds(
    track,
    rate_hz=st.sampled_from([22_050, 44_100, 96_000]),
    bits=st.sampled_from([16, 20, 24]),
    channels=st.sampled_from([1, 2, 6]),
    md5=md5s,
    tags=st.dictionaries(
        st.sampled_from(["ALBUM", "ARTIST", "DISCNUMBER", "TRACKNUMBER"]),
        st.sampled_from(["1", "2/2", "Homogenic", "../x", ""]),
    ),
    tags_md5=st.sampled_from([TAGS_MD5, "other"]),
    pictures=covers,
    compression=st.sampled_from(["", "8", "level=5", "flac 1.4.2; level=8", "best"]),
    quirks=st.sets(st.sampled_from(Quirk), max_size=2),
)
policies = st.builds(
    policy,
    mirrors=st.sampled_from([(), (PHONE,), (PHONE, CAR)]),
    artwork=st.booleans(),
    max_px=st.sampled_from([0, 500]),
    target=st.integers(0, 8),
    hardlinks=st.sampled_from(HardLinks),
    stop_on=st.sampled_from(StopOn),
    authenticity=st.builds(
        AuthenticityPolicy,
        enabled=st.booleans(),
        skip_highbit=st.booleans(),
        detectors=st.sampled_from([(), (Detector.BUILTIN,), tuple(Detector)]),
        versions=st.sampled_from([(), VERSIONS[:1], VERSIONS]),
        spectrogram=st.sampled_from([None, SpectrogramPolicy(Path("/pictures"))]),
    ),
    resample=st.booleans(),
    resampler=st.sampled_from(["", "ffmpeg"]),
)
judgements = st.lists(
    st.builds(
        finding,
        st.sampled_from([each for each in Authenticity if each is not Authenticity.SKIPPED]),
        st.sampled_from(Detector),
        version=st.sampled_from(["1", "0"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each.detector,
).map(lambda found: joined(None, found, now=NOW))
kinds = st.sampled_from(FailureKind)
actions = st.sampled_from([each for each in Action if each is not Action.HOLD])
setbacks = st.builds(
    setback,
    actions,
    kinds,
    tries=st.integers(1, 5),
    mirror=st.sampled_from(["", "phone", "sold"]),
    due_in=st.sampled_from([timedelta(seconds=-1), timedelta(minutes=9)]),
)
outcomes = st.none() | kinds


@st.composite
def outputs(draw: st.DrawFn, target: PurePosixPath) -> Output:
    state = draw(st.sampled_from(OutputState))
    return output(
        str(target),
        state,
        src_md5=draw(md5s),
        quality=draw(st.sampled_from([PHONE.quality, CAR.quality, ""])),
        src_tags=draw(st.sampled_from([PHONE.tags_hash(TAGS_MD5), ""])),
        source_rel=draw(st.sampled_from([target.with_suffix(".flac"), PurePosixPath("B/b.flac")])),
        listed=draw(st.sampled_from(["", "A.OPUS"])),
    )


@st.composite
def albums(draw: st.DrawFn, wishes: LibraryPolicy) -> Album:
    """A folder of which anything may be known."""
    names = draw(st.lists(st.sampled_from(["a.flac", "a.FLAC", "b.flac"]), min_size=1, unique=True))
    paths = sorted(PurePosixPath("A") / name for name in names)
    named = {mirror.name: output_paths(paths, mirror) for mirror in wishes.mirrors}
    known = [
        Facts(
            path=path,
            observation=observation(links=draw(st.integers(1, 2))),
            track=draw(st.none() | tracks),
            check=draw(st.none() | checks),
            judgement=draw(st.none() | judgements),
            outputs={mirror: draw(outputs(by[path].path)) for mirror, by in named.items()},
            spares={
                mirror: draw(outputs(PurePosixPath("B/b.opus")))
                for mirror in named
                if draw(st.booleans())
            },
            holds=tuple(
                hold(cause, str(path), number=number)
                for number, cause in enumerate(draw(st.sets(st.sampled_from(Cause), max_size=2)))
            ),
            accepted=draw(st.frozensets(st.sampled_from(Cause), max_size=2)),
            setbacks=tuple(draw(st.lists(setbacks, max_size=2, unique_by=_work))),
            rewrites=draw(st.integers(0, 4)),
            restored=draw(st.booleans()),
            restless=draw(st.none() | st.sampled_from([timedelta(), timedelta(hours=1)])),
        )
        for path in paths
    ]
    # What was found to be no FLAC has no header, and a header is known of tested bytes alone.
    known = [_consistent(each) for each in known]
    targets = [each.target for each in wanted_covers(known, wishes.artwork)]
    there = draw(st.lists(st.sampled_from(targets), unique=True)) if targets else []
    exports = [
        export(
            str(target),
            draw(st.sampled_from(["A/a.flac", "B/a.flac"])),
            picture_md5=draw(st.sampled_from([picture().md5, "old"])),
            source_present=draw(st.booleans()),
            present=draw(st.booleans()),
        )
        for target in there
    ]
    return Album(PurePosixPath("A"), tuple(known), {each.target: each for each in exports})


def _work(each: Setback) -> tuple[Action, str]:
    return (each.action, each.mirror)


def _consistent(known: Facts) -> Facts:
    if known.check is None or known.check.integrity is Integrity.NOT_FLAC:
        return replace(known, track=None)
    return known if known.track else replace(known, check=None)


@st.composite
def situations(draw: st.DrawFn) -> tuple[LibraryPolicy, Album]:
    wishes = draw(policies)
    return wishes, draw(albums(wishes))


Fate = Callable[[], FailureKind | None]
"""How the next item goes: None when it goes well."""


def _well() -> None:
    return None


def _standing(known: Facts, wishes: LibraryPolicy, now: datetime) -> tuple[Hold, ...]:
    gone = {each.id for each in ended(known, wishes, now)}
    return tuple(each for each in known.holds if each.id not in gone)


def carry_out(folder: Album, item: PlanItem, wishes: LibraryPolicy, outcome: Outcome) -> Album:
    """Take an outcome as the engine does."""
    tracks = list(folder.tracks)
    at = next(n for n, each in enumerate(tracks) if each.path == item.path)
    tracks[at] = after(tracks[at], outcome, NOW)
    exports = dict(folder.exports)
    if isinstance(outcome, Done) and isinstance(outcome.result, Exported):
        cover = outcome.result
        made = Export(cover.target, item.path, cover.picture.md5, wishes.artwork.max_px)
        exports[made.target] = made
    return replace(folder, tracks=tuple(tracks), exports=exports)


def opened(folder: Album, item: PlanItem) -> Album:
    """Open the hold that an item asks for."""
    assert item.cause is not None
    number = 1_000 + sum(len(each.holds) for each in folder.tracks)
    made = Hold(number, item.path, item.cause, item.reason, NOW, mirror=item.mirror)
    made = replace(made, evidence=item.evidence)
    tracks = tuple(
        replace(each, holds=(*each.holds, made)) if each.path == item.path else each
        for each in folder.tracks
    )
    return replace(folder, tracks=tracks)


def succeeded(known: Facts, item: PlanItem, wishes: LibraryPolicy, integrity: Integrity) -> Done:
    """What a step reports that went well."""
    header = known.track or track(compression="", md5="")
    match item.action:
        case Action.TEST:
            found = header if integrity is not Integrity.NOT_FLAC else None
            heard = item.listens and integrity.sound
            findings = (finding(SAID[integrity]),) if heard else ()
            verdict = check(integrity, age=timedelta())
            return Done(item, told.Tested(verdict, found, known.observation, findings))
        case Action.AUTHENTICATE:
            return Done(item, authenticated(known, wishes.authenticity, integrity))
        case Action.RESAMPLE:
            assert header.audio.above_cd
            tag = compression_tag(TOOL, wishes.flac.target_compression, NOW)
            cd = replace(header, audio=header.audio.in_cd_form, audio_md5=CD_MD5)
            cd = replace(cd, compression=tag, quirks=frozenset())
            sound = check(md5=CD_MD5, age=timedelta())
            kept = Recycled("entry", known.path, NOW, "a reason", 2, 1_000, 10**18)
            return Done(item, Resampled(cd, sound, observation(inode=78), kept, 1_000, 900, 0.0))
        case Action.RECOMPRESS:
            tag = compression_tag(TOOL, wishes.flac.target_compression, NOW)
            new = replace(header, compression=tag, quirks=frozenset(), audio_md5=known.audio_md5)
            sound = check(md5=known.audio_md5, age=timedelta())
            single = observation(inode=77)
            return Done(item, Recompressed(new, sound, single, False, 1_000, 900))
        case Action.EXPORT_ARTWORK:
            cover = header.cover
            assert cover
            assert item.target
            return Done(item, Exported(item.target, cover, cover.mime, 1, 1, written=True))
        case _:
            mirror = next(each for each in wishes.mirrors if each.name == item.mirror)
            made = output(
                str(item.target),
                src_md5=known.audio_md5,
                quality=mirror.quality,
                src_tags=mirror.tags_hash(header.tags_md5),
                source_rel=item.path,
            )
            return Done(item, Mirrored(made, encoded=item.action is Action.MIRROR_ENCODE))


def authenticated(known: Facts, wishes: AuthenticityPolicy, integrity: Integrity) -> Authenticated:
    """What the step reports: every detector that was not heard, and a picture where one is due."""
    assert known.track
    versions = dict(wishes.versions)
    found = tuple(
        finding(SAID[integrity], each, version=versions[each])
        for each in unheard(known.judgement, wishes)
    )
    verdict = joined(known.judgement, found, now=NOW) if found else known.judgement
    due = drawing_due(counting(verdict, wishes), wishes)
    drawn = Path("/pictures/a.png") if due and integrity is Integrity.INTACT else None
    undrawn = "the disk is full" if due and not drawn else ""
    return Authenticated(known.track, known.observation, found, drawn, undrawn)


def assert_may_be_written(known: Facts, item: PlanItem, wishes: LibraryPolicy) -> None:
    """Damage never is, a suspect only where the owner lets it pass (P3)."""
    assert known.check is not None
    assert known.check.integrity.sound
    verdict = suspicion(known, wishes.authenticity)
    lets_pass = wishes.flac.stop_on is StopOn.NEVER or known.accepted >= {Cause.SUSPECT}
    if verdict and verdict.status is Authenticity.SUSPECT and not lets_pass:
        assert item.action is Action.EXPORT_ARTWORK
        assert wishes.flac.stop_on is StopOn.ERROR


def one_round(
    folder: Album, wishes: LibraryPolicy, now: datetime, fate: Fate, integrity: Integrity
) -> Album:
    """End what has ended, plan, and carry out all that is planned."""
    tracks = [replace(each, holds=_standing(each, wishes, now)) for each in folder.tracks]
    folder = replace(folder, tracks=tuple(tracks))
    items = plan(folder, wishes, now)

    assert items == plan(folder, wishes, now)  # P1
    by_path = {each.path: each for each in folder.tracks}
    for item in items:
        known = by_path[item.path]
        if item.action in WRITES:  # P3
            assert_may_be_written(known, item, wishes)
        if item.action is Action.HOLD:
            folder = opened(folder, item)
            continue
        kind = fate()
        outcome: Outcome = (
            succeeded(known, item, wishes, integrity)
            if kind is None
            else Failed(item, kind, "it failed")
        )
        folder = carry_out(folder, item, wishes, outcome)
    return folder


@settings(deadline=None, max_examples=60)
@given(situations(), st.sampled_from(Integrity))
def test_planning_and_doing_comes_to_rest(
    situation: tuple[LibraryPolicy, Album], integrity: Integrity
) -> None:
    """P1, P3, P4: when all goes well, eight rounds at most leave nothing to do."""
    wishes, folder = situation
    now = NOW + timedelta(hours=1)
    for _round in range(8):
        folder = one_round(folder, wishes, now, _well, integrity)

    assert () == plan(folder, wishes, now)


@settings(deadline=None, max_examples=60)
@given(situations(), st.sampled_from(Integrity), st.lists(outcomes, min_size=1, max_size=50))
def test_failures_come_to_rest_too(
    situation: tuple[LibraryPolicy, Album],
    integrity: Integrity,
    fates: list[FailureKind | None],
) -> None:
    """P4, H1: tried again, held, or done in the end; nothing is tried for ever."""
    wishes, folder = situation
    drawn = cycle(fates)
    for turn in range(ROUNDS):
        fate = _well if turn >= UNTIL_ALL_IS_WELL else partial(next, drawn)
        now = NOW + timedelta(minutes=15 * (turn + 1))
        folder = one_round(folder, wishes, now, fate, integrity)

    assert () == plan(folder, wishes, NOW + timedelta(minutes=15 * (ROUNDS + 1)))


@settings(deadline=None, max_examples=40)
@given(situations(), st.sampled_from([Integrity.CORRUPT, Integrity.NOT_FLAC]))
def test_nothing_is_ever_made_of_damage(
    situation: tuple[LibraryPolicy, Album], integrity: Integrity
) -> None:
    """P3: whatever else is known, accepted or wished for: it is only tested or held."""
    wishes, folder = situation
    damaged = replace(
        folder,
        tracks=tuple(replace(each, check=check(integrity)) for each in folder.tracks),
    )

    assert {item.action for item in plan(damaged, wishes, NOW)} <= {Action.TEST, Action.HOLD}


@pytest.mark.parametrize("order", [1, -1])
def test_the_plan_follows_the_order_given(order: int) -> None:
    """P1: tracks in the order given, covers last."""
    known = [_consistent(Facts(PurePosixPath(f"A/{name}.flac"), observation())) for name in "abc"][
        ::order
    ]
    items = plan(Album(PurePosixPath("A"), tuple(known)), policy(), NOW)

    assert [each.path for each in known] == [
        item.path for item in items if item.action is Action.TEST
    ]
