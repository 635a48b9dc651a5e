"""Each state of knowledge about a master leads to exactly these actions."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pacd.domain.hold import Cause
from pacd.domain.media import Quirk
from pacd.domain.output import Export, OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import HardLinks, LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.planning.holding import MAX_REWRITES, UNSTABLE_AFTER
from pacd.planning.planner import decide, eclipsed_covers, plan, plan_covers, stopped
from tests.builders import (
    NOW,
    PHONE,
    album,
    check,
    export,
    facts,
    fresh,
    hold,
    output,
    picture,
    policy,
    setback,
    track,
)

STALE = policy().flac.verify_after + timedelta(days=1)
PAST = timedelta(seconds=-1)
MISSING = {"phone": output(state=OutputState.MISSING)}
CAR = MirrorPolicy("car", Path("/car"), bitrate_kbps=64)
UNCOMPRESSED = track(compression="")
FRONT = PurePosixPath("Unknown Artist/Unknown Album/front.jpg")


def due(known: Facts, wishes: LibraryPolicy | None = None) -> list[Action]:
    return [item.action for item in decide(known, wishes or policy(), NOW).items]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(fresh(), [Action.TEST], id="new"),
        pytest.param(facts(), [], id="at rest"),
        pytest.param(facts(check=check(age=STALE)), [Action.TEST], id="stale"),
        pytest.param(
            facts(check=check(age=STALE), track=UNCOMPRESSED), [Action.TEST], id="stale first"
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, outputs=MISSING), [Action.RECOMPRESS], id="uncompressed"
        ),
        pytest.param(facts(track=track(compression="8")), [], id="bare 8"),
        pytest.param(facts(outputs=MISSING), [Action.MIRROR_ENCODE], id="no output"),
        pytest.param(facts(track=track(tags_md5="ee")), [Action.MIRROR_RETAG], id="retagged"),
        pytest.param(
            facts(check=check(Integrity.NO_MD5), track=track(md5="")),
            [Action.RECOMPRESS],
            id="no MD5",
        ),
        pytest.param(facts(track=track(rate_hz=96_000, bits=24)), [], id="hi-res stays"),
        pytest.param(
            facts(check=check(Integrity.CORRUPT), outputs=MISSING), [Action.HOLD], id="corrupt"
        ),
        pytest.param(
            facts(check=check(Integrity.NOT_FLAC, md5=""), track=None, outputs=MISSING),
            [Action.HOLD],
            id="not FLAC",
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, outputs=MISSING, links=2),
            [Action.HOLD, Action.MIRROR_ENCODE],
            id="hard-linked: mirrored all the same",
        ),
        pytest.param(
            facts(outputs={"phone": output(state=OutputState.FOREIGN)}),
            [Action.HOLD],
            id="a foreign output",
        ),
        pytest.param(facts(outputs={}), [], id="nothing known of the mirror"),
        pytest.param(
            facts(track=UNCOMPRESSED, rewrites=MAX_REWRITES - 1),
            [Action.RECOMPRESS],
            id="rewritten often",
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, rewrites=MAX_REWRITES, outputs=MISSING),
            [Action.HOLD],
            id="rewritten too often (w22)",
        ),
        pytest.param(facts(rewrites=MAX_REWRITES), [], id="rewritten often, and now in order"),
        pytest.param(fresh(restless=timedelta()), [], id="still being written"),
        pytest.param(fresh(restless=UNSTABLE_AFTER), [], id="being written for long"),
        pytest.param(
            fresh(restless=UNSTABLE_AFTER + timedelta(seconds=1)), [Action.HOLD], id="unstable"
        ),
    ],
)
def test_plans_what_the_facts_justify(known: Facts, expected: list[Action]) -> None:
    """P1, P2, F1, F2, F4, w22: exactly these actions, whatever the state of knowledge."""
    assert expected == due(known)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(
            facts(track=UNCOMPRESSED, setbacks=(setback(),)),
            [],
            id="waits for its next try",
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, setbacks=(setback(due_in=PAST),)),
            [Action.RECOMPRESS],
            id="tried again",
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, setbacks=(setback(tries=3, due_in=PAST),)),
            [Action.HOLD],
            id="a third failure asks a person",
        ),
        pytest.param(
            fresh(setbacks=(setback(Action.TEST, tries=2, due_in=PAST),)),
            [Action.TEST],
            id="a test is tried again",
        ),
        pytest.param(
            fresh(setbacks=(setback(Action.TEST, FailureKind.TIMED_OUT, tries=3),)),
            [Action.HOLD],
            id="a test that never ends",
        ),
        pytest.param(
            fresh(setbacks=(setback(Action.TEST, FailureKind.PERMISSION),)),
            [Action.HOLD],
            id="no permission: asked at once",
        ),
        pytest.param(
            facts(
                track=UNCOMPRESSED,
                setbacks=(setback(kind=FailureKind.NO_SPACE, tries=99, due_in=PAST),),
            ),
            [Action.RECOMPRESS],
            id="a full disk is never the file's fault",
        ),
        pytest.param(
            fresh(setbacks=(setback(Action.TEST, FailureKind.INTERRUPTED, tries=4, due_in=PAST),)),
            [Action.TEST],
            id="an interruption neither",
        ),
        pytest.param(
            fresh(setbacks=(setback(Action.TEST, FailureKind.INTERRUPTED, tries=5, due_in=PAST),)),
            [Action.HOLD],
            id="but one after the other",
        ),
        pytest.param(
            facts(outputs=MISSING, setbacks=(setback(Action.MIRROR_ENCODE, mirror="phone"),)),
            [],
            id="an encode waits",
        ),
        pytest.param(
            facts(
                outputs=MISSING,
                setbacks=(setback(Action.MIRROR_ENCODE, tries=3, mirror="phone"),),
            ),
            [Action.HOLD],
            id="an encode is given up",
        ),
    ],
)
def test_failures_are_tried_again_and_then_held(known: Facts, expected: list[Action]) -> None:
    """H1, F1: after k tries a person is asked; what is not the file's fault is tried for ever."""
    assert expected == due(known)


def test_phases_come_in_their_order() -> None:
    """P2: a phase is planned only when the facts it needs exist."""
    wishes = policy(artwork=True)
    covered = [picture()]
    stages = [
        fresh(),
        facts(track=track(compression="", pictures=covered), outputs=MISSING),
        facts(track=track(pictures=covered), outputs=MISSING),
        facts(track=track(pictures=covered)),
    ]
    found = [[item.action for item in plan(album(each), wishes, NOW)] for each in stages]

    assert [
        [Action.TEST],
        [Action.RECOMPRESS],
        [Action.MIRROR_ENCODE, Action.EXPORT_ARTWORK],
        [Action.EXPORT_ARTWORK],
    ] == found


@pytest.mark.parametrize("integrity", [Integrity.CORRUPT, Integrity.NOT_FLAC])
@pytest.mark.parametrize(
    "more",
    [
        {"accepted": frozenset(Cause)},
        {"holds": tuple(hold(cause, number=n) for n, cause in enumerate(Cause))},
        {"track": track(compression="", quirks=set(Quirk), pictures=[picture()])},
        {"outputs": {"phone": output(src_md5="")}},
        {"setbacks": (setback(Action.TEST, tries=3),)},
        {"links": 2},
    ],
    ids=["accepted", "held", "odd", "old output", "failed before", "linked"],
)
@pytest.mark.parametrize("hardlinks", HardLinks)
def test_damage_is_never_rewritten_nor_mirrored(
    integrity: Integrity, more: dict[str, Any], hardlinks: HardLinks
) -> None:
    """P3: whatever the settings and whatever a person accepted: it would launder the damage."""
    plain: dict[str, Any] = {"outputs": MISSING, "track": UNCOMPRESSED}
    known = facts(**{**plain, "check": check(integrity), **more})
    wishes = policy(artwork=True, hardlinks=hardlinks, target=0)
    actions = {item.action for item in plan(album(known), wishes, NOW)}

    assert actions <= {Action.HOLD}
    assert stopped(known, wishes, NOW)


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.blocks_mirror])
def test_a_held_master_is_left_alone_and_keeps_its_output(cause: Cause) -> None:
    """M8, H1: nothing rewrites or mirrors it; nothing removes what there is."""
    known = facts(track=UNCOMPRESSED, outputs=MISSING, holds=(hold(cause),))
    held = decide(known, policy(), NOW)

    assert () == held.items
    assert f"held ({cause}): it is {cause}" == held.standing


@pytest.mark.parametrize("cause", [cause for cause in Cause if not cause.blocks_mirror])
def test_a_notice_stops_nothing_else(cause: Cause) -> None:
    """H1, decision 0009: hard links and collisions inform; mirrors are made all the same."""
    known = facts(outputs=MISSING, holds=(hold(cause),))

    assert [Action.MIRROR_ENCODE] == due(known)


def test_a_hold_on_one_mirror_stops_that_mirror_alone() -> None:
    """H1, decision 0009."""
    outputs = {name: output(state=OutputState.MISSING) for name in ("phone", "car")}
    failed = setback(Action.MIRROR_ENCODE, tries=3, mirror="car")
    held = hold(Cause.ENCODE_FAILED, mirror="car")
    known = facts(outputs=outputs, setbacks=(failed,), holds=(held,))
    items = decide(known, policy(mirrors=(PHONE, CAR)), NOW).items

    assert [(Action.MIRROR_ENCODE, "phone")] == [(each.action, each.mirror) for each in items]


def test_what_a_person_accepted_is_not_asked_again() -> None:
    """H2: `release --accept` = known and fine; the rest goes on."""
    given_up = facts(
        track=UNCOMPRESSED,
        outputs=MISSING,
        setbacks=(setback(tries=3),),
        accepted=frozenset({Cause.ENCODE_FAILED}),
    )
    untestable = fresh(
        setbacks=(setback(Action.TEST, FailureKind.TIMED_OUT, tries=3),),
        accepted=frozenset({Cause.TOOL_CRASHED}),
    )

    assert [Action.MIRROR_ENCODE] == due(given_up)
    assert [] == due(untestable)
    assert "test failed: it went wrong (timed-out)" == decide(untestable, policy(), NOW).standing


def test_a_hold_names_its_cause_and_its_evidence() -> None:
    """H1: cause, reason and the tool's words; O1: the same reason everywhere."""
    known = facts(check=check(Integrity.CORRUPT, message="its audio is cut off"))
    item = decide(known, policy(), NOW).items[0]

    assert Cause.CORRUPT == item.cause
    assert "its audio is cut off" == item.reason
    assert {
        "tool": "flac 1.4.2",
        "tested": "2026-11-20T12:00:00+00:00",
        "words": "",
    } == item.evidence


def test_an_open_hold_is_not_asked_for_again() -> None:
    """P4: a hold is rest."""
    known = facts(check=check(Integrity.CORRUPT), holds=(hold(Cause.CORRUPT),))

    assert [] == due(known)


def test_one_cause_is_asked_for_once() -> None:
    """H1: two failures of one kind on one file are one hold."""
    failures = (
        setback(Action.RECOMPRESS, tries=3),
        setback(Action.EXPORT_ARTWORK, tries=3),
    )
    known = facts(track=UNCOMPRESSED, setbacks=failures)

    assert [Action.HOLD] == due(known)


def test_a_bad_cover_does_not_cost_its_track() -> None:
    """Decision 0009: a cover that cannot be exported stops nothing else."""
    evidence = {"action": "export-artwork"}
    known = facts(
        outputs=MISSING,
        setbacks=(setback(Action.EXPORT_ARTWORK, FailureKind.VERIFY_FAILED, tries=3),),
        holds=(hold(Cause.VERIFY_FAILED, evidence=evidence),),
    )

    assert [Action.MIRROR_ENCODE] == due(known)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (fresh(), "these bytes have never been tested"),
        (
            facts(),
            (
                "intact, tested 2026-11-20, compressed "
                "(flac 1.4.2; level=8; verify=1; date=2026-11-21), "
                "mirrored to phone (opus 128 kbit/s)"
            ),
        ),
        (facts(check=check(Integrity.CORRUPT, message="it is cut off")), "it is cut off"),
        (
            facts(track=UNCOMPRESSED, setbacks=(setback(),)),
            "recompress failed: it went wrong (tool-failed); it is tried again at 12:00:30 UTC",
        ),
        (
            facts(
                outputs={PHONE.name: output(state=OutputState.MISSING)},
                setbacks=(setback(Action.MIRROR_ENCODE, FailureKind.IO, mirror=PHONE.name),),
            ),
            (
                "not up to date in phone: mirror-encode failed: it went wrong (io); "
                "it is tried again at 12:00:30 UTC; intact, tested 2026-11-20, compressed "
                "(flac 1.4.2; level=8; verify=1; date=2026-11-21)"
            ),
        ),
        (
            facts(
                track=UNCOMPRESSED,
                setbacks=(setback(kind=FailureKind.NO_SPACE, due_in=timedelta(hours=6)),),
            ),
            (
                "recompress failed: it went wrong (no-space); it is tried again at 18:00:00 UTC; "
                "intact, tested 2026-11-20, mirrored to phone (opus 128 kbit/s)"
            ),
        ),
        (
            facts(setbacks=(setback(Action.MIRROR_ENCODE, mirror=PHONE.name),)),
            (
                "intact, tested 2026-11-20, compressed "
                "(flac 1.4.2; level=8; verify=1; date=2026-11-21), "
                "mirrored to phone (opus 128 kbit/s)"
            ),
        ),
        (fresh(restless=timedelta()), "waiting until nobody has written to it for a while"),
        (
            facts(track=UNCOMPRESSED, rewrites=4),
            (
                "PAC has rewritten it 4 times within an hour and would again: "
                "no COMPRESSION tag says its level, the target is 8"
            ),
        ),
    ],
)
def test_the_standing_says_why(known: Facts, words: str) -> None:
    """P1, w58: `pacctl why` has a reason for doing nothing, too."""
    assert words == decide(known, policy(), NOW).standing


def test_w58_a_cover_that_could_not_be_exported_is_told_of() -> None:
    """w58, F7: of a master at rest, and of one that is held but for its cover."""
    failed = setback(Action.EXPORT_ARTWORK, FailureKind.NO_SPACE)
    words = "export-artwork failed: it went wrong (no-space); it is tried again at 12:00:30 UTC"
    known, wishes = facts(setbacks=(failed,)), policy(artwork=True)
    held = replace(known, holds=(hold(Cause.SUSPECT),))

    assert decide(known, wishes, NOW).standing.startswith(f"{words}; intact")
    assert decide(held, wishes, NOW).standing == f"held (suspect): it is suspect; {words}"
    assert words not in decide(known, policy(), NOW).standing


def test_nothing_stops_a_clean_master() -> None:
    """P3: intact and not held; an untested one has to wait."""
    assert stopped(facts(), policy(), NOW) is None
    assert "not tested yet" == stopped(fresh(), policy(), NOW)


def test_a_spare_goes_before_what_is_listed_by_a_like_name() -> None:
    """M5, M10: what is listed holds other audio; where it holds the right one, it is renamed."""
    listed = {"phone": output(src_md5="other", listed="01.OPUS")}
    spare = {"phone": output("b/02.opus")}
    like = {"phone": output(source_rel=PurePosixPath("a/0.flac"), listed="01.OPUS")}
    renamed = [
        decide(known, policy(), NOW).items[0]
        for known in (facts(outputs=listed, spares=spare), facts(outputs=like))
    ]

    assert [Action.MIRROR_RENAME] * 2 == [item.action for item in renamed]
    assert ["b/02.opus", "a/01.OPUS"] == [str(item.origin) for item in renamed]


def test_outputs_are_named_in_the_item() -> None:
    """M1: where it goes is decided by planning, not by the step."""
    item = decide(facts(outputs=MISSING), policy(), NOW).items[0]

    assert ("phone", PurePosixPath("a/01.opus")) == (item.mirror, item.target)


COVERED = facts(track=track(pictures=[picture()]))
OTHER = facts("a/02.flac", track=track(pictures=[picture("ee" * 16)]))


@pytest.mark.parametrize(
    ("exports", "reason", "replaces"),
    [
        pytest.param((), "its cover is not among the exported ones", False, id="never"),
        pytest.param(
            (export(str(FRONT), present=False),), "the exported cover is gone", False, id="gone"
        ),
        pytest.param((export(str(FRONT)),), None, False, id="in order"),
        pytest.param(
            (export(str(FRONT), picture_md5="old"),),
            "its front cover has changed",
            True,
            id="another picture",
        ),
        pytest.param(
            (export(str(FRONT), picture_md5="old", changed=True),),
            "its front cover has changed",
            False,
            id="another picture, and somebody put a file of theirs there",
        ),
        pytest.param(
            (export(str(FRONT), max_px=500),),
            "covers are now limited to no pixels",
            True,
            id="another limit",
        ),
        pytest.param(
            (export(str(FRONT), source="b/01.flac", picture_md5="old"),),
            None,
            False,
            id="another folder of the album gave it",
        ),
        pytest.param(
            (export(str(FRONT), source="b/01.flac", picture_md5="old", source_present=False),),
            "its front cover has changed",
            True,
            id="and that folder is gone",
        ),
        pytest.param(
            (export(str(FRONT), picture_md5="old", shared=True),),
            None,
            False,
            id="another library gave it",
        ),
    ],
)
def test_a_cover_is_exported_once_and_when_it_changes(
    exports: tuple[object, ...], reason: str | None, *, replaces: bool
) -> None:
    """F7: once per album, again when picture or limit change; never over a foreign file."""
    folder = album(COVERED, exports=exports)  # type: ignore[arg-type]  # a table of them
    items = list(plan_covers(folder, policy(artwork=True), NOW))

    assert ([] if reason is None else [(reason, FRONT, replaces)]) == [
        (each.reason, each.target, each.replaces) for each in items
    ]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(facts(), id="it has no cover"),
        pytest.param(
            facts(track=track(pictures=[picture()], compression="")), id="it is rewritten first"
        ),
        pytest.param(
            facts(track=track(pictures=[picture()]), restless=timedelta(1)), id="not settled"
        ),
        pytest.param(
            facts(track=track(pictures=[picture()]), holds=(hold(Cause.UNSTABLE),)), id="held"
        ),
        pytest.param(
            facts(track=track(pictures=[picture()]), setbacks=(setback(Action.EXPORT_ARTWORK),)),
            id="it failed just now",
        ),
    ],
)
def test_covers_wait_for_masters_at_rest(known: Facts) -> None:
    """F7, P2: artwork comes after recompression, and only from clean masters."""
    assert [] == list(plan_covers(album(known), policy(artwork=True), NOW))


@pytest.mark.parametrize(
    ("standing", "by"),
    [
        pytest.param(export(str(FRONT), source="b/01.flac", picture_md5="old"), "b/01.flac"),
        pytest.param(
            export(str(FRONT), source="b/01.flac", picture_md5="old", shared=True),
            "b/01.flac of another library",
            id="another library's",
        ),
        pytest.param(export(str(FRONT), source="b/01.flac"), "", id="the same picture"),
        pytest.param(export(str(FRONT), picture_md5="old"), "", id="its own, which is due"),
        pytest.param(
            export(str(FRONT), source="b/01.flac", picture_md5="old", source_present=False),
            "",
            id="one that is gone: it is due",
        ),
        pytest.param(export(str(FRONT), None, picture_md5="old"), "", id="a stranger's: held"),
    ],
)
def test_w58_a_cover_behind_another_albums_is_told_of(standing: Export, by: str) -> None:
    """w58, F7: two albums of one name by the pattern: whose cover stands there, and the way out."""
    words = (
        f"its cover is not exported: {FRONT} shows that of {by}; "
        "add {date} or {disc} to pattern in [artwork] to keep them apart"
    )
    folder = album(COVERED, exports=[standing])

    assert ([words] if by else []) == list(eclipsed_covers(folder, policy(artwork=True)))
    assert [] == list(eclipsed_covers(folder, policy(artwork=False)))


def test_one_cover_for_a_folder() -> None:
    """F7: the first master's; the others' are not exported."""
    items = list(plan_covers(album(COVERED, OTHER), policy(artwork=True), NOW))

    assert [PurePosixPath("a/01.flac")] == [each.path for each in items]


def test_no_covers_unless_wanted() -> None:
    """F7: `[artwork] enabled`."""
    assert [] == list(plan_covers(album(COVERED), policy(artwork=False), NOW))
