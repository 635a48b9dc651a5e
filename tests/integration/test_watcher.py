"""Watching real folders: every touched one is reported, and losses are noticed."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import pytest
from watchdog.events import FileSystemEvent, generate_sub_created_events
from watchdog.observers import inotify

from pacd.intake import watcher as watcher_module
from pacd.intake.audit import walk
from pacd.intake.canary import Canary
from pacd.intake.debounce import Place
from pacd.intake.emitter import Emitter
from pacd.intake.gauge import Gauge
from pacd.intake.ignore import Ignore
from pacd.intake.reader import MANY
from pacd.intake.watcher import Watcher
from tests.kernel import watches
from tests.machine import small_disk
from tests.serving import until

PATIENCE_S = 20.0
QUEUED = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text("ascii"))


class Notes:
    """What a watcher reports, from its threads."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._touched: dict[PurePosixPath, bool] = {}
        self.lost: list[str] = []

    def touched(self, place: Place, tree: bool) -> None:
        assert "music" == place.library
        with self._news:
            self._touched[place.folder] = tree or self._touched.get(place.folder, False)
            self._news.notify_all()

    def lose(self, reason: str) -> None:
        with self._news:
            self.lost.append(reason)
            self._news.notify_all()

    def forget(self) -> None:
        with self._news:
            self._touched.clear()

    def folders(self) -> set[str]:
        with self._news:
            return {str(folder) for folder in self._touched}

    def covers(self, *folders: str) -> bool:
        """Whether each of these folders is reported, itself or with all below a parent."""
        return all(self._covered(PurePosixPath(folder)) for folder in folders)

    def wait(self, condition: Callable[[], bool]) -> bool:
        """Wait for a condition, which news may bring about, and the kernel a little later."""
        deadline_s = time.monotonic() + PATIENCE_S
        with self._news:
            while not condition() and time.monotonic() < deadline_s:
                self._news.wait(0.02)
            return condition()

    def hears_of(self, *folders: str) -> bool:
        return self.wait(lambda: self.covers(*folders))

    def _covered(self, folder: PurePosixPath) -> bool:
        return folder in self._touched or any(
            self._touched.get(parent) for parent in folder.parents
        )


@pytest.fixture(autouse=True)
def _alone() -> None:
    """What an earlier test's watcher gives back late is not counted with this one's."""
    until(lambda: not watches())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A library of two albums; what lies beside it is on the same disk."""
    library = tmp_path / "library"
    for path in ("A/one/1.flac", "A/one/2.flac", "B/1.flac"):
        write(library / path)
    return library


@contextmanager
def watching(root: Path) -> Iterator[tuple[Watcher, Notes]]:
    notes = Notes()
    watcher = Watcher({"music": root}, touched=notes.touched, lost=notes.lose)
    watcher.start()
    try:
        yield watcher, notes
    finally:
        watcher.stop()


class Stuck:
    """One who is told of a change, and then does nothing until it is let go."""

    def __init__(self) -> None:
        self.met = threading.Event()
        self.free = threading.Event()

    def touched(self, _place: Place, _tree: bool) -> None:
        self.met.set()
        self.free.wait()


def stuck_watcher(root: Path, canary: Path, stuck: Stuck) -> Watcher:
    watcher = Watcher(
        {"music": root}, touched=stuck.touched, lost=lambda _reason: None, canary=canary
    )
    watcher.start()
    return watcher


@contextmanager
def sticking(root: Path, canary: Path) -> Iterator[tuple[Watcher, Stuck]]:
    """A watcher whose thread is stuck from the first change to the end of the block."""
    stuck = Stuck()
    watcher = stuck_watcher(root, canary, stuck)
    try:
        yield watcher, stuck
    finally:
        stuck.free.set()
        watcher.stop()


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def album(tmp_path: Path) -> Path:
    """An album of two discs, outside the library."""
    folder = tmp_path / "outside"
    for path in ("album/CD1/1.flac", "album/CD2/sub/1.flac", "album/cover.jpg"):
        write(folder / path)
    return folder / "album"


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def directories(root: Path) -> int:
    return 1 + sum(path.is_dir() for path in root.rglob("*"))


ALBUM = ("C/album", "C/album/CD1", "C/album/CD2", "C/album/CD2/sub")


def test_w07_a_copied_tree_is_reported_whole(root: Path, tmp_path: Path) -> None:
    """w07, w02: `cp -r`: every folder of it, and all of them are watched from then on."""
    (root / "C").mkdir()
    with watching(root) as (_watcher, notes):
        shutil.copytree(album(tmp_path), root / "C" / "album")

        assert notes.hears_of(*ALBUM)
        assert notes.wait(lambda: directories(root) == len(watches()))


def test_w07_a_tree_moved_in_is_reported_whole(root: Path, tmp_path: Path) -> None:
    """w07, w02, W3: `mv` in makes no event for what is inside; the tree is walked."""
    (root / "C").mkdir()
    with watching(root) as (_watcher, notes):
        album(tmp_path).rename(root / "C" / "album")

        assert notes.hears_of(*ALBUM)
        assert notes.wait(lambda: directories(root) == len(watches()))
        notes.forget()
        write(root / "C" / "album" / "CD2" / "sub" / "2.flac")
        assert notes.hears_of("C/album/CD2/sub")


def test_w07_a_tree_moved_out_is_reported_whole(root: Path, tmp_path: Path) -> None:
    """w07, W3: `mv` out tells of its top folder alone; all below it is gone as well."""
    album(tmp_path).rename(root / "album")
    with watching(root) as (_watcher, notes):
        (root / "album").rename(tmp_path / "elsewhere")

        assert notes.hears_of("album", "album/CD1", "album/CD2", "album/CD2/sub", ".")


def test_w07_a_deep_folder_made_at_once_is_reported(root: Path) -> None:
    """w07: `mkdir -p a/b/c && cp x a/b/c`, whoever is faster."""
    with watching(root) as (_watcher, notes):
        for number in range(20):
            write(root / f"new{number}" / "b" / "c" / "1.flac")

        assert notes.hears_of(*(f"new{number}/b/c" for number in range(20)))


def test_w07_a_tree_moved_out_and_back_elsewhere_is_watched_where_it_is(
    root: Path, tmp_path: Path
) -> None:
    """w07, W3: the kernel's watches went with it; what it tells next is of the new place."""
    album(tmp_path).rename(root / "album")
    with watching(root) as (_watcher, notes):
        (root / "album").rename(tmp_path / "elsewhere")
        assert notes.hears_of("album")
        (tmp_path / "elsewhere").rename(root / "B" / "back")
        assert notes.hears_of("B/back/CD2/sub")
        notes.forget()
        write(root / "B" / "back" / "CD2" / "sub" / "2.flac")
        assert notes.hears_of("B/back/CD2/sub")


def test_w07_renames_inside_are_reported_at_both_ends(root: Path) -> None:
    """w07: files and folders: where they were and where they are."""
    with watching(root) as (_watcher, notes):
        (root / "A" / "one" / "1.flac").rename(root / "B" / "moved.flac")
        assert notes.hears_of("A/one", "B")
        notes.forget()
        (root / "A").rename(root / "Z")
        assert notes.hears_of("A", "A/one", "Z", "Z/one", ".")
        notes.forget()
        write(root / "Z" / "one" / "3.flac")
        assert notes.hears_of("Z/one")


def test_w07_a_rename_that_changes_case_alone_is_reported(root: Path) -> None:
    """w07: the final state is looked at, whatever the events say."""
    with watching(root) as (_watcher, notes):
        (root / "B" / "1.flac").rename(root / "B" / "1.FLAC")

        assert notes.hears_of("B")


def test_w07_deleted_files_and_trees_are_reported(root: Path) -> None:
    """w07: `rm` and `rm -r`."""
    with watching(root) as (_watcher, notes):
        (root / "B" / "1.flac").unlink()
        assert notes.hears_of("B")
        notes.forget()
        shutil.rmtree(root / "A")
        assert notes.hears_of("A", "A/one", ".")


def test_w07_replaced_and_linked_files_are_reported(root: Path, tmp_path: Path) -> None:
    """w07: an atomic replace, and a second name for a file."""
    with watching(root) as (_watcher, notes):
        write(root / "B" / ".1.flac.tmp")
        (root / "B" / ".1.flac.tmp").replace(root / "B" / "1.flac")
        assert notes.hears_of("B")
        write(tmp_path / "other.flac")
        (root / "A" / "one" / "3.flac").hardlink_to(tmp_path / "other.flac")
        assert notes.hears_of("A/one")


def test_w53_names_are_whatever_the_disk_holds(root: Path) -> None:
    """w53: newlines and bytes that are no UTF-8."""
    odd = os.fsdecode(b"\xff\nB")
    with watching(root) as (_watcher, notes):
        write(root / odd / "1.flac")

        assert notes.hears_of(odd)


def test_w06_reading_the_library_makes_no_event(root: Path) -> None:
    """w06: opening, reading, listing, and what changes no bytes."""
    with watching(root) as (_watcher, notes):
        for path in root.rglob("*"):
            if path.is_file():
                path.read_bytes()
        assert directories(root) == sum(1 for _ in walk(root, Ignore()))
        write(root / "B" / "end.flac")

        assert notes.hears_of("B")
        assert {"B"} == notes.folders()


def test_scratch_files_alone_make_no_work(root: Path) -> None:
    """W2: a temporary of PAC's own is nobody's news; what takes its name is."""
    with watching(root) as (_watcher, notes):
        write(root / "B" / ".pacd-17-0123abcd.flac")
        write(root / "A" / "end.flac")
        assert notes.hears_of("A")
        assert {"A"} == notes.folders()
        (root / "B" / ".pacd-17-0123abcd.flac").replace(root / "B" / "1.flac")
        assert notes.hears_of("B")


def test_every_folder_is_watched_from_the_start(root: Path) -> None:
    """w02: by the kernel's own account."""
    with watching(root) as (watcher, _notes):
        assert directories(root) == len(watches())
        assert watcher.alive()
        assert {} == watcher.unwatched
        assert not watcher.displaced()
    assert not watches()
    assert not watcher.alive()


def test_w02_a_library_elsewhere_hides_no_folder_that_nobody_watches(
    root: Path, tmp_path: Path
) -> None:
    """w02, W3: all watches of a library are gone, and another one on another disk has more."""
    with small_disk(tmp_path / "disk") as disk:
        for number in range(directories(root)):
            write(disk / str(number) / "1.flac")
        with watching(disk) as (watcher, _notes):
            gauge = Gauge(root, watcher.watches)
            for view in walk(root, Ignore()):
                gauge.meet(view)
            gauge.look_again()

    assert directories(root) == gauge.folders == gauge.unwatched


def test_w02_asking_for_a_watch_changes_none(root: Path, tmp_path: Path) -> None:
    """w02: while a thread asks for folders as they come, each is followed and stays watched."""
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    new = [root / f"n{number:03}" / "CD1" for number in range(200)]
    ended = threading.Event()
    with watching(root) as (watcher, notes):

        def ask() -> None:
            while not ended.is_set():
                for folder in (*new, stranger):
                    watcher.watches(folder)

        asking = threading.Thread(target=ask)
        asking.start()
        for folder in new:
            write(folder / "1.flac")
        try:
            assert notes.wait(lambda: all(map(watcher.watches, new)))
            assert not watcher.watches(stranger)
            assert not watcher.watches(tmp_path / "missing")
        finally:
            ended.set()
            asking.join()

        assert directories(root) == len(watches()) == watcher.folders
        write(new[-1] / "2.flac")
        assert notes.hears_of("n199/CD1")
        assert watcher.alive()


def test_w02_where_no_watch_can_be_had_none_is_told(root: Path, tmp_path: Path) -> None:
    """w02: a reader that has ended knows nothing; everything is looked at again then."""
    with watching(root) as (watcher, _notes):
        assert watcher.watches(root)
        watcher.stop()

        assert watcher.watches(tmp_path)


def test_a_linked_root_is_watched_itself(root: Path, tmp_path: Path) -> None:
    """W1: the library may be reached by a link; its own folder is no exception."""
    link = tmp_path / "link"
    link.symlink_to(root)
    with watching(link) as (_watcher, notes):
        assert directories(root) == len(watches())
        write(root / "top.flac")
        assert notes.hears_of(".")
        write(root / "new" / "1.flac")
        assert notes.hears_of("new")


def test_a_root_that_is_missing_is_said(tmp_path: Path) -> None:
    """W3: with the system's reason, and the watcher is none the worse."""
    with watching(tmp_path / "missing") as (watcher, _notes):
        assert ["No such file or directory"] == [
            error.strerror for error in watcher.unwatched.values()
        ]
        assert watcher.alive()
        (tmp_path / "missing").mkdir()
        assert watcher.displaced()


def test_a_root_that_is_replaced_is_noticed(root: Path, tmp_path: Path) -> None:
    """w08: another folder of the same name is not the one that is watched."""
    with watching(root) as (watcher, _notes):
        root.rename(tmp_path / "old")
        root.mkdir()

        assert watcher.displaced()


def test_w04_a_thread_that_lives_and_does_nothing(root: Path, tmp_path: Path) -> None:
    """w04: the canary's event does not come back; found at the second look after it stuck."""
    with sticking(root, tmp_path / "canary") as (watcher, stuck):
        assert watcher.answers(PATIENCE_S)
        assert watcher.hears(now_s=0.0)
        write(root / "B" / "2.flac")
        assert stuck.met.wait(PATIENCE_S)
        period_s = watcher_module.PATIENCE_S + 1.0
        heard = [watcher.hears(now_s=period * period_s) for period in (1, 2)]

        assert watcher.alive()
        assert False is heard[-1]
        assert not watcher.answers(0.1)


def test_w04_a_storm_is_no_thread_that_does_nothing(root: Path, tmp_path: Path) -> None:
    """w04, w05: while the reader goes on the canary may wait its turn; not for ever."""
    period_s = watcher_module.PATIENCE_S + 1.0
    last = int(watcher_module.STORM_S // period_s) + 1
    heard = []
    with sticking(root, tmp_path / "canary") as (watcher, stuck):
        assert watcher.answers(PATIENCE_S)
        write(root / "B" / "first.flac")
        assert stuck.met.wait(PATIENCE_S)
        for period in range(last + 1):
            make_handled(watcher, root / "B")
            heard.append(watcher.hears(now_s=period * period_s))

        assert [True] * last + [False] == heard


def test_w04_a_watcher_that_takes_over_in_a_storm_is_heard(root: Path, tmp_path: Path) -> None:
    """w04: its first event may wait its turn, too; and later ones from when they were sent on."""
    calm = threading.Event()

    def storm() -> None:
        while not calm.is_set():
            make_handled(watcher, root / "B")

    with sticking(root, tmp_path / "canary") as (watcher, stuck):
        write(root / "B" / "first.flac")
        assert stuck.met.wait(PATIENCE_S)
        writing = threading.Thread(target=storm)
        writing.start()
        try:
            assert watcher.answers(2.0)
        finally:
            calm.set()
            writing.join()

        until(lambda: not watcher.answers(0.1))  # once the last of it is handled
        assert watcher.hears(now_s=time.monotonic())


def make_handled(watcher: Watcher, folder: Path) -> None:
    """Write many files in a folder, and wait until the reader has met them."""
    reader = watcher._reader
    assert reader
    before = reader._handled
    for number in range(MANY):
        write(folder / f"{number}.flac")
    until(lambda: reader._handled >= before + MANY)


def hears_on(watcher: Watcher, now_s: float, stuck: Path | None = None) -> bool:
    """Ask it once all threads have done what was given to them, but that of one root."""

    def is_through(emitter: Emitter) -> bool:
        return emitter._handed == emitter._begun_with or Path(emitter.watch.path) == stuck

    canary, observer = watcher._canary, watcher._observer
    assert canary
    assert observer
    until(canary.back)
    until(lambda: all(is_through(each) for each in observer.emitters if isinstance(each, Emitter)))
    return watcher.hears(now_s=now_s)


class Hanging:
    """A disk that does not answer while watchdog looks through a tree that was moved in."""

    def __init__(self) -> None:
        self.stuck = threading.Event()
        self.held = threading.Event()

    def look(self, folder: str) -> Iterator[FileSystemEvent]:
        self.stuck.set()
        self.held.wait(PATIENCE_S)
        return generate_sub_created_events(folder)


@pytest.mark.parametrize("mends", [True, False], ids=["goes on", "is given up"])
def test_w04_a_library_whose_thread_hangs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mends: bool
) -> None:
    """w04: while the canary comes back, and the threads live; who is given up keeps no watches."""
    (tmp_path / "other").mkdir()
    disk, notes = Hanging(), Notes()
    monkeypatch.setattr(inotify, "generate_sub_created_events", disk.look)
    watcher = Watcher(
        {"music": root, "quiet": tmp_path / "other"},
        touched=notes.touched,
        lost=notes.lose,
        canary=tmp_path / "canary",
    )
    watcher.start()
    period_s = watcher_module.PATIENCE_S + 1.0
    try:
        assert watcher.answers(PATIENCE_S)
        write(root / "B" / "2.flac")
        assert notes.hears_of("B")
        assert all(hears_on(watcher, period * period_s) for period in range(3))
        album(tmp_path).rename(root / "album")
        assert disk.stuck.wait(PATIENCE_S)
        write(root / "A" / "one" / "3.flac")
        assert watcher.answers(PATIENCE_S)
        heard = [hears_on(watcher, period * period_s, root) for period in (3, 4)]

        assert watcher.alive()
        assert [True, False] == heard
        if mends:
            disk.held.set()
            assert notes.hears_of("A/one")
            assert all(hears_on(watcher, period * period_s) for period in (5, 6))
        else:
            watcher.stop()
            assert not watches()
    finally:
        disk.held.set()
        watcher.stop()


def test_w04_a_canary_that_cannot_sing_proves_nothing(root: Path, tmp_path: Path) -> None:
    """w04: where its folder cannot be made, threads that live must do; on a full disk it sings."""
    with small_disk(tmp_path / "disk") as disk:
        canary = Canary(disk / "state" / "canary")
        assert canary.settle_in()
        canary.send()
        fill(disk)
        for folder in (canary.folder, tmp_path / "disk" / "full" / "canary"):
            watcher = Watcher(
                {"music": root}, touched=lambda *_: None, lost=lambda _: None, canary=folder
            )
            watcher.start()
            try:
                assert watcher.answers(PATIENCE_S)
                assert watcher.hears(now_s=0.0)
                assert watcher.hears(now_s=1.0)
            finally:
                watcher.stop()


def fill(disk: Path) -> None:
    with (disk / "full").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 65_536)


def test_stopping_leaves_nothing_behind(root: Path) -> None:
    """W3, w29: no thread, no descriptor, and no call afterwards."""
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    with watching(root) as (_watcher, notes):
        write(root / "B" / "2.flac")
        assert notes.hears_of("B")
    notes.forget()
    write(root / "B" / "3.flac")

    assert set() == set(threading.enumerate()) - threads  # an earlier test's may end meanwhile
    assert descriptors >= open_descriptors()
    assert set() == notes.folders()


def test_w29_what_nobody_took_goes_with_its_watcher(root: Path, tmp_path: Path) -> None:
    """w29: no collection is needed, for what lasts is out of its sight; 3 MiB an overflow once."""
    stuck = Stuck()
    watcher = stuck_watcher(root, tmp_path / "canary", stuck)
    make_handled(watcher, root / "B")
    assert stuck.met.wait(PATIENCE_S)
    assert watcher._observer
    parts = (watcher, watcher._reader, *watcher._observer.emitters, watcher._observer.event_queue)
    left = [weakref.ref(part) for part in parts]
    gc.collect()
    gc.disable()
    try:
        stuck.free.set()
        watcher.stop()
        del parts, watcher

        until(lambda: [None] * len(left) == [each() for each in left])
    finally:
        gc.enable()


def test_a_watcher_that_never_started_stops() -> None:
    """W3: stopping twice, or too early, is harmless."""
    notes = Notes()
    threads = set(threading.enumerate())
    watcher = Watcher({}, touched=notes.touched, lost=notes.lose)
    watcher.stop()
    watcher.start()
    assert set() == set(threading.enumerate()) - threads
    watcher.stop()
    watcher.stop()


def test_w15_warnings_as_errors_do_not_blind(root: Path) -> None:
    """w15: watchdog warns in an ordinary race of mkdir; `-W error` must not end its reader."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with watching(root) as (watcher, notes):
            for number in range(300):
                (root / f"n{number}" / "a" / "b" / "c").mkdir(parents=True)
            write(root / "n299" / "a" / "b" / "c" / "1.flac")

            assert notes.hears_of("n299/a/b/c")
            assert watcher.alive()
            assert notes.wait(lambda: directories(root) == len(watches()))


WATCH = """
import logging, structlog, sys, threading
from pathlib import Path
from pacd.domain.policy import ArtworkPolicy, LibraryPolicy
from pacd.engine.inbox import Inbox
from pacd.lookout import Lookout
from tests.kernel import watches

logging.getLogger().setLevel(logging.ERROR)  # as with log_level = "error"
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
lost, art = [], ArtworkPolicy(enabled=False, root=Path("/nowhere"))
lookout = Lookout(Inbox(), lambda reason: lost.append(len(watches())))
lookout.start(tuple(LibraryPolicy(name, Path(name), art) for name in sys.argv[1:]), "auto")
print("ready", flush=True)
for line in sys.stdin:
    lookout.mend()
    print(lookout.heard.overflows, *lost, flush=True)
lookout.stop()
for thread in threading.enumerate():
    if thread.name == "mending":  # it may be about to end just now
        thread.join()
print("threads", threading.active_count(), flush=True)
"""


@pytest.mark.parametrize("more", [0, QUEUED + 500], ids=["few", "more-than-the-queue-takes"])
def test_w03_all_is_watched_again_when_an_overflow_is_told(
    root: Path, tmp_path: Path, more: int
) -> None:
    """
    w03, w02: events are lost while the daemon stands still; it hears of it, however quiet.

    Told sooner, a walk would pass folders before they are watched, in each of the libraries.
    That all watches are taken back must not be the next loss.
    """
    write(tmp_path / "other" / "A" / "1.flac")
    for number in range(more):
        (tmp_path / "other" / f"{number}").mkdir()
    libraries = (root, tmp_path / "other")
    command = [sys.executable, "-c", WATCH, *map(str, libraries)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdin
        assert child.stdout
        assert "ready\n" == child.stdout.readline()
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
        flood(root)
        write(tmp_path / "other" / "unheard" / "1.flac")
        child.send_signal(signal.SIGCONT)
        said = [0]
        while len(said) == 1 and child.poll() is None:
            said = ask(child)
        whole = sum(map(directories, libraries))

        assert [1, whole] == said
        assert all([1, whole] == ask(child) for _heartbeat in range(20))
        child.stdin.close()
        assert "threads 1\n" == child.stdout.readline()


def ask(child: subprocess.Popen[str]) -> list[int]:
    """Let it look after its watches; how many overflows there were, and all watches after each."""
    assert child.stdin
    assert child.stdout
    child.stdin.write("?\n")
    child.stdin.flush()
    return list(map(int, child.stdout.readline().split()))


def flood(root: Path) -> None:
    """Make more events than the kernel keeps, and folders that no event tells of."""
    for number in range(QUEUED // 2 + 100):  # made and closed: two events each
        os.close(os.open(root / "B" / f"{number}.jpg", os.O_CREAT | os.O_WRONLY))
    write(root / "unheard" / "of" / "1.flac")
