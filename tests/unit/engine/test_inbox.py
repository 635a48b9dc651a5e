"""What other threads say to the engine."""

import select
import threading
from pathlib import PurePosixPath

import pytest

from pacd.engine.inbox import Inbox
from pacd.errors import StoppedError
from pacd.intake.debounce import MAX_APART, Place


def place(folder: str, library: str = "music") -> Place:
    return Place(library, PurePosixPath(folder))


def awake(inbox: Inbox) -> bool:
    """Whether the engine would be woken."""
    return bool(select.select([inbox.wake_fd], [], [], 0)[0])


def test_touches_coalesce() -> None:
    """w05: a storm in one folder is one entry; that all below was touched is kept."""
    inbox = Inbox()
    for tree in (False, True, False):
        inbox.touch(place("a"), tree)
    inbox.touch(place("b"), False)

    assert awake(inbox)
    assert ({place("a"): True, place("b"): False}, []) == inbox.take()
    assert not awake(inbox)
    assert ({}, []) == inbox.take()


def test_a_storm_is_the_whole_library() -> None:
    """w05: beyond 512 folders of one library it counts as touched whole; others do not."""
    inbox = Inbox()
    inbox.touch(place("z", "other"), False)
    for number in range(100_000):
        inbox.touch(place(str(number)), False)
        assert len(inbox._touched) <= MAX_APART + 1
    touched, _ = inbox.take()

    assert touched[place(".")] is True
    assert touched[place("z", "other")] is False


def test_calls_are_answered_in_their_order() -> None:
    """O1: commands of any thread, one after another in the engine's."""
    inbox = Inbox()
    futures = [inbox.call(lambda number=number: number) for number in range(3)]  # type: ignore[misc]
    inbox.post(lambda: None)
    _, calls = inbox.take()

    assert [*futures, None] == [future for _, future in calls]
    assert [0, 1, 2, None] == [function() for function, _ in calls]


def test_who_comes_too_late_is_told() -> None:
    """w28: calls that wait are refused as later ones are; nobody waits for ever."""
    inbox = Inbox()
    waiting = inbox.call(lambda: 1)
    inbox.close()
    late = inbox.call(lambda: 2)
    inbox.post(lambda: None)
    inbox.touch(place("a"), False)

    for future in (waiting, late):
        with pytest.raises(StoppedError, match="pacd is stopping; nothing was done"):
            future.result(0)
    assert [] == inbox.take()[1]


def test_any_thread_may_speak() -> None:
    """W3: nothing is lost between many writers and one reader."""
    inbox = Inbox()

    def speak(number: int) -> None:
        for turn in range(200):
            inbox.touch(place(f"{number}/{turn % 5}"), False)
            inbox.post(lambda: None)

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    touched: set[Place] = set()
    calls = 0
    while calls < 800:
        select.select([inbox.wake_fd], [], [], 10)
        news, called = inbox.take()
        touched |= news.keys()
        calls += len(called)
    for thread in threads:
        thread.join()

    assert {place(f"{number}/{turn}") for number in range(4) for turn in range(5)} == touched
