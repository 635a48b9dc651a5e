"""The engine's thread: what ends it is told to whoever looks after it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from pacd.engine.events import Events
from pacd.engine.setup import Setup
from pacd.engine.thread import EngineThread
from pacd.errors import StoreError
from tests.integration.engine import calls
from tests.integration.engine.site import PATIENCE_S, Site


@pytest.fixture
def ended() -> threading.Event:
    return threading.Event()


@pytest.fixture
def thread(tmp_path: Path, ended: threading.Event) -> Iterator[EngineThread]:
    """A running engine in a thread of its own."""
    site = Site.make(tmp_path)
    setup = Setup(site.database, site.policy, site.limits, site.tools, calls.nothing, site.patience)
    thread = EngineThread(setup, Events(now=datetime.now(UTC)), ended.set)
    thread.start()
    yield thread
    thread.ready.result(PATIENCE_S).stop()
    thread.join(PATIENCE_S)


def test_w57_an_engine_that_has_not_begun_yet_is_starting(thread: EngineThread) -> None:
    """w57: whoever asks before its first turn is not told that all is well already."""
    assert thread.ready.result(PATIENCE_S).snapshot.starting


def test_w32_a_database_that_fails_ends_it_in_words(
    thread: EngineThread, ended: threading.Event
) -> None:
    """D2, w32: the sentence for the owner, not a traceback, is what the daemon ends with."""
    thread.check()
    thread.ready.result(PATIENCE_S).inbox.post(_fails)

    assert ended.wait(PATIENCE_S)
    with pytest.raises(StoreError, match="no room"):
        thread.check()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_w33_a_fault_of_its_own_is_no_clean_end(
    thread: EngineThread, ended: threading.Event
) -> None:
    """D2, w33: the traceback is written where it happened, and the daemon knows of it at once."""
    thread.ready.result(PATIENCE_S).inbox.post({}.popitem)

    assert ended.wait(PATIENCE_S)
    with pytest.raises(RuntimeError, match="thread has ended"):
        thread.check()


def test_w28_an_end_that_was_asked_for_is_none_to_tell(
    thread: EngineThread, ended: threading.Event
) -> None:
    """D2, w28: stop() ends it, and nothing is raised."""
    thread.ready.result(PATIENCE_S).stop()

    assert ended.wait(PATIENCE_S)
    thread.check()


def _fails() -> NoReturn:
    raise StoreError("there is no room for the database")
