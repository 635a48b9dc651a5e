"""Which masters are brought to CD form, and why the others are not."""

from typing import Any

import pytest

from pacd.domain.hold import Cause
from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import HardLinks
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.planning.planner import decide
from pacd.planning.rules import resample_due
from tests.builders import NOW, check, facts, output, policy, setback, track

WISHES = policy(resample=True)


def above(rate_hz: int = 96_000, bits: int = 24, channels: int = 2, **known: Any) -> Facts:
    """A master that is above CD form, at rest but for that."""
    return facts(track=track(rate_hz=rate_hz, bits=bits, channels=channels), **known)


@pytest.mark.parametrize(
    ("rate_hz", "bits", "channels", "reason"),
    [
        (96_000, 24, 2, "96 kHz, 24 bit: brought to 44.1 kHz, 16 bit"),
        (88_200, 24, 1, "88.2 kHz, 24 bit: brought to 44.1 kHz, 16 bit"),
        (48_000, 16, 2, "48 kHz: brought to 44.1 kHz"),
        (44_100, 24, 2, "24 bit: brought to 16 bit"),
        (44_100, 20, 2, "20 bit: brought to 16 bit"),
        (44_100, 16, 6, "6 channels: brought to 2 channels"),
        (22_050, 24, 2, "24 bit: brought to 16 bit"),
        (
            192_000,
            32,
            8,
            "192 kHz, 32 bit, 8 channels: brought to 44.1 kHz, 16 bit, 2 channels",
        ),
        (44_100, 16, 2, None),
        (22_050, 8, 1, None),
    ],
)
def test_what_is_above_a_cd_is_brought_to_its_form(
    rate_hz: int, bits: int, channels: int, reason: str | None
) -> None:
    """F6: when any of rate, depth and channels is above; lower rates and mono stay."""
    assert reason == resample_due(above(rate_hz, bits, channels), WISHES, NOW)


@pytest.mark.parametrize(
    ("known", "wishes"),
    [
        pytest.param(above(), policy(resample=False), id="not wished for"),
        pytest.param(above(), policy(resample=True, resampler=""), id="no ffmpeg"),
        pytest.param(above(44_100, 20), policy(resample=True, resampler=""), id="odd depth"),
        pytest.param(above(restored=True), WISHES, id="brought back"),
        pytest.param(above(check=None), WISHES, id="untested"),
        pytest.param(above(check=check(Integrity.CORRUPT)), WISHES, id="damaged"),
        pytest.param(above(links=2), WISHES, id="hard links"),
    ],
)
def test_what_stays_as_it_is(known: Facts, wishes: object) -> None:
    """F6, F3, P3: nothing above CD form is touched where any of these holds."""
    assert resample_due(known, wishes, NOW) is None  # type: ignore[arg-type]  # a policy


def test_only_another_rate_takes_a_program() -> None:
    """F6: without ffmpeg depth and channels are brought down all the same."""
    wishes = policy(resample=True, resampler="")

    assert resample_due(above(44_100, 24, 6), wishes, NOW)


@pytest.mark.parametrize(
    ("known", "wishes", "words"),
    [
        (above(), policy(), "96 kHz, 24 bit, left so (resample_to_cd = false)"),
        (
            above(restored=True),
            WISHES,
            "96 kHz, 24 bit, left so: somebody brought it back from the recycle bin",
        ),
        (
            above(),
            policy(resample=True, resampler=""),
            "left so: ffmpeg with libsoxr, which would resample it, is not installed",
        ),
    ],
)
def test_why_tells_what_is_left_so(known: Facts, wishes: object, words: str) -> None:
    """P1, O1: a master above CD form is not left alone in silence."""
    decided = decide(known, wishes, NOW)  # type: ignore[arg-type]  # a policy

    assert () == decided.items
    assert words in decided.standing


def test_it_comes_after_the_test_and_before_all_else() -> None:
    """P2: one encode, at the target level; what is made of it is made of CD form."""
    missing = {"phone": output(state=OutputState.MISSING)}
    level_five = track(rate_hz=96_000, bits=24, compression="level=5")
    known = facts(track=level_five, outputs=missing)

    assert [Action.RESAMPLE] == [item.action for item in decide(known, WISHES, NOW).items]


def test_links_are_asked_about_and_broken_where_wished() -> None:
    """F3: a hard-linked master is held, not resampled, unless configured."""
    held = decide(above(links=2), WISHES, NOW).items
    broken = decide(above(links=2), policy(resample=True, hardlinks=HardLinks.BREAK), NOW).items

    assert [Cause.HARDLINKED] == [item.cause for item in held]
    assert [Action.RESAMPLE] == [item.action for item in broken]


@pytest.mark.parametrize(
    ("failures", "actions"),
    [
        pytest.param((setback(Action.RESAMPLE),), [], id="tried again soon"),
        pytest.param(
            (setback(Action.RESAMPLE, FailureKind.NO_SPACE),), [Action.MIRROR_ENCODE], id="disk"
        ),
    ],
)
def test_a_failure_waits_and_a_full_disk_holds_up_no_mirror(
    failures: tuple[object, ...], actions: list[Action]
) -> None:
    """H1, D3: tried again later; while the machine is to be mended mirrors go on."""
    missing = {"phone": output(state=OutputState.MISSING)}
    known = above(outputs=missing, setbacks=failures)

    assert actions == [item.action for item in decide(known, WISHES, NOW).items]


def test_undoing_it_again_and_again_is_a_loop() -> None:
    """H1: another program that keeps bringing the original back is told of."""
    cause = [item.cause for item in decide(above(rewrites=3), WISHES, NOW).items]

    assert [Cause.REWRITTEN_TOO_OFTEN] == cause
