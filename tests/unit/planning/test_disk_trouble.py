"""A disk that is full or read-only is nobody's fault, and stops only what needs it."""

import pytest

from pacd.domain.output import OutputState
from pacd.domain.plan import Action
from pacd.errors import FailureKind
from pacd.planning.planner import decide
from pacd.planning.setbacks import retry_wait
from tests.builders import NOW, PHONE, facts, output, policy, setback, track

DISK = [FailureKind.NO_SPACE, FailureKind.READ_ONLY, FailureKind.TARGET_SHUT]


@pytest.mark.parametrize("kind", DISK)
def test_a_master_on_a_full_disk_is_mirrored_all_the_same(kind: FailureKind) -> None:
    """M8, w18: the rewrite waits for its disk; the mirror, perhaps on another, does not."""
    failed = setback(Action.RECOMPRESS, kind)
    known = facts(
        track=track(compression=""),
        outputs={PHONE.name: output(state=OutputState.MISSING)},
        setbacks=(failed,),
    )

    first = [item.action for item in decide(known, policy(), NOW).items]
    later = [item.action for item in decide(known, policy(), failed.retry_at).items]

    assert ([Action.MIRROR_ENCODE], [Action.RECOMPRESS]) == (first, later)


@pytest.mark.parametrize("kind", DISK)
def test_a_bad_disk_is_asked_ever_less_often(kind: FailureKind) -> None:
    """w18: ten thousand files on a read-only disk do not fill the history."""
    waits = [retry_wait(kind, tries).total_seconds() for tries in (1, 2, 3, 4, 5, 6)]

    assert [30, 120, 600, 3_600, 21_600, 21_600] == waits
