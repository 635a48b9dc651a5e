"""What clients ask of the engine's thread: answered in time, late, or too late; all in words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pacd.engine.asking import ask
from pacd.engine.inbox import Inbox
from pacd.errors import LateError, RefusedError, StoppedError
from tests.integration.engine.processes import eventually
from tests.integration.engine.site import Site


@contextmanager
def _asking(site: Site, gate: threading.Event) -> Iterator[Inbox]:
    """An engine that begins to turn when the gate is opened; it has ended when the block has."""
    inboxes: list[Inbox] = []
    there = threading.Event()

    def live() -> None:
        with site.engine() as engine:
            inboxes.append(engine.inbox)
            there.set()
            gate.wait()
            engine.run(lambda _engine: leave.is_set())

    leave = threading.Event()
    thread = threading.Thread(target=live)
    thread.start()
    there.wait()
    try:
        yield inboxes[0]
    finally:
        leave.set()
        inboxes[0].post(lambda: None)
        gate.set()
        thread.join()


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.make(tmp_path_factory.mktemp("site"))


def _fails() -> int:
    raise RefusedError("no")


def test_w48_a_busy_engine_is_told_in_words_and_does_what_it_was_asked(site: Site) -> None:
    """w48, S4: who waits no more is told so; the decision is exported when it has been taken."""
    gate = threading.Event()
    told: list[str] = []
    with _asking(site, gate) as inbox:
        with pytest.raises(LateError, match=r"busy and has not answered for 0\.05 s; what was ask"):
            ask(inbox, lambda: told.append("done"), done=lambda: told.append("out"), wait_s=0.05)
        with pytest.raises(LateError):
            ask(inbox, _fails, done=lambda: told.append("never"), wait_s=0.05)
        before = tuple(told)
        gate.set()
        soon = ask(inbox, lambda: 7, done=lambda: told.append("in time"))

        assert ((), 7) == (before, soon)
        assert ["done", "out", "in time"] == told


def test_w28_an_engine_that_stops_says_so(site: Site) -> None:
    """w28, S4: what it did not do it will not do, and nothing is exported for it."""
    gate = threading.Event()
    refused: list[StoppedError] = []
    exported: list[int] = []

    def wait(inbox: Inbox) -> None:
        with pytest.raises(StoppedError, match="pacd is stopping; nothing was done") as caught:
            ask(inbox, lambda: 1, done=lambda: exported.append(1))
        refused.append(caught.value)

    with _asking(site, gate) as inbox:
        waiting = threading.Thread(target=wait, args=(inbox,))
        waiting.start()
        assert eventually(lambda: bool(inbox._calls))
        inbox.close()
        waiting.join()
        wait(inbox)

        assert 2 == len(refused)
        assert [] == exported


def test_what_the_function_raises_is_raised(site: Site) -> None:
    """w45: also where that is a TimeoutError of its own."""

    def late() -> None:
        raise TimeoutError("its own")

    gate = threading.Event()
    gate.set()
    with _asking(site, gate) as inbox:
        with pytest.raises(TimeoutError, match="its own"):
            ask(inbox, late)
        with pytest.raises(RefusedError, match="no"):
            ask(inbox, _fails)
