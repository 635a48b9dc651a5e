"""When libraries are watched anew, how well they are seen, and when that is a problem."""

import itertools
import os
import resource
import shutil
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pacd.domain.policy import ArtworkPolicy, LibraryPolicy
from pacd.engine.inbox import Inbox
from pacd.intake.audit import walk
from pacd.intake.backoff import FIRST_RETRY_S, LONGEST_RETRY_S, Backoff
from pacd.intake.gauge import Gauge
from pacd.intake.ignore import Ignore
from pacd.lookout import Lookout
from tests.kernel import watches
from tests.machine import small_disk
from tests.mounts import ext4
from tests.serving import until
from tests.threads import end_threads, short_lived

PATIENCE_S = 20.0
MOUNTED = "something was mounted or unmounted in a library"
"""It may also be what a loss is noticed by when another test mounts something just then."""

DYING = "ignore::pytest.PytestUnhandledThreadExceptionWarning"


class Losses:
    """Why everything was to be looked at, each time."""

    def __init__(self) -> None:
        self.reasons: list[str] = []


@pytest.fixture(autouse=True)
def _alone() -> None:
    """What an earlier test's watcher gives back late is not counted with this one's."""
    until(lambda: not watches())


@pytest.fixture
def library(tmp_path: Path) -> LibraryPolicy:
    """Two folders below a root, beside what the NAS keeps there: five watches."""
    (tmp_path / "music" / "Artist" / "Album").mkdir(parents=True)
    (tmp_path / "music" / "Artist" / "@eaDir" / "Album").mkdir(parents=True)
    return LibraryPolicy(
        "music", tmp_path / "music", ArtworkPolicy(enabled=False, root=tmp_path / "art")
    )


@pytest.fixture
def losses() -> Losses:
    return Losses()


@pytest.fixture
def lookout(losses: Losses, tmp_path: Path) -> Iterator[Lookout]:
    made = Lookout(Inbox(), losses.reasons.append, canary=tmp_path / "state" / "canary")
    yield made
    made.stop()


def measure(lookout: Lookout, library: LibraryPolicy) -> None:
    """Walk the library as an audit does."""
    gauge = lookout.gauge(library)
    assert gauge
    for view in walk(library.root, Ignore()):
        gauge.meet(view)
    lookout.walked(library, gauge)


def seen(lookout: Lookout) -> tuple[int, int]:
    view = lookout.view()
    return (view.watched, view.directories)


def system_calls(work: Callable[[], object]) -> list[str]:
    """The functions of `os` that were called in this thread until it was done."""
    calls = []

    def note(_frame: object, event: str, called: Any) -> None:
        if event == "c_call" and called.__module__ == "posix":
            calls.append(called.__name__)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def counted(lookout: Lookout, away: Collection[str]) -> tuple[int, int, tuple[str, ...]]:
    view = lookout.view(away)
    return (view.directories, view.watched, view.away)


def shown(lookout: Lookout) -> tuple[str, int, int]:
    view = lookout.view()
    return (view.mode, view.watched, view.directories)


def test_w02_coverage_is_measured_and_whole(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """w02, W3: watches on ignored folders, and the canary's, are none of the library's."""
    lookout.start((library,), "auto")
    measure(lookout, library)

    assert 6 == len(watches())
    assert (3, 3) == seen(lookout)
    assert lookout.mend()
    assert ([], (), False) == (losses.reasons, lookout.problems(), lookout.blind)


def test_w02_folders_that_come_are_followed(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """w02, W3: each heartbeat looks whether they are watched; if so, that is all."""
    lookout.start((library,), "auto")
    (library.root / "New" / "CD1").mkdir(parents=True)
    deadline_s = time.monotonic() + PATIENCE_S
    while len(watches()) < 8 and time.monotonic() < deadline_s:
        assert lookout.mend()
    (library.root / "New" / "CD1").rmdir()

    assert [True] * 3 == [lookout.mend() for _heartbeat in range(3)]
    assert [] == losses.reasons


def test_w02_the_watch_is_told_while_it_is_set_anew(
    lookout: Lookout, library: LibraryPolicy
) -> None:
    """w02: between two watchers none of the folders is told to have lost its watch."""
    for number in range(200):
        (library.root / f"{number:03}").mkdir()
    lookout.start((library,), "auto")
    measure(lookout, library)
    anew = threading.Thread(target=lookout.start, args=((library,), "auto"))
    told: set[object] = set()
    anew.start()
    while not told or anew.is_alive():
        told.add((*shown(lookout), lookout.problems()))
    anew.join()

    assert {("inotify", 203, 203, ())} == told


@contextmanager
def free_descriptors(number: int) -> Iterator[None]:
    """Leave this process so many descriptors, whatever else it holds."""
    probes = [os.dup(0) for _ in range(number)]
    for each in probes:
        os.close(each)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(probes) + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_w01_what_was_not_watched_before_is_never_told_of_the_new_watches(
    lookout: Lookout, library: LibraryPolicy
) -> None:
    """w01, w02: once there is an instance to be had, folders are told as the new one has them."""
    told = []

    def nobody(_folder: Path) -> bool:
        told.append(shown(lookout))
        return False

    gauge = Gauge(library.root, nobody)
    with free_descriptors(2):  # for the mounts, and too few for inotify
        lookout.start((library,), "auto")
    for view in walk(library.root, Ignore()):
        gauge.meet(view)
    lookout.walked(library, gauge)
    with free_descriptors(1):
        lookout.mend()  # takes what was measured
    blind = shown(lookout)
    lookout.start((library,), "auto")

    assert [("poll", 0, 3), ("inotify", 3, 3)] == [blind, shown(lookout)]
    assert {"poll"} == {mode for mode, *_ in told}


def test_w02_a_watch_too_many_does_not_hide_one_too_few(
    lookout: Lookout, library: LibraryPolicy
) -> None:
    """w02: watches of a folder that was moved out are not taken for those of one that is not."""
    gone, covered = library.root / "gone", library.root / "covered"
    gone.mkdir()
    covered.mkdir()
    lookout.start((library,), "auto")
    gone.rename(library.root.parent / "elsewhere")
    gauge = lookout.gauge(library)
    assert gauge
    with ext4(library.root.parent, covered):
        (covered / "lost+found").rmdir()
        before = watches()
        for view in walk(library.root, Ignore()):
            gauge.meet(view)

        assert before == watches()
        assert (4, 1) == (gauge.folders, gauge.unwatched)
        assert PurePosixPath("covered") == gauge.example


def test_w01_what_could_not_be_watched_is_tried_ever_more_seldom() -> None:
    """w01: at once, after a minute, and then twice as late each time, up to an hour."""
    retries, now_s, tried = Backoff(), 0.0, []
    while now_s < 20_000:
        if retries.due(now_s=now_s):
            tried.append(now_s)
        now_s += 1.0
    waits = [later - earlier for earlier, later in itertools.pairwise(tried)]

    assert 0.0 == tried[0]
    assert [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0] == waits[:7]
    assert {LONGEST_RETRY_S} == set(waits[6:])
    retries.reset()
    assert retries.due(now_s=now_s)
    assert not retries.due(now_s=now_s + FIRST_RETRY_S - 1)


def test_w08_folders_that_are_away_are_not_counted(
    lookout: Lookout, library: LibraryPolicy, tmp_path: Path
) -> None:
    """w08, w02: neither as folders nor as watched, whatever the last walk has measured of them."""
    other = LibraryPolicy("attic", tmp_path / "attic", library.artwork)
    other.root.mkdir()
    libraries = (library, other)
    lookout.start(libraries, "auto")
    unmeasured = [counted(lookout, away) for away in ((), ("music", "attic"))]
    for each in libraries:
        measure(lookout, each)

    assert [(True, True, ()), (False, False, ("music", "attic"))] == [
        (bool(view[0]), bool(view[1]), view[2]) for view in unmeasured
    ]
    assert (4, 4, ()) == counted(lookout, ())
    assert (1, 1, ("music",)) == counted(lookout, ("music",))
    assert (0, 0, ("music", "attic")) == counted(lookout, ("attic", "music"))
    assert (4, 4, ()) == counted(lookout, ("of another configuration",))
    assert not lookout.blind


def test_w08_whoever_asks_waits_for_no_disk(lookout: Lookout, library: LibraryPolicy) -> None:
    """w08, B5: a disk that hangs would have status hang: no file is looked at for the coverage."""
    lookout.start((library,), "auto")
    measure(lookout, library)

    assert ["stat"] == system_calls(library.root.stat)
    assert [] == system_calls(lambda: (lookout.view(("music",)), lookout.view()))


def test_a_polled_library_needs_no_watches(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W4: nothing is tried, nothing is missing; that audits alone see changes is said."""
    lookout.start((library,), "poll")

    assert lookout.mend()
    assert lookout.gauge(library) is None
    assert ([], (), "poll") == (losses.reasons, lookout.problems(), lookout.view().mode)
    assert ("music is polled, as [watch] mode says",) == lookout.view().polled
    assert lookout.blind
    assert not watches()


def test_w08_a_root_that_came_back_is_watched_anew(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W3, w08: a root made anew is watched, even one with the inode that the old one had."""
    lookout.start((library,), "auto")
    shutil.rmtree(library.root)
    (library.root / "New").mkdir(parents=True)
    first = lookout._watcher

    def is_watched_anew() -> bool:
        assert lookout.mend()
        return lookout._watcher is not first

    until(is_watched_anew)  # its events may come later

    assert losses.reasons
    measure(lookout, library)
    assert (2, 2) == seen(lookout)


@pytest.mark.filterwarnings(DYING)
def test_w08_a_root_that_was_removed_is_said_to_be(
    lookout: Lookout, library: LibraryPolicy, losses: Losses, tmp_path: Path
) -> None:
    """w08: a thread mostly ends with it, which is not what a person is to be told."""
    lookout.start((library,), "auto")
    assert lookout.mend()
    end_threads("Emitter", library.root, tmp_path / "state" / "canary")
    shutil.rmtree(library.root)

    assert lookout.mend()
    assert losses.reasons in (["a root is another folder than before"], [MOUNTED])


def test_w08_a_link_that_leads_elsewhere_now(
    lookout: Lookout, library: LibraryPolicy, losses: Losses, tmp_path: Path
) -> None:
    """W3, w08: the root is a link, and it was switched to another disk."""
    real = library.root.rename(tmp_path / "one")
    (tmp_path / "two" / "Other").mkdir(parents=True)
    library.root.symlink_to(real)
    lookout.start((library,), "auto")
    library.root.unlink()
    library.root.symlink_to(tmp_path / "two")

    assert lookout.mend()
    assert losses.reasons in (["a root is another folder than before"], [MOUNTED])
    measure(lookout, library)
    assert (2, 2) == seen(lookout)


def test_w08_a_disk_that_went_and_came_back_at_once(
    lookout: Lookout, library: LibraryPolicy, losses: Losses, tmp_path: Path
) -> None:
    """W3, w08: its root is the same folder as before, but the kernel has dropped all watches."""
    with ext4(tmp_path) as disk:
        there = LibraryPolicy("music", disk.place, library.artwork)
        (there.root / "Album").mkdir()
        lookout.start((there,), "auto")
        disk.unmount()
        disk.mount()

        assert lookout.mend()
        measure(lookout, there)
        assert [MOUNTED] == losses.reasons
        assert (2, 2) == seen(lookout)
        assert lookout.mend()
        assert 1 == len(losses.reasons)
        lookout.stop()


def test_w08_a_disk_mounted_inside_is_noticed(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """W3: inotify(7) tells nothing of a mount on a watched folder; what lies there is news."""
    lookout.start((library,), "auto")
    with small_disk(library.root / "Artist" / "CD1") as disk:
        (disk / "Scans").mkdir()
        assert lookout.mend()
        measure(lookout, library)

        assert [MOUNTED] == losses.reasons
        assert (5, 5) == seen(lookout)
    assert lookout.mend()
    assert 2 == len(losses.reasons)


def test_mounts_elsewhere_are_no_news(
    lookout: Lookout, library: LibraryPolicy, losses: Losses, tmp_path: Path
) -> None:
    """W3: whatever is plugged in, only the mounts of libraries count."""
    lookout.start((library,), "auto")
    with small_disk(tmp_path / "stick"):
        assert lookout.mend()

    assert lookout.mend()
    assert [] == losses.reasons


def test_w03_losses_told_while_all_is_watched_anew_wait_for_a_heartbeat(
    lookout: Lookout, library: LibraryPolicy
) -> None:
    """w03, w04: one thread mends, however many losses are told; stopping waits for no queue."""
    lookout.start((library,), "auto")
    watches_before = lookout._watcher
    with lookout._lock:  # as whoever sets the watches has it
        for _ in range(20):
            lookout._overflowed("the kernel dropped events")
        waiting = [each for each in threading.enumerate() if each.name == "mending"]
    for each in waiting:
        each.join(PATIENCE_S)

    assert [False] == [each.is_alive() for each in waiting]
    assert watches_before is lookout._watcher


@pytest.mark.filterwarnings(DYING)
@pytest.mark.parametrize("role", ["Reader", "Emitter", "BaseObserver"])
def test_w04_a_dead_thread_is_noticed(
    lookout: Lookout, library: LibraryPolicy, losses: Losses, tmp_path: Path, role: str
) -> None:
    """w04, W3: reader, emitter and dispatcher, each ended by an exception of its own."""
    lookout.start((library,), "auto")
    assert lookout.mend()
    end_threads(role, library.root, tmp_path / "state" / "canary")

    assert lookout.mend()
    assert ["a thread of the watcher has ended"] == losses.reasons
    assert lookout.mend()
    measure(lookout, library)
    assert (3, 3) == seen(lookout)


@pytest.mark.filterwarnings(DYING)
def test_w04_a_watcher_that_cannot_be_mended_is_said_so(
    lookout: Lookout, library: LibraryPolicy, losses: Losses
) -> None:
    """w04: then systemd gets no ping; audits stand in, and it is not tried all the time."""
    lookout.start((library,), "auto")
    end_threads("Reader", library.root)
    with short_lived("Reader"):
        assert [False, False, False] == [lookout.mend() for _heartbeat in range(3)]
    assert ["a thread of the watcher has ended"] == losses.reasons
