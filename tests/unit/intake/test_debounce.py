"""Waiting until a folder is quiet; the time is passed in."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacd.intake.debounce import MAX_APART, Debouncer, Place, topmost
from tests.effort import effort

A, B, C = (Place("music", PurePosixPath(name)) for name in "abc")


def test_a_folder_is_let_go_once_it_has_been_quiet() -> None:
    """W1: `settle_s` of quiet, counted from the last touch; once only."""
    debouncer = Debouncer(10, 600)
    debouncer.touch(A, now_s=0)
    debouncer.touch(A, now_s=4)

    assert () == debouncer.settled(now_s=13.9)
    assert (A,) == debouncer.settled(now_s=14)
    assert () == debouncer.settled(now_s=100)


def test_w12_a_folder_that_is_never_quiet_is_let_go_at_the_bound() -> None:
    """w12: touched every second for ten minutes, it is still processed at `max_delay_s`."""
    debouncer = Debouncer(10, 600)
    let_go = []
    for second in range(1_300):
        debouncer.touch(A, now_s=second)
        if debouncer.settled(now_s=second):
            let_go.append(second)

    assert [600, 1_201] == let_go


def test_a_new_touch_begins_a_new_wait() -> None:
    """W1: what happened before a folder was let go counts no longer."""
    debouncer = Debouncer(10, 15)
    debouncer.touch(A, now_s=0)
    debouncer.settled(now_s=10)
    debouncer.touch(A, now_s=11)

    assert () == debouncer.settled(now_s=16)
    assert 21 == debouncer.next_due_s()


def test_the_longest_waiting_goes_first() -> None:
    """W1: in the order of their first touch."""
    debouncer = Debouncer(10, 600)
    for place, now_s in ((C, 0), (A, 1), (B, 2), (C, 3)):
        debouncer.touch(place, now_s=now_s)

    assert (C, A, B) == debouncer.settled(now_s=50)


def test_folders_wait_for_themselves_alone() -> None:
    """W1: a busy folder does not keep a quiet one; libraries are told apart."""
    elsewhere = Place("other", A.folder)
    debouncer = Debouncer(10, 600)
    for place, now_s in ((A, 0), (elsewhere, 5), (B, 9)):
        debouncer.touch(place, now_s=now_s)

    assert (A,) == debouncer.settled(now_s=14)
    assert [elsewhere, B] == list(debouncer)
    assert A not in debouncer
    assert B in debouncer
    assert 2 == len(debouncer)


def test_the_next_moment_is_known() -> None:
    """B4: the engine sleeps until then, and without any, until something happens."""
    debouncer = Debouncer(10, 600)

    assert debouncer.next_due_s() is None
    debouncer.touch(A, now_s=0)
    debouncer.touch(B, now_s=3)
    assert 10 == debouncer.next_due_s()
    debouncer.touch(A, now_s=8)
    assert 13 == debouncer.next_due_s()
    debouncer.settled(now_s=13)
    assert 18 == debouncer.next_due_s()


def test_many_that_wait_make_nothing_slower() -> None:
    """P5, w05: what a storm has touched is not gone through at each turn of the engine."""

    def turn(waiting: int) -> int:
        debouncer = Debouncer(10, 600)
        for number in range(waiting):
            debouncer.touch(Place("music", PurePosixPath(f"{number}")), now_s=number / waiting)

        def once() -> None:
            debouncer.touch(A, now_s=2)
            assert () == debouncer.settled(now_s=3)
            assert 10 == debouncer.next_due_s()

        return effort(once)

    assert turn(10) == turn(1_000)


@given(
    st.lists(st.tuples(st.sampled_from([A, B, C]), st.floats(0, 30)), min_size=1),
    st.floats(0.1, 20),
    st.floats(0.1, 60),
)
def test_nothing_is_forgotten_and_nothing_is_late(
    touches: list[tuple[Place, float]], quiet_s: float, max_s: float
) -> None:
    """W3, w12: each touched folder is let go, and never later than the bound after a touch."""
    debouncer = Debouncer(quiet_s, max_s)
    now_s = 0.0
    waiting: dict[Place, float] = {}
    for place, pause_s in touches:
        now_s += pause_s
        for quiet in debouncer.settled(now_s=now_s):
            del waiting[quiet]
        debouncer.touch(place, now_s=now_s)
        waiting.setdefault(place, now_s)

    assert set(waiting) == set(debouncer)
    while waiting:
        due_s = debouncer.next_due_s()
        assert due_s is not None
        ready = debouncer.settled(now_s=due_s)
        assert ready
        for place in ready:
            assert due_s <= waiting.pop(place) + max_s + 1e-6


@pytest.mark.parametrize(
    ("folders", "trees", "left"),
    [
        (["a", "b"], [], ["a", "b"]),
        (["a/x", "a", "a/x/y", "b"], ["a"], ["a", "b"]),
        (["a/x", "a/y"], ["a/x", "a/y"], ["a/x", "a/y"]),
        (["ab", "a"], ["a"], ["ab", "a"]),
        ([".", "a", "a/b"], ["."], ["."]),
    ],
)
def test_what_lies_in_a_tree_goes_with_it(
    folders: list[str], trees: list[str], left: list[str]
) -> None:
    """w05: `rm -r` tells of each folder; the topmost is looked at with all below it."""
    places = [Place("music", PurePosixPath(folder)) for folder in folders]
    found = topmost(places, {Place("music", PurePosixPath(tree)) for tree in trees})

    assert left == [str(place.folder) for place in found]
    assert tuple(places) == topmost(places, {Place("other", PurePosixPath())})


def test_w05_too_many_to_wait_apart_wait_as_one() -> None:
    """w05: the library is looked at whole, no later than the first of its folders would be."""
    elsewhere = Place("other", A.folder)
    debouncer = Debouncer(10, 600)
    debouncer.touch(elsewhere, now_s=0)
    for number in range(MAX_APART):
        assert not debouncer.crowded("music")
        debouncer.touch(Place("music", PurePosixPath(str(number))), now_s=number)
    root, known = Place("music", PurePosixPath()), Place("music", PurePosixPath("7"))

    assert debouncer.crowded("music")
    assert (known, False) == debouncer.gathered(known, tree=False)
    assert (elsewhere, True) == debouncer.gathered(elsewhere, tree=True)
    assert (root, True) == debouncer.gathered(A, tree=False)
    assert {elsewhere, root} == set(debouncer)
    for second in range(MAX_APART, 600, 5):
        debouncer.touch(root, now_s=second)
        assert root not in debouncer.settled(now_s=second)
    assert (root,) == debouncer.settled(now_s=600)
    assert Place("none", PurePosixPath()) == debouncer.merge("none")
    assert 0 == len(debouncer)
