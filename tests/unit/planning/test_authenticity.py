"""Which masters are judged, when again, and what a verdict stops."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pacd.domain.hold import Cause, Severity
from pacd.domain.outcome import Authenticated, Done
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import (
    AuthenticityPolicy,
    LibraryPolicy,
    SpectrogramPolicy,
    StopOn,
)
from pacd.domain.verdict import Authenticity, Detector, Finding, Integrity, Judgement, joined
from pacd.errors import FailureKind
from pacd.planning.after import after
from pacd.planning.authenticity import authenticate_due, evidence, listens, skipped, standing
from pacd.planning.holding import ended, findings
from pacd.planning.planner import decide, plan
from tests.builders import (
    NOW,
    album,
    check,
    facts,
    finding,
    fresh,
    hold,
    item,
    output,
    picture,
    policy,
    setback,
    track,
)

OK, SUSPECT, INCONCLUSIVE, ERROR, SKIPPED = Authenticity
BUILTIN, AUCDTECT, LAC = Detector
ASKED = AuthenticityPolicy()
ALL = AuthenticityPolicy(versions=((BUILTIN, "1"), (AUCDTECT, "0.8"), (LAC, "2.0.5")))
PICTURES = replace(ASKED, spectrogram=SpectrogramPolicy(Path("/pictures")))
WORK: dict[str, Any] = {
    "track": track(compression=""),
    "outputs": {"phone": output(state=OutputState.MISSING)},
}


def judgement(*said: Finding, **more: Any) -> Judgement:
    """What detectors found yesterday."""
    return replace(joined(None, said, now=NOW - timedelta(days=1)), **more)


def judged(status: Authenticity, **known: Any) -> Facts:
    """A master of which the builtin detector has said this."""
    return facts(judgement=judgement(finding(status)), **known)


def wishes(authenticity: AuthenticityPolicy = ASKED, **more: Any) -> LibraryPolicy:
    return policy(authenticity=authenticity, **more)


def due(known: Facts, wish: LibraryPolicy) -> list[Action]:
    return [each.action for each in decide(known, wish, NOW).items]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"LOSSYMASTERED": "1"}, "its tags say LOSSYMASTERED=1"),
        ({"LOSSYMASTERED": "yes"}, "its tags say LOSSYMASTERED=yes"),
        ({"LOSSYMASTERED": "0"}, None),
        ({"LOSSYMASTERED": " No "}, None),
        ({"LOSSYMASTERED": ""}, None),
        ({"web": "true"}, "its tags say WEB=true"),
        ({"MASTERING": "Lossy"}, "its tags say MASTERING=Lossy"),
        ({"MASTERING": "lossy-mastered by the label"}, "its tags say MASTERING=lossy-mastered by"),
        ({"MASTERING": "Lossless"}, None),
        ({"MASTERING": "WEB"}, None),
        ({"SOURCE": "WEB"}, "its tags say SOURCE=WEB"),
        ({"SOURCE": "web-flac"}, "its tags say SOURCE=web-flac"),
        ({"SOURCE": "Webster Hall"}, None),
        ({"SOURCE": "CD"}, None),
        ({"RELEASE": "Lossy mastered"}, "its tags say RELEASE=Lossy mastered"),
        ({"RELEASE": "2001 remaster"}, None),
        ({"TITLE": "WEB", "ARTIST": "Lossy", "ALBUM": "LOSSYMASTERED"}, None),
        ({}, None),
    ],
)
def test_tags_that_say_so(tags: dict[str, str], reason: str | None) -> None:
    """A3: tags that say lossy-mastered, by their name or in MASTERING, SOURCE and RELEASE."""
    found = skipped(track(tags=tags), ASKED)

    assert (found or "").startswith(reason or "")
    assert bool(reason) == bool(found)
    assert skipped(track(tags=tags), replace(ASKED, skip_lossy_mastered=False)) is None


def test_the_owners_own_tags() -> None:
    """A3: skip_tags names others; several words have to stand there together."""
    wish = replace(ASKED, skip_tags=("BOOTLEG", "WEB RIP"))

    assert "its tags say BOOTLEG=1" == skipped(track(tags={"BOOTLEG": "1"}), wish)
    assert skipped(track(tags={"SOURCE": "rip of the web"}), wish)
    assert skipped(track(tags={"SOURCE": "WEB"}), wish) is None
    assert skipped(track(tags={"LOSSYMASTERED": "1"}), wish) is None


@pytest.mark.parametrize(("bits", "reason"), [(16, None), (8, None), (20, "20"), (24, "24")])
def test_more_bits_than_a_cd(bits: int, reason: str | None) -> None:
    """A3: more than 16 bit is left out, if so wished."""
    found = skipped(track(bits=bits), ASKED)

    assert (f"it has {reason} bits" if reason else None) == found
    assert skipped(track(bits=bits), replace(ASKED, skip_highbit=False)) is None


def test_a_new_master_is_heard_while_it_is_tested() -> None:
    """A2: one decode serves both, as far as is known before it."""
    known: dict[str, Any] = {"judgement": judgement(finding(OK))}
    cases = [
        (fresh(), ASKED, True),
        (fresh(), replace(ASKED, enabled=False), False),
        (fresh(**known), ASKED, False),
        (fresh(**known), replace(ASKED, versions=((BUILTIN, "2"),)), True),
        (fresh(), replace(ASKED, versions=((LAC, "2.0.5"),)), False),
        (facts(check=check(age=timedelta(days=100))), ASKED, True),
        (facts(check=check(age=timedelta(days=100)), **known), ASKED, False),
        (facts(check=check(age=timedelta(days=100)), track=track(bits=24)), ASKED, False),
    ]
    for at, (each, wish, heard) in enumerate(cases):
        (test,) = decide(each, wishes(wish), NOW).items

        assert (at, Action.TEST, heard) == (at, test.action, test.listens)
        assert heard == listens(each, wish)


@pytest.mark.parametrize(
    ("known", "wish", "reason"),
    [
        (facts(), ASKED, "its audio has never been judged"),
        (judged(OK), ASKED, None),
        (judged(OK), ALL, "auCDtect is there now and has not judged it"),
        (
            facts(judgement=judgement(finding(OK, version="0"))),
            ASKED,
            "PAC's own detector 0 has judged it, and there is version 1 now",
        ),
        (
            facts(judgement=judgement(finding(OK), finding(OK, LAC, version="2"))),
            replace(ALL, versions=((BUILTIN, "1"), (LAC, "2.0.5"))),
            "LAC 2 has judged it, and there is version 2.0.5 now",
        ),
        (facts(judgement=judgement(finding(OK), finding(OK, LAC))), ASKED, None),
        (facts(), replace(ASKED, enabled=False), None),
        (facts(), replace(ASKED, versions=()), None),
        (facts(track=track(bits=24)), ASKED, None),
        (facts(check=check(Integrity.CORRUPT)), ASKED, None),
        (facts(check=check(Integrity.NO_MD5)), ASKED, "its audio has never been judged"),
        (judged(SUSPECT), ASKED, None),
        (judged(SUSPECT), PICTURES, "it is suspect and has no spectrogram yet"),
        (judged(OK), PICTURES, None),
        (facts(judgement=judgement(finding(SUSPECT), spectrogram=Path("/x"))), PICTURES, None),
        (facts(judgement=judgement(finding(SUSPECT), undrawn="no room")), PICTURES, None),
    ],
)
def test_when_a_master_is_judged(
    known: Facts, wish: AuthenticityPolicy, reason: str | None
) -> None:
    """A6: once by each version of each detector that is there; a picture is tried once (A5)."""
    assert reason == authenticate_due(known, wishes(wish), NOW)


def test_nothing_comes_before_the_verdict() -> None:
    """P2: integrity, then authenticity, then everything else; covers too."""
    known = facts(**{**WORK, "track": track(compression="", pictures=[picture()])})

    assert [Action.AUTHENTICATE] == [each.action for each in plan(album(known), wishes(), NOW)]
    assert [Action.AUTHENTICATE] == [
        each.action for each in plan(album(known), wishes(artwork=True), NOW)
    ]
    stale = replace(known, check=check(age=timedelta(days=100)))

    assert [Action.TEST] == due(stale, wishes())
    for status in (OK, INCONCLUSIVE):
        told = replace(known, judgement=judgement(finding(status)))

        assert [Action.RECOMPRESS] == due(told, wishes())


@pytest.mark.parametrize(("status", "cause"), [(SUSPECT, Cause.SUSPECT), (ERROR, Cause.AUTH_ERROR)])
@pytest.mark.parametrize("stop_on", StopOn)
def test_what_a_suspect_stops(status: Authenticity, cause: Cause, stop_on: StopOn) -> None:
    """P3: neither rewritten nor mirrored; its cover by stop_on; with never only reported."""
    art = track(compression="", pictures=[picture()])
    known = judged(status, **{**WORK, "track": art})
    wish = wishes(stop_on=stop_on, artwork=True)
    first = plan(album(known), wish, NOW)
    opened = replace(known, holds=(hold(cause),))
    later = plan(album(opened), wish, NOW)
    covers = status is SUSPECT and stop_on is StopOn.ERROR
    goes_on = [Action.RECOMPRESS] if stop_on is StopOn.NEVER else []
    exports = [Action.EXPORT_ARTWORK] if covers else []

    assert [Action.HOLD, *goes_on, *exports] == [each.action for each in first]
    assert (cause, f"PAC's own detector: it is {status}") == (first[0].cause, first[0].reason)
    assert [*goes_on, *exports] == [each.action for each in later]
    accepted = replace(known, accepted=frozenset({cause}))

    assert [Action.RECOMPRESS] == [each.action for each in plan(album(accepted), wish, NOW)]


def test_a_cover_waits_for_a_rewrite_that_will_come() -> None:
    """F7: of a suspect no rewrite is waited for; of others it is."""
    known = judged(SUSPECT, accepted=frozenset({Cause.SUSPECT}), outputs={})
    art = track(compression="", pictures=[picture()])
    wish = wishes(artwork=True, mirrors=())

    assert [Action.RECOMPRESS] == [
        each.action for each in plan(album(replace(known, track=art)), wish, NOW)
    ]
    assert [Action.EXPORT_ARTWORK] == [
        each.action
        for each in plan(album(replace(known, track=track(pictures=[picture()]))), wish, NOW)
    ]


def test_one_suspect_is_enough_and_an_error_waits() -> None:
    """A4: a suspect is held while others are still to be heard; an error only when none is."""
    partly = {
        status: facts(judgement=judgement(finding(status), finding(OK, AUCDTECT, version="0.8")))
        for status in (SUSPECT, ERROR)
    }
    wish = wishes(ALL)

    assert [Action.HOLD, Action.AUTHENTICATE] == due(partly[SUSPECT], wish)
    assert [Action.AUTHENTICATE] == due(partly[ERROR], wish)
    whole = judgement(*partly[ERROR].judgement.findings, finding(OK, LAC, version="2.0.5"))  # type: ignore[union-attr]

    assert [Action.HOLD] == due(facts(judgement=whole), wish)


def test_only_wanted_detectors_count() -> None:
    """A4: what a detector found that the settings name no more is no reason to hold."""
    known = facts(judgement=judgement(finding(OK), finding(SUSPECT, LAC, version="2.0.5")))
    without = replace(ASKED, detectors=(BUILTIN, AUCDTECT))

    assert [Action.HOLD] == due(known, wishes())
    assert [] == due(known, wishes(without))
    assert (SUSPECT, OK) == (standing(known, ASKED).status, standing(known, without).status)


@pytest.mark.parametrize("wish", [ASKED, replace(ASKED, skip_tags=("TITLE",))])
def test_the_hold_ends_when_nothing_justifies_it(wish: AuthenticityPolicy) -> None:
    """H2: other audio, a tag that has it skipped, a verdict that is another: each ends it."""
    held = (hold(Cause.SUSPECT), hold(Cause.AUTH_ERROR, number=2))
    tags = track(tags={"TITLE": "x"})
    for known, open_ in (
        (judged(SUSPECT, holds=held, track=tags), held[:1]),
        (judged(ERROR, holds=held, track=tags), held[1:]),
        (judged(OK, holds=held, track=tags), ()),
    ):
        gone = ended(known, wishes(wish), NOW)
        stays = () if skipped(tags, wish) else open_

        assert stays == tuple(each for each in held if each not in gone)
    assert held == ended(judged(SUSPECT, holds=held), wishes(replace(ASKED, enabled=False)), NOW)


def test_what_is_not_judged_yet_stays_held() -> None:
    """H2: other bytes, and audio that is to be judged anew, end nothing before that is done."""
    held = (hold(Cause.SUSPECT), hold(Cause.AUTH_ERROR, number=2))

    assert () == ended(fresh(holds=held), wishes(), NOW)
    assert () == ended(facts(holds=held), wishes(), NOW)
    assert () == ended(judged(OK, holds=held), wishes(ALL), NOW)
    assert held == ended(facts(holds=held), wishes(replace(ASKED, versions=())), NOW)


@pytest.mark.parametrize(
    ("known", "wish", "status"),
    [
        (facts(), ASKED, None),
        (judged(OK), ASKED, OK),
        (judged(INCONCLUSIVE), ASKED, INCONCLUSIVE),
        (judged(SUSPECT), ALL, SUSPECT),
        (judged(OK), ALL, None),
        (judged(ERROR), ALL, None),
        (judged(ERROR), ASKED, ERROR),
        (judged(OK, track=track(bits=24)), ASKED, SKIPPED),
        (judged(OK), replace(ASKED, enabled=False), None),
        (judged(OK, check=check(Integrity.CORRUPT)), ASKED, None),
        (fresh(judgement=judgement(finding(OK))), ASKED, None),
    ],
)
def test_how_a_master_stands(
    known: Facts, wish: AuthenticityPolicy, status: Authenticity | None
) -> None:
    """1.4: what is counted; nothing before all have been heard, but for a suspect."""
    assert status == standing(known, wish).status


def test_standing_says_why() -> None:
    """P1: `pacctl why` tells what became of it."""
    assert "judged lossless" in decide(judged(OK), wishes(), NOW).standing
    assert (
        "not examined: it has 24 bits"
        in decide(facts(track=track(bits=24)), wishes(), NOW).standing
    )


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (FailureKind.VERIFY_FAILED, Cause.AUTH_ERROR),
        (FailureKind.TIMED_OUT, Cause.AUTH_ERROR),
        (FailureKind.TOOL_FAILED, Cause.AUTH_ERROR),
        (FailureKind.PERMISSION, Cause.PERMISSION),
        (FailureKind.SOURCE_CHANGED, Cause.UNSTABLE),
    ],
)
def test_a_step_that_fails_for_good(kind: FailureKind, cause: Cause) -> None:
    """H1: auth-error, unless it is the file's; accepted, or with stop_on never, work goes on."""
    failed = setback(Action.AUTHENTICATE, kind, tries=3)
    known = facts(setbacks=(failed,), **WORK)

    assert [cause] == [each.cause for each in findings(known, wishes(), NOW)]
    assert [Action.HOLD] == due(known, wishes())
    passes = replace(known, accepted=frozenset({cause}))

    assert [Action.RECOMPRESS] == due(passes, wishes())
    goes_on = [Action.RECOMPRESS] if cause is Cause.AUTH_ERROR else []

    assert [Action.HOLD, *goes_on] == due(known, wishes(stop_on=StopOn.NEVER))


def test_severity() -> None:
    """H1: a suspect is a suspect, a detector's failure an error."""
    assert Severity.SUSPECT == Cause.SUSPECT.severity
    assert Severity.ERROR == Cause.AUTH_ERROR.severity


def test_the_evidence_has_all_that_was_said() -> None:
    """H1, H3: sentences, numbers and words of every detector, and why there is no picture."""
    found = judgement(
        finding(SUSPECT, numbers={"edge_hz": 16_000}),
        finding(OK, LAC, version="2", words="Result: Clean"),
        undrawn="no room",
    )

    assert {
        "judged": "2026-11-20T12:00:00+00:00",
        "builtin": "suspect: it is suspect",
        "lac": "ok: it is ok",
        "undrawn": "no room",
        "numbers": {"builtin": {"edge_hz": 16_000}},
        "words": "Result: Clean",
    } == evidence(found)


def test_what_is_heard_becomes_a_fact() -> None:
    """A6: a new version's finding replaces the old one's; others stay, and so does the picture."""
    old = judgement(
        finding(SUSPECT), finding(OK, LAC, version="2"), spectrogram=Path("/p"), undrawn=""
    )
    new = Authenticated(track(), facts().observation, (finding(OK, version="2"),))
    known = after(facts(judgement=old), Done(item(Action.AUTHENTICATE), new), NOW)

    assert known.judgement is not None
    assert (OK, Path("/p"), NOW) == (
        known.judgement.status,
        known.judgement.spectrogram,
        known.judgement.judged_at,
    )
    assert [(BUILTIN, "2"), (LAC, "2")] == [
        (each.detector, each.version) for each in known.judgement.findings
    ]
    drawn = Authenticated(track(), facts().observation, spectrogram=Path("/new"))
    known = after(known, Done(item(Action.AUTHENTICATE), drawn), NOW)

    assert known.judgement is not None
    assert Path("/new") == known.judgement.spectrogram
    nothing = Authenticated(track(bits=24), facts().observation)

    assert after(facts(), Done(item(Action.AUTHENTICATE), nothing), NOW).judgement is None
