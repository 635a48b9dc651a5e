"""Signs of life, beat by beat; every moment is passed in."""

from collections.abc import Callable
from concurrent.futures import Future

from pacd.pulse import Part, Pulse


class Asked:
    """A part that answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Future[object]] = []

    def ask(self) -> "Future[object]":
        self.asked.append(Future())
        return self.asked[-1]


def test_w33_a_part_that_answers_between_beats_lives() -> None:
    """D2: asked once at each beat, and well as long as each answer is there at the next."""
    part = Asked()
    pulse = Pulse({"it": Part(part.ask)})
    found = []
    for beat in range(3):
        found.append(pulse.beat(now_s=beat * 1000.0))
        part.asked[-1].set_result(None)

    assert ([(), (), ()], 3) == (found, len(part.asked))


def test_w33_a_part_that_hangs_is_no_longer_asked_and_said() -> None:
    """D2: no answer by the next beat is a fault, until the answer comes."""
    part = Asked()
    pulse = Pulse({"it": Part(part.ask), "another": Part(_lives)})
    first = pulse.beat(now_s=0.0)
    hung = [pulse.beat(now_s=15.0), pulse.beat(now_s=30.0)]
    part.asked[0].set_result(None)
    again = pulse.beat(now_s=45.0)

    assert ((), ()) == (first, again)
    assert [("it has not answered for 15 s",), ("it has not answered for 30 s",)] == hung
    assert 2 == len(part.asked)


def test_w33_a_part_may_have_patience_of_its_own() -> None:
    """D2: what may take minutes by its nature is not hung before."""
    part = Asked()
    pulse = Pulse({"it": Part(part.ask, patience_s=60.0)})
    found = [pulse.beat(now_s=now_s) for now_s in (0.0, 30.0, 60.0, 61.0)]

    assert [(), (), (), ("it has not answered for 61 s",)] == found


def test_w33_a_part_that_fails_is_a_fault_and_is_asked_again() -> None:
    """D2: an exception, a plain no and an end are faults, each told in a clause."""
    part = Asked()
    pulse = Pulse({"it": Part(part.ask)})
    found = []
    ends: list[Callable[[Future[object]], object]] = [
        lambda asked: asked.set_exception(OSError("no disk")),
        lambda asked: asked.set_result(False),
        lambda asked: asked.cancel(),
        lambda asked: asked.set_result(None),
    ]
    pulse.beat(now_s=0.0)
    for end in ends:
        end(part.asked[-1])
        found.append(pulse.beat(now_s=0.0))

    assert [("it failed: no disk",), ("it does not work",), ("it has ended",), ()] == found


def _lives() -> "Future[object]":
    done: Future[object] = Future()
    done.set_result(True)
    return done
