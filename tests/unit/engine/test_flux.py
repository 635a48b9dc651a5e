"""Masters that wait for something under way."""

from pathlib import PurePosixPath

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action
from pacd.engine.flux import Flux, causes
from pacd.errors import FailureKind
from tests.builders import item
from tests.effort import effort

A, B, C = map(PurePosixPath, "abc")
THERE = ("phone", PurePosixPath("x.opus"))
ELSEWHERE = ("phone", PurePosixPath("y.opus"))


def test_a_master_waits_until_one_of_its_causes_is_over() -> None:
    """M5: it is decided on anew then, and waits until that was done."""
    flux = Flux()
    flux.await_(A, [THERE, ELSEWHERE])
    flux.await_(B, [("", A)])

    assert ((A,), (B,), ()) == (flux.freed([THERE]), flux.freed([("", A)]), flux.freed([("", C)]))
    flux.discard(A)
    assert ((), (B,), True) == (flux.freed([THERE, ELSEWHERE]), flux.all(), bool(flux))
    flux.discard(B)
    assert not flux


def test_a_master_that_is_freed_waits_for_nothing() -> None:
    """M5: what stands in its place has changed, so it is decided on whatever is over."""
    flux = Flux()
    flux.free(A)

    assert ((A,), True) == (flux.freed([]), bool(flux))
    flux.discard(A)
    assert ((), False) == (flux.freed([]), bool(flux))


def test_an_item_frees_its_places_and_its_master() -> None:
    """M5: whatever came of it, nobody uses them any more."""
    over = causes(Failed(item(Action.TEST, "a"), FailureKind.INTERRUPTED, "lost"))

    assert (("", A),) == over


def test_thousands_that_wait_are_not_gone_through() -> None:
    """M5, P5: a lost database and a folder of thousands: each outcome frees those it concerns."""

    def outcome(waiting: int) -> int:
        flux = Flux()
        for number in range(waiting):
            flux.await_(PurePosixPath(f"{number}"), [("", PurePosixPath(f"{number + 1}"))])
        return effort(lambda: flux.freed([("", PurePosixPath("7"))]))

    assert outcome(10) == outcome(1_000)
