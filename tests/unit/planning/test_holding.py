"""When holds begin and end."""

from datetime import timedelta
from pathlib import PurePosixPath

import pytest

from pacd.domain.hold import Cause, Hold, Severity
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import HardLinks, StopOn
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.planning.holding import (
    MAX_REWRITES,
    UNSTABLE_AFTER,
    Finding,
    blocked,
    ended,
    findings,
    stops,
)
from tests.builders import (
    NOW,
    check,
    facts,
    fresh,
    hold,
    output,
    policy,
    setback,
    track,
)

UNCOMPRESSED = track(compression="")


def causes(known: Facts, hardlinks: HardLinks = HardLinks.SKIP) -> list[tuple[Cause, str]]:
    found = findings(known, policy(hardlinks=hardlinks), NOW)
    return [(each.cause, each.mirror) for each in found]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (facts(), []),
        (fresh(), []),
        (facts(check=check(Integrity.NO_MD5)), []),
        (facts(check=check(Integrity.CORRUPT)), [(Cause.CORRUPT, "")]),
        (facts(check=check(Integrity.NOT_FLAC)), [(Cause.NOT_FLAC, "")]),
        (facts(track=UNCOMPRESSED, rewrites=MAX_REWRITES), [(Cause.REWRITTEN_TOO_OFTEN, "")]),
        (facts(track=UNCOMPRESSED, links=2), [(Cause.HARDLINKED, "")]),
        (facts(outputs={}), []),
        (
            facts(outputs={"phone": output(state=OutputState.FOREIGN)}),
            [(Cause.COLLISION, "phone")],
        ),
        (facts(outputs={"phone": output(state=OutputState.UNSEEN)}), []),
        (fresh(restless=UNSTABLE_AFTER), []),
        (fresh(restless=UNSTABLE_AFTER + timedelta(seconds=1)), [(Cause.UNSTABLE, "")]),
        (facts(setbacks=(setback(tries=2),)), []),
        (facts(setbacks=(setback(tries=3),)), [(Cause.ENCODE_FAILED, "")]),
        (
            facts(setbacks=(setback(Action.MIRROR_ENCODE, tries=3, mirror="phone"),)),
            [(Cause.ENCODE_FAILED, "phone")],
        ),
        (
            facts(setbacks=(setback(Action.MIRROR_ENCODE, tries=3, mirror="sold"),)),
            [],
        ),
        (
            facts(check=check(Integrity.CORRUPT), setbacks=(setback(Action.TEST, tries=3),)),
            [(Cause.CORRUPT, ""), (Cause.ENCODE_FAILED, "")],
        ),
    ],
)
def test_every_cause_is_found(known: Facts, expected: list[tuple[Cause, str]]) -> None:
    """H1: each cause from its facts, and none without; a mirror that is no more asks nothing."""
    assert expected == causes(known)


def test_hard_links_are_no_cause_where_they_may_be_broken() -> None:
    """F3: `hardlinks = "break"`."""
    assert [] == causes(facts(track=UNCOMPRESSED, links=2), HardLinks.BREAK)


def test_evidence_of_a_failure_names_what_failed() -> None:
    """H1: the tool's words, what failed and how often."""
    known = facts(setbacks=(setback(kind=FailureKind.TOOL_CRASHED, tries=3),))
    found = findings(known, policy(), NOW)

    assert [{"action": "recompress", "failure": "tool-crashed", "tries": 3, "words": ""}] == [
        each.evidence for each in found
    ]


def test_evidence_says_how_long_how_often_and_how_many() -> None:
    """H1: numbers, not adjectives."""
    restless = fresh(restless=timedelta(minutes=45, seconds=59))
    looping = facts(track=UNCOMPRESSED, rewrites=4)
    linked = facts(track=UNCOMPRESSED, links=3)
    found = [
        each for known in (restless, looping, linked) for each in findings(known, policy(), NOW)
    ]

    assert [{"minutes": 45}, {"rewrites": 4}, {"links": 3}] == [each.evidence for each in found]
    assert "something has kept writing to it for 45 minutes" == found[0].reason


OLD = hold(Cause.CORRUPT)


@pytest.mark.parametrize(
    ("known", "open_hold", "ends"),
    [
        pytest.param(fresh(), OLD, False, id="replaced, not tested yet"),
        pytest.param(facts(), OLD, True, id="replaced by good audio"),
        pytest.param(facts(check=check(Integrity.NO_MD5)), OLD, True, id="sound without an MD5"),
        pytest.param(facts(check=check(Integrity.CORRUPT)), OLD, False, id="replaced by bad audio"),
        pytest.param(
            facts(check=check(Integrity.NOT_FLAC)), OLD, True, id="bad in another way: another hold"
        ),
        pytest.param(
            facts(setbacks=(setback(tries=3),)),
            hold(Cause.ENCODE_FAILED),
            False,
            id="still failing",
        ),
        pytest.param(facts(), hold(Cause.ENCODE_FAILED), True, id="it went well since"),
        pytest.param(
            facts(setbacks=(setback(tries=3),)),
            hold(Cause.ENCODE_FAILED, mirror="phone"),
            True,
            id="only the master fails, the mirror no longer",
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, links=2), hold(Cause.HARDLINKED), False, id="still linked"
        ),
        pytest.param(
            facts(track=UNCOMPRESSED), hold(Cause.HARDLINKED), True, id="its other name is gone"
        ),
        pytest.param(facts(links=2), hold(Cause.HARDLINKED), True, id="linked, but in order"),
        pytest.param(facts(), hold(Cause.COLLISION, mirror="phone"), True, id="no collision"),
        pytest.param(
            facts(outputs={"phone": output(state=OutputState.FOREIGN)}),
            hold(Cause.COLLISION, mirror="phone"),
            False,
            id="collision",
        ),
        pytest.param(facts(), hold(Cause.UNSTABLE), True, id="quiet at last"),
        pytest.param(
            fresh(restless=UNSTABLE_AFTER * 2), hold(Cause.UNSTABLE), False, id="never quiet"
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, rewrites=MAX_REWRITES),
            hold(Cause.REWRITTEN_TOO_OFTEN),
            False,
            id="rewritten too often",
        ),
        pytest.param(
            facts(track=UNCOMPRESSED, rewrites=0),
            hold(Cause.REWRITTEN_TOO_OFTEN),
            False,
            id="rewritten too often, an hour ago: the other program is still there",
        ),
        pytest.param(
            facts(), hold(Cause.REWRITTEN_TOO_OFTEN), True, id="the other program has given in"
        ),
    ],
)
def test_a_hold_ends_once_its_cause_has(known: Facts, open_hold: Hold, *, ends: bool) -> None:
    """H2: by itself when the file is replaced by good audio, and never before that is known."""
    known = facts(**{each: getattr(known, each) for each in FIELDS}, holds=(open_hold,))

    assert ((open_hold,) if ends else ()) == ended(known, policy(), NOW)


FIELDS = ("observation", "track", "check", "outputs", "setbacks", "rewrites", "restless")


def test_holds_end_one_by_one() -> None:
    """H2: what is mended ends, what is not stays."""
    holds = (hold(Cause.CORRUPT), hold(Cause.HARDLINKED, number=2))
    known = facts(track=UNCOMPRESSED, links=2, holds=holds)

    assert (holds[0],) == ended(known, policy(), NOW)


@pytest.mark.parametrize(
    ("open_hold", "mirror", "is_blocked"),
    [
        (hold(Cause.CORRUPT), "", True),
        (hold(Cause.CORRUPT), "phone", True),
        (hold(Cause.ENCODE_FAILED, mirror="phone"), "phone", True),
        (hold(Cause.ENCODE_FAILED, mirror="phone"), "car", False),
        (hold(Cause.ENCODE_FAILED, mirror="phone"), "", False),
        (hold(Cause.HARDLINKED), "", False),
        (hold(Cause.COLLISION, mirror="phone"), "phone", False),
        (hold(Cause.VERIFY_FAILED, evidence={"action": "export-artwork"}), "", False),
    ],
)
def test_what_a_hold_stops(open_hold: Hold, mirror: str, *, is_blocked: bool) -> None:
    """M8, decision 0009: the master and all mirrors, one mirror, or nothing."""
    found = blocked(facts(holds=(open_hold,)), StopOn.ERROR, mirror)

    assert (open_hold if is_blocked else None) == found


def test_findings_stop_like_holds() -> None:
    """P3: what is found stops at once, before anybody has opened the hold."""
    assert stops(Finding(Cause.CORRUPT, "it is cut off"), StopOn.NEVER)
    assert not stops(Finding(Cause.COLLISION, "a file stands there"), StopOn.ERROR)
    assert not stops(
        Finding(Cause.VERIFY_FAILED, "", evidence={"action": Action.EXPORT_ARTWORK.value}),
        StopOn.ERROR,
    )


@pytest.mark.parametrize("cause", Cause)
def test_advice_is_to_be_typed_as_it_stands(cause: Cause) -> None:
    """H1: the number of the hold is in it."""
    advice = Hold(47, PurePosixPath("a.flac"), cause, "", NOW).advice

    assert "release ID" not in advice
    assert ("release ID" in cause.advice) == ("`pacctl release 47" in advice)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_severity_and_advice(cause: Cause) -> None:
    """H1: each cause has a severity and advice."""
    assert cause.severity in Severity
    assert cause.advice.endswith(".")
