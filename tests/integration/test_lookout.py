"""When libraries are watched anew, and when that is said to be a problem."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.domain.policy import ArtworkPolicy, LibraryPolicy
from pacd.engine.inbox import Inbox
from pacd.lookout import Lookout


class Losses:
    """Counts how often everything was to be looked at."""

    def __init__(self) -> None:
        self.reasons: list[str] = []


@pytest.fixture
def library(tmp_path: Path) -> LibraryPolicy:
    """Two folders below a root: three watches."""
    (tmp_path / "music" / "Artist" / "Album").mkdir(parents=True)
    return LibraryPolicy(
        "music", tmp_path / "music", ArtworkPolicy(enabled=False, root=tmp_path / "art")
    )


@pytest.fixture
def losses() -> Losses:
    return Losses()


@pytest.fixture
def lookout(losses: Losses) -> Iterator[Lookout]:
    made = Lookout(Inbox(), losses.reasons.append)
    yield made
    made.stop()


def test_w01_folders_without_a_watch_are_tried_again(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W3, w01: at once when a walk finds more folders than are watched, then not for a minute."""
    lookout.start((library,), "auto")
    lookout.walked(4)

    assert ["1 of 4 folders are not watched; audits still find every change in them."] == [
        problem.what for problem in lookout.problems()
    ]
    for _heartbeat in range(5):
        lookout.mend()

    assert ["the watches were lost"] == losses.reasons
    assert 3 == lookout.view().watched


def test_enough_watches_are_no_reason_to_begin_anew(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W3: while every folder is watched, looking after them changes nothing."""
    lookout.start((library,), "auto")
    lookout.walked(3)
    lookout.mend()

    assert ([], ()) == (losses.reasons, lookout.problems())


def test_a_polled_library_needs_no_watches(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W4: nothing is tried, and nothing is said to be missing."""
    lookout.start((library,), "poll")
    lookout.walked(3)
    lookout.mend()

    assert ([], (), "poll") == (losses.reasons, lookout.problems(), lookout.view().mode)


def test_w08_a_root_that_came_back_is_watched_anew(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W3, w08: a root made anew is watched, even one with the inode that the old one had."""
    lookout.start((library,), "auto")
    lookout.walked(3)
    shutil.rmtree(library.root)
    (library.root / "New").mkdir(parents=True)
    lookout.mend()

    assert ["the watches were lost"] == losses.reasons
    assert 2 == lookout.view().watched


def test_watches_are_counted_at_leisure(lookout: Lookout, library: LibraryPolicy) -> None:
    """B4: the kernel takes longer the more there are, so a large library's are counted less."""
    for number in range(2_000):
        (library.root / f"{number}").mkdir()
    lookout.start((library,), "auto")
    began_s = time.thread_time()
    lookout.walked(2_003)
    once_s = time.thread_time() - began_s
    began_s = time.thread_time()
    for _heartbeat in range(20):
        lookout.mend()

    assert 2_003 == lookout.view().watched
    assert time.thread_time() - began_s < 5 * once_s
