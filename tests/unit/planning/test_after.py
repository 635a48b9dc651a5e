"""How an outcome becomes a fact."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

import pytest

from pacd.domain import outcome  # pytest would take its Tested for a test class
from pacd.domain.outcome import Done, Exported, Failed, Mirrored, Recompressed
from pacd.domain.output import OutputState
from pacd.domain.plan import Action
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.planning.after import after, failure
from tests.builders import (
    NOW,
    check,
    facts,
    fresh,
    item,
    observation,
    output,
    picture,
    setback,
    track,
)

LATER = NOW + timedelta(hours=1)


def test_a_test_tells_verdict_header_and_bytes() -> None:
    """F1, W2: the observation is that of the very bytes that were tested."""
    seen = observation(inode=9)
    done = Done(item(), outcome.Tested(check(), track(), seen))

    assert facts(outputs=fresh().outputs, observation=seen) == after(fresh(), done, NOW)


def test_a_test_of_what_is_not_flac_leaves_no_header() -> None:
    """F1: not-flac."""
    found = check(Integrity.NOT_FLAC, md5="")
    known = after(fresh(), Done(item(), outcome.Tested(found, None, observation())), NOW)

    assert (None, found) == (known.track, known.check)


def test_a_rewrite_counts() -> None:
    """W2, w22: the new bytes are known at once, and how often PAC wrote them."""
    old = facts(track=track(compression=""), rewrites=1)
    new = Recompressed(track(), check(), observation(inode=9), False, 1_000, 900)
    known = after(old, Done(item(Action.RECOMPRESS), new), NOW)

    assert facts(observation=observation(inode=9), rewrites=2) == known


def test_an_output_is_known_beside_the_others() -> None:
    """M3: by its mirror's name."""
    car = output("a/01.m4a")
    done = Done(item(Action.MIRROR_ENCODE, mirror="car"), Mirrored(car, encoded=True))
    known = after(facts(), done, NOW)

    assert {**facts().outputs, "car": car} == known.outputs


def test_why_an_output_is_renamed_is_not_forgotten() -> None:
    """M10: a worker is told the name alone."""
    known = facts(outputs={"phone": output(state=OutputState.MISSING, renamed="a is named b")})
    done = Done(item(Action.MIRROR_ENCODE, mirror="phone"), Mirrored(output(), encoded=True))

    assert "a is named b" == after(known, done, NOW).outputs["phone"].renamed


EXPORTED = Exported(PurePosixPath("A/front.jpg"), picture(), "image/jpeg", 10, 20, written=True)


def test_a_cover_is_a_fact_of_its_album() -> None:
    """F7: nothing of the master changes."""
    assert facts() == after(facts(), Done(item(Action.EXPORT_ARTWORK), EXPORTED), NOW)


def test_success_forgets_the_failures_of_this_action_alone() -> None:
    """H1: each action's failures on its own."""
    other = setback(Action.MIRROR_ENCODE, mirror="phone")
    known = replace(fresh(), setbacks=(setback(Action.TEST), other))

    assert (other,) == after(
        known, Done(item(), outcome.Tested(check(), track(), observation())), NOW
    ).setbacks


def test_a_failure_leaves_all_else_as_it_was() -> None:
    """F3: the files are as they were before."""
    failed = Failed(item(Action.RECOMPRESS), FailureKind.IO, "the disk failed", "words")
    known = after(facts(), failed, NOW)

    assert facts() == replace(known, setbacks=())
    assert [(FailureKind.IO, 1, "the disk failed", "words")] == [
        (each.kind, each.tries, each.message, each.words) for each in known.setbacks
    ]


@pytest.mark.parametrize(
    ("before", "kind", "tries", "wait_s"),
    [
        ((), FailureKind.IO, 1, 30),
        ((setback(kind=FailureKind.IO, tries=1),), FailureKind.IO, 2, 120),
        ((setback(kind=FailureKind.IO, tries=7),), FailureKind.IO, 8, 600),
        ((setback(kind=FailureKind.IO, tries=2),), FailureKind.VERIFY_FAILED, 3, 600),
        ((setback(kind=FailureKind.NO_SPACE, tries=9),), FailureKind.TOOL_FAILED, 1, 30),
        ((setback(kind=FailureKind.TOOL_FAILED, tries=2),), FailureKind.NO_SPACE, 1, 30),
        ((setback(kind=FailureKind.NO_SPACE, tries=2),), FailureKind.READ_ONLY, 3, 600),
        ((setback(Action.TEST, FailureKind.IO, tries=2),), FailureKind.IO, 1, 30),
        (
            (setback(Action.RECOMPRESS, FailureKind.IO, tries=2, mirror="phone"),),
            FailureKind.IO,
            1,
            30,
        ),
    ],
)
def test_tries_count_failures_in_a_row_that_are_the_files_own(
    before: tuple[object, ...], kind: FailureKind, tries: int, wait_s: int
) -> None:
    """H1: a full disk for hours, then one failure of the file: that is its first."""
    known = replace(facts(), setbacks=before)  # type: ignore[arg-type]  # a table of them
    made = failure(known, Failed(item(Action.RECOMPRESS), kind, "it failed"), NOW)

    assert (tries, NOW + timedelta(seconds=wait_s)) == (made.tries, made.retry_at)


def test_a_second_failure_takes_the_place_of_the_first() -> None:
    """H1: one setback per action and mirror."""
    failed = Failed(item(Action.RECOMPRESS), FailureKind.IO, "again")
    known = after(after(facts(), failed, NOW), failed, LATER)

    assert [(2, "again")] == [(each.tries, each.message) for each in known.setbacks]
