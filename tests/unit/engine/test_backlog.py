"""What waits: folders and items, in the order of their urgency."""

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from pacd.domain.plan import Action
from pacd.engine.backlog import PHASES, Backlog, Ready, Waiting
from pacd.engine.looking import Looked
from pacd.engine.pool import Phase
from pacd.engine.visit import Urgency, Visit
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from tests.builders import NOW, item, policy
from tests.effort import effort

LIVE, AUDIT = Urgency.LIVE, Urgency.AUDIT
A, B, C = (Place("music", PurePosixPath(name)) for name in "abc")


def visit(turn: int, urgency: Urgency = AUDIT) -> Visit:
    looked = Looked(FolderView(PurePosixPath("a")), {})
    return Visit(A, 1, policy(), urgency, turn, looked, {}, NOW)


def _sated(_work: Waiting) -> bool:
    """No disk is full."""
    return False


def drained(backlog: Backlog) -> list[tuple[Place, Urgency]]:
    found = []
    while backlog:
        assert backlog.urgency is min(backlog._waiting.values())
        found.append(backlog.pop())
    return found


def test_the_urgent_go_first_and_then_the_longest_waiting() -> None:
    """W1: what somebody waits for, then what an audit found."""
    backlog = Backlog()
    for place, urgency in ((A, AUDIT), (B, AUDIT), (C, LIVE)):
        backlog.add(place, urgency)

    assert 3 == len(backlog)
    assert [A, B, C] == list(backlog)
    assert [(C, LIVE), (A, AUDIT), (B, AUDIT)] == drained(backlog)


def test_asking_twice_is_asking_once_with_the_greater_urgency() -> None:
    """W1: a folder waits once."""
    backlog = Backlog()
    for place, urgency in ((A, AUDIT), (B, AUDIT), (B, LIVE), (B, AUDIT), (A, AUDIT)):
        backlog.add(place, urgency)

    assert [(B, LIVE), (A, AUDIT)] == drained(backlog)
    assert A not in backlog
    backlog.add(B, AUDIT)
    assert B in backlog
    assert [(B, AUDIT)] == drained(backlog)


@given(st.lists(st.none() | st.tuples(st.sampled_from([A, B, C]), st.sampled_from(Urgency))))
def test_nothing_waits_twice_or_is_lost(steps: list[tuple[Place, Urgency] | None]) -> None:
    """W3: whatever is asked for in whatever order; None takes the next."""
    backlog = Backlog()
    waiting: dict[Place, Urgency] = {}
    for step in steps:
        if step:
            backlog.add(*step)
            place, urgency = step
            waiting[place] = min(urgency, waiting.get(place, AUDIT))
        elif waiting:
            place, urgency = backlog.pop()
            assert min(waiting.values()) is urgency is waiting.pop(place)

    assert sorted(waiting.items()) == sorted(drained(backlog))


def test_items_go_by_urgency_visit_and_their_own_order() -> None:
    """P5: a folder is finished before the next begins, so that folders come to rest."""
    ready = Ready()
    for turn, urgency, name in (
        (2, AUDIT, "2a"),
        (1, AUDIT, "1a"),
        (1, AUDIT, "1b"),
        (3, LIVE, "3"),
    ):
        ready.push(item(path=name), visit(turn, urgency))

    assert 4 == len(ready)
    assert [1, 4] == [ready.as_urgent_as(urgency) for urgency in (LIVE, AUDIT)]
    order = [ready.pop(lambda _phase: True, _sated) for _item in range(4)]
    assert ["3", "1a", "1b", "2a"] == [str(each.item.path) for each in order if each and each.item]
    assert [0, 0] == [ready.as_urgent_as(urgency) for urgency in (LIVE, AUDIT)]
    assert ready.pop(lambda _phase: True, _sated) is None


def test_a_phase_that_is_full_lets_others_pass() -> None:
    """P5: no phase starves another."""
    ready = Ready()
    ready.push(item(Action.RECOMPRESS), visit(1))
    ready.push(item(Action.TEST), visit(2))
    ready.push(None, visit(3))
    found = [ready.pop(lambda phase: phase is not Phase.ENCODE, _sated) for _item in range(3)]

    assert [2, 3, None] == [each.turn if each else None for each in found]
    assert [Action.RECOMPRESS] == [item.action for _library, item in ready.first(9)]
    assert {Action.RECOMPRESS: 1, Action.TEST: 0} == ready.actions


def test_every_action_has_its_phase() -> None:
    """P5: all that workers do counts against a limit; a hold is no work."""
    assert set(Action) - {Action.HOLD} == set(PHASES)


def test_what_waits_for_a_disk_is_in_nobodys_way() -> None:
    """w23: items that write to a full disk are set aside, and keep their turn."""
    ready = Ready()
    for turn, path in enumerate("abc"):
        ready.push(item(Action.RECOMPRESS, path), visit(turn))

    def starves(work: Waiting) -> bool:
        return work.turn == 0

    first = ready.pop(lambda _phase: True, starves)
    left = (len(ready), ready.as_urgent_as(AUDIT), [str(each.path) for _, each in ready.first(9)])
    ready.unpark()
    second = ready.pop(lambda _phase: True, _sated)

    assert (1, 0) == (first.turn if first else None, second.turn if second else None)
    assert (2, 1, ["a", "c"]) == left


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(list(PHASES)))), st.integers(0, 8))
def test_what_goes_first_is_told_without_a_look_at_all(
    pushed: list[tuple[int, Action]], most: int
) -> None:
    """P5: the queue shows what a sort would, in the order of urgency and turn."""
    ready = Ready()
    for number, (turn, action) in enumerate(pushed):
        ready.push(item(action, f"{number}"), visit(turn))
    shown = [int(str(each.path)) for _library, each in ready.first(most)]
    by_turn = sorted(range(len(pushed)), key=lambda number: (pushed[number][0], number))

    assert by_turn[:most] == shown
    assert len(pushed) == sum(ready.actions.values()) == len(ready)


def test_thousands_of_items_make_nothing_slower() -> None:
    """P5: a folder of thousands costs each turn of the engine what a small one does."""

    def turn(waiting: int) -> int:
        ready = Ready()
        for number in range(waiting):
            ready.push(item(Action.TEST, f"{number}"), visit(1))

        def once() -> None:
            assert ready.pop(lambda _phase: True, _sated)
            assert 20 == len(list(ready.first(20)))
            assert waiting - 1 == ready.actions[Action.TEST]

        return effort(once)

    assert turn(4_000) < 1.5 * turn(40)
