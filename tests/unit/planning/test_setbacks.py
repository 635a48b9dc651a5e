"""What a failure means for the next try."""

from datetime import timedelta

import pytest

from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.errors import FailureKind
from pacd.planning.setbacks import (
    LONGEST_WAIT,
    MAX_INTERRUPTIONS,
    MAX_TRIES,
    MENDABLE,
    held_for,
    retry_wait,
    set_aside,
    setback_of,
    tries_after,
    waiting_for,
    waits,
)
from tests.builders import NOW, facts, setback

MACHINE = {
    FailureKind.NO_SPACE,
    FailureKind.READ_ONLY,
    FailureKind.TARGET_SHUT,
    FailureKind.ROOT_GONE,
    FailureKind.NO_WORKER,
}
AT_ONCE = {FailureKind.PERMISSION, FailureKind.COLLISION, FailureKind.BAD_PICTURE}


@pytest.mark.parametrize("kind", FailureKind)
def test_how_often_each_kind_is_tried(kind: FailureKind) -> None:
    """H1, w25: three tries, five if ended from outside; one or no end where more show nothing."""
    held = [held_for(setback(kind=kind, tries=tries)) is not None for tries in range(1, 10)]
    most = MAX_INTERRUPTIONS if kind is FailureKind.INTERRUPTED else MAX_TRIES
    first_hold = 1 if kind in AT_ONCE else most
    expected = [kind not in MACHINE and tries >= first_hold for tries in range(1, 10)]

    assert expected == held


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (FailureKind.TOOL_FAILED, Cause.ENCODE_FAILED),
        (FailureKind.TOOL_CRASHED, Cause.TOOL_CRASHED),
        (FailureKind.TIMED_OUT, Cause.TOOL_CRASHED),
        (FailureKind.WORKER_DIED, Cause.TOOL_CRASHED),
        (FailureKind.VERIFY_FAILED, Cause.VERIFY_FAILED),
        (FailureKind.SOURCE_CHANGED, Cause.UNSTABLE),
        (FailureKind.NOT_REGULAR, Cause.UNSTABLE),
        (FailureKind.PERMISSION, Cause.PERMISSION),
        (FailureKind.COLLISION, Cause.COLLISION),
        (FailureKind.BAD_PICTURE, Cause.ENCODE_FAILED),
        (FailureKind.IO, Cause.ENCODE_FAILED),
        (FailureKind.INTERNAL, Cause.TOOL_CRASHED),
    ],
)
def test_the_cause_follows_the_kind(kind: FailureKind, cause: Cause) -> None:
    """H1: each way to fail has its cause."""
    assert cause == held_for(setback(kind=kind, tries=MAX_TRIES))


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - MACHINE - {FailureKind.INTERRUPTED}))
def test_waits_grow_and_stay_bounded(kind: FailureKind) -> None:
    """w11: backed off, and never given up for ever."""
    waits = [retry_wait(kind, tries) for tries in (1, 2, 3, 4, 1_000)]

    assert [30, 120, 600, 600, 600] == [wait.total_seconds() for wait in waits]


def test_what_was_interrupted_is_done_again_at_once_and_then_later() -> None:
    """w25: an innocent item is requeued; what is killed each time does not go round for ever."""
    waits = [retry_wait(FailureKind.INTERRUPTED, tries) for tries in range(1, 6)]

    assert [1, 4, 30, 600, 600] == [wait.total_seconds() for wait in waits]


@pytest.mark.parametrize(
    ("before", "now", "tries"),
    [
        (FailureKind.INTERRUPTED, FailureKind.INTERRUPTED, 5),
        (FailureKind.NO_SPACE, FailureKind.INTERRUPTED, 1),
        (FailureKind.INTERRUPTED, FailureKind.NO_SPACE, 1),
        (FailureKind.TOOL_CRASHED, FailureKind.INTERRUPTED, 1),
        (FailureKind.INTERRUPTED, FailureKind.TOOL_CRASHED, 1),
        (FailureKind.TOOL_FAILED, FailureKind.TOOL_CRASHED, 5),
        (FailureKind.NO_SPACE, FailureKind.ROOT_GONE, 5),
    ],
)
def test_what_counts_in_a_row(before: FailureKind, now: FailureKind, tries: int) -> None:
    """H1, w25: a disk that was full four times makes no fifth of one kill."""
    assert tries == tries_after(setback(kind=before, tries=4), now)


def test_who_is_held_for_kills_is_told_of_all() -> None:
    """H1, w25: one kill is nothing; five in a row are why."""
    killed = setback(kind=FailureKind.INTERRUPTED, tries=MAX_INTERRUPTIONS)

    assert Cause.TOOL_CRASHED == held_for(killed)
    assert str(waiting_for(killed, NOW)).endswith(", 5 times in a row")


def test_setbacks_are_kept_apart_by_action_and_mirror() -> None:
    """H1: one action's failures say nothing of another's."""
    phone = setback(Action.MIRROR_ENCODE, mirror="phone")
    known = facts(setbacks=(setback(), phone))

    assert phone == setback_of(known, Action.MIRROR_ENCODE, "phone")
    assert setback_of(known, Action.MIRROR_ENCODE, "car") is None
    assert setback_of(known, Action.MIRROR_ENCODE) is None
    assert setback_of(known, Action.TEST) is None


def test_waiting_is_said_with_its_end() -> None:
    """w58: `pacctl why` says when it is tried again."""
    later = setback(due_in=timedelta(minutes=2))

    assert waiting_for(None, NOW) is None
    failed = "recompress failed: it went wrong (tool-failed)"

    assert f"{failed}; it is tried again at 12:02:00 UTC" == waiting_for(later, NOW)
    assert waiting_for(later, NOW + timedelta(minutes=2)) is None
    assert failed == waiting_for(setback(tries=3), NOW + timedelta(days=1))


def test_a_wait_that_ends_on_another_day_says_which() -> None:
    """w58: six hours from the evening on are tomorrow."""
    later, evening = setback(due_in=timedelta(hours=14)), NOW + timedelta(hours=9)

    assert str(waiting_for(later, evening)).endswith("tried again at 2026-11-22 02:00:00 UTC")


@pytest.mark.parametrize("kind", FailureKind)
def test_w11_a_clock_that_was_wrong_makes_nothing_wait(kind: FailureKind) -> None:
    """w11, w40: the longest wait there is may be believed; what is beyond it is due."""
    longest = setback(kind=kind, due_in=LONGEST_WAIT)
    wrong = setback(kind=kind, due_in=LONGEST_WAIT + timedelta(seconds=1))

    assert LONGEST_WAIT == max(retry_wait(each, 9) for each in FailureKind)
    assert (True, False) == (waits(longest, NOW), waits(wrong, NOW))
    assert not set_aside(wrong, NOW)
    assert (waiting_for(wrong, NOW) is None) == (held_for(wrong) is None)


def test_what_a_person_may_have_mended_is_what_the_machine_did() -> None:
    """1.3, H1: a scan that is asked for uses up no tries of what is the file's fault."""
    from_outside = {FailureKind.IO, FailureKind.INTERRUPTED}

    assert MACHINE | from_outside == MENDABLE
