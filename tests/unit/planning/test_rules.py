"""What is due for one master, and why, as tables."""

from datetime import timedelta
from typing import Any

import pytest

from pacd.domain.media import Quirk
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import HardLinks, LibraryPolicy, MirrorPolicy, OpusGain
from pacd.domain.verdict import Integrity
from pacd.planning.rules import (
    CLOCK_SLACK,
    hardlinked,
    integrity_due,
    output_due,
    overtaken,
    recompress_due,
    rewrite_wanted,
)
from tests.builders import (
    MD5,
    NOW,
    OTHER_MD5,
    PHONE,
    check,
    facts,
    fresh,
    output,
    policy,
    setback,
    track,
)

LIMIT = policy().flac.verify_after


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(fresh(), "these bytes have never been tested", id="new"),
        pytest.param(facts(), None, id="tested yesterday"),
        pytest.param(facts(check=check(age=LIMIT)), None, id="at the limit"),
        pytest.param(
            facts(check=check(age=LIMIT + timedelta(days=1))),
            "last tested 91 days ago, the limit is 90",
            id="stale",
        ),
        pytest.param(
            facts(check=check(Integrity.CORRUPT, age=LIMIT * 2)),
            "last tested 180 days ago, the limit is 90",
            id="a stale verdict of damage",
        ),
        pytest.param(facts(check=check(age=-CLOCK_SLACK)), None, id="the clock was set back"),
        pytest.param(
            facts(check=check(age=-LIMIT)),
            "its last test is dated 2027-02-19, which is still to come: the clock was wrong",
            id="the clock was wrong",
        ),
    ],
)
def test_a_test_is_due_when_bytes_are_new_or_the_verdict_is_old(
    known: Facts, reason: str | None
) -> None:
    """F1, w11: never tested, or longer ago than `verify_after_days`, or by a clock gone wrong."""
    assert reason == integrity_due(known, policy(), NOW)


@pytest.mark.parametrize(
    ("compression", "target", "reason"),
    [
        ("flac 1.4.2; level=8; verify=1; date=2026-11-21", 8, None),
        ("level=8", 8, None),
        ("8", 8, None),
        ("8", 5, None),
        ("level=8", 5, None),
        ("level=5", 8, "its level is 5, the target is 8"),
        ("5", 8, "its level is 5, the target is 8"),
        ("0", 1, "its level is 0, the target is 1"),
        ("", 8, "no COMPRESSION tag says its level, the target is 8"),
        ("", 0, "no COMPRESSION tag says its level, the target is 0"),
        ("best", 8, "no COMPRESSION tag says its level, the target is 8"),
    ],
)
def test_a_stated_level_below_the_target_is_recompressed(
    compression: str, target: int, reason: str | None
) -> None:
    """F4: skipped when the COMPRESSION tag says the target level, in PAC's form or bare."""
    known = facts(track=track(compression=compression))

    assert reason == recompress_due(known, policy(target=target), NOW)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        pytest.param(fresh(), None, id="untested"),
        pytest.param(facts(track=None), None, id="no header was read"),
        pytest.param(
            facts(check=check(Integrity.CORRUPT), track=track(compression="")), None, id="corrupt"
        ),
        pytest.param(facts(check=check(Integrity.NOT_FLAC), track=None), None, id="not FLAC"),
        pytest.param(
            facts(check=check(Integrity.NO_MD5), track=track(md5="")),
            "its header has no audio MD5",
            id="no MD5, at the target",
        ),
        pytest.param(
            facts(track=track(quirks={Quirk.ID3V2})),
            "an ID3v2 tag stands before the stream",
            id="a quirk, at the target",
        ),
        pytest.param(
            facts(track=track(quirks={Quirk.TRAILING_BYTES, Quirk.ID3V1})),
            "an ID3v1 tag stands behind the stream and "
            "something that is no audio stands behind the stream",
            id="two quirks, in a stable order",
        ),
    ],
)
def test_only_sound_masters_are_rewritten(known: Facts, reason: str | None) -> None:
    """F2, F5, P3: a missing MD5 or a quirk is mended; damage never is."""
    assert reason == rewrite_wanted(known, policy(), NOW)


@pytest.mark.parametrize(
    ("links", "setting", "compression", "due", "asked"),
    [
        (1, HardLinks.SKIP, "", True, False),
        (2, HardLinks.SKIP, "", False, True),
        (2, HardLinks.SKIP, "8", False, False),
        (2, HardLinks.BREAK, "", True, False),
        (1, HardLinks.BREAK, "", True, False),
    ],
)
def test_hard_links_keep_a_master_as_it_is(
    links: int, setting: HardLinks, compression: str, *, due: bool, asked: bool
) -> None:
    """F3, w19: a file with other names is skipped, and a person asked, unless configured."""
    known = facts(track=track(compression=compression), links=links)
    wishes = policy(hardlinks=setting)

    assert due == (recompress_due(known, wishes, NOW) is not None)
    assert asked == (hardlinked(known, wishes, NOW) is not None)


def test_the_person_is_told_how_many_names_there_are() -> None:
    """F3: skipped with a reason."""
    known = facts(track=track(compression=""), links=3)

    assert "it has 3 names, and rewriting it would separate them" == hardlinked(
        known, policy(), NOW
    )


LOUDER = MirrorPolicy("phone", PHONE.root, opus_gain=OpusGain.BOTH)
BETTER = MirrorPolicy("phone", PHONE.root, bitrate_kbps=160)


@pytest.mark.parametrize(
    ("known", "mirror", "action"),
    [
        pytest.param(facts(), PHONE, None, id="in order"),
        pytest.param(facts(outputs={}), PHONE, None, id="it has no name in the mirror"),
        pytest.param(
            facts(outputs={"phone": output(state=OutputState.UNSEEN)}), PHONE, None, id="unseen"
        ),
        pytest.param(
            facts(outputs={"phone": output(state=OutputState.FOREIGN)}), PHONE, None, id="foreign"
        ),
        pytest.param(
            facts(outputs={"phone": output(state=OutputState.MISSING)}),
            PHONE,
            (Action.MIRROR_ENCODE, "phone has no output of it yet"),
            id="missing",
        ),
        pytest.param(
            facts(outputs={"phone": output(state=OutputState.MISSING, renamed="a is named b")}),
            PHONE,
            (Action.MIRROR_ENCODE, "phone has no output of it yet; a is named b"),
            id="missing, and renamed",
        ),
        pytest.param(
            facts(track=track(md5=OTHER_MD5), check=check(md5=OTHER_MD5)),
            PHONE,
            (Action.MIRROR_ENCODE, "the audio has changed since its output was made"),
            id="changed audio",
        ),
        pytest.param(
            facts(outputs={"phone": output(src_md5="")}),
            PHONE,
            (Action.MIRROR_ENCODE, "the audio has changed since its output was made"),
            id="an output that broke off",
        ),
        pytest.param(
            facts(),
            BETTER,
            (Action.MIRROR_ENCODE, "its output is opus 128 kbit/s, wanted opus 160 kbit/s"),
            id="changed quality",
        ),
        pytest.param(
            facts(outputs={"phone": output(quality="")}),
            PHONE,
            (Action.MIRROR_ENCODE, "its output is of unknown quality, wanted opus 128 kbit/s"),
            id="unknown quality",
        ),
        pytest.param(
            facts(track=track(tags_md5="dd")),
            PHONE,
            (Action.MIRROR_RETAG, "tags or pictures have changed since its output was made"),
            id="retagged",
        ),
        pytest.param(
            facts(),
            LOUDER,
            (Action.MIRROR_RETAG, "tags or pictures have changed since its output was made"),
            id="another gain",
        ),
        pytest.param(
            facts(track=track(tags_md5="dd")),
            BETTER,
            (Action.MIRROR_ENCODE, "its output is opus 128 kbit/s, wanted opus 160 kbit/s"),
            id="retagged and another quality: one encode does both",
        ),
    ],
)
def test_what_changed_decides_what_is_done_to_an_output(
    known: Facts, mirror: MirrorPolicy, action: tuple[Action, str] | None
) -> None:
    """M5: changed audio or quality is encoded, changed tags or art are only written anew."""
    assert action == output_due(known, mirror)


def test_the_identity_of_a_recording_is_what_was_decoded() -> None:
    """A6: a header that states another MD5 than was heard does not decide."""
    known = facts(track=track(md5=""), check=check(Integrity.NO_MD5, md5=MD5))

    assert MD5 == known.audio_md5
    assert output_due(known, PHONE) is None


def test_policies_differ_only_where_they_should() -> None:
    """P1: the key of a library's wishes changes with each of them, and only then."""
    wishes: list[LibraryPolicy] = [
        policy(),
        policy(target=7),
        policy(artwork=True),
        policy(mirrors=()),
        policy(mirrors=(BETTER,)),
        policy(hardlinks=HardLinks.BREAK),
    ]

    assert policy().key == policy().key
    assert len(wishes) == len({each.key for each in wishes})


@pytest.mark.parametrize(
    ("known", "over"),
    [
        pytest.param({}, True, id="as it should be"),
        pytest.param({"outputs": {}}, False, id="its mirror is away"),
        pytest.param(
            {"outputs": {PHONE.name: output(state=OutputState.MISSING)}}, False, id="not there"
        ),
        pytest.param(
            {"outputs": {PHONE.name: output(state=OutputState.UNSEEN)}}, False, id="not read yet"
        ),
        pytest.param(
            {"outputs": {PHONE.name: output(src_md5=OTHER_MD5)}}, False, id="of other audio"
        ),
    ],
)
def test_w18_a_failure_to_make_what_stands_as_it_should_is_over(
    known: dict[str, Any], *, over: bool
) -> None:
    """w18, P4: an output has its name, and only its folder could not be synced."""
    failed = setback(Action.MIRROR_ENCODE, mirror=PHONE.name)
    others = (setback(Action.RECOMPRESS), setback(Action.MIRROR_ENCODE, mirror="other"))
    master = facts(setbacks=(failed, *others), **known)

    assert [failed] * over == list(overtaken(master, PHONE))
