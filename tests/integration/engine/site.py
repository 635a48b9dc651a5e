"""A library with a real engine in this thread: real files, real store, real workers, real flac."""

import os
import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path, PurePosixPath

from pacd.domain.hold import Hold
from pacd.domain.plan import Action
from pacd.domain.policy import (
    ArtworkPolicy,
    AuthenticityPolicy,
    DaemonPolicy,
    FlacPolicy,
    LibraryPolicy,
    MirrorPolicy,
    WorkerLimits,
)
from pacd.domain.scan import ScanReport
from pacd.engine.engine import Engine
from pacd.engine.events import Events
from pacd.engine.setup import Setup
from pacd.protocol.documents import Event, EventKind
from pacd.store.database import Store
from pacd.store.tracks import KnownFile
from pacd.tools.toolbox import Toolbox, find_tools
from tests.audio import write_flac
from tests.integration.engine import calls

SETTLE_S = 0.05
PATIENCE_S = 60.0


@cache
def tools() -> Toolbox:
    return find_tools()


@dataclass
class Ran:
    """What one run of the engine came to."""

    counts: Counter[str]
    report: ScanReport | None
    events: tuple[Event, ...]
    problems: tuple[str, ...]

    @property
    def actions(self) -> Counter[str]:
        """How often each action was begun."""
        begun = (each for each in self.events if each.kind is EventKind.ITEM_STARTED)
        return Counter(each.action for each in begun)

    def begun(self, action: Action) -> list[str]:
        """The paths an action was begun for, in that order."""
        return [
            each.path
            for each in self.events
            if each.kind is EventKind.ITEM_STARTED and each.action == action
        ]


@dataclass
class Site:
    """
    A library at base/library, with a mirror and covers where asked for.

    Attributes:
        policy: As the engine gets it; a test may replace it between runs.
        tools: The programs; a test may put others in their place.
        limits: One worker, as most tests ask what is done and not how much at once; each starts
            a process of its own in every run.
        faulty: Whether a fault of PAC's own is expected; else it fails the test.
        set_up: What each worker begins with.
    """

    base: Path
    policy: DaemonPolicy
    tools: Toolbox = field(default_factory=tools)
    limits: WorkerLimits = field(default_factory=lambda: WorkerLimits(1, 1, 1, 1))
    patience: timedelta = timedelta.max
    faulty: bool = False
    set_up: Callable[[], None] = calls.nothing

    @classmethod
    def make(cls, base: Path, *, mirror: bool = False, artwork: bool = False) -> "Site":
        library = base / "library"
        library.mkdir()
        mirrors = (MirrorPolicy("phone", base / "phone", bitrate_kbps=32),) if mirror else ()
        wishes = LibraryPolicy(
            "music",
            library,
            ArtworkPolicy(enabled=artwork, root=base / "art"),
            FlacPolicy(target_compression=1),
            mirrors,
            AuthenticityPolicy(enabled=False),
        )
        return cls(base, DaemonPolicy((wishes,), settle_s=SETTLE_S, min_free_bytes=0))

    @property
    def library(self) -> Path:
        return self.base / "library"

    @property
    def database(self) -> Path:
        return self.base / "state" / "pacd.db"

    def album(self, folder: str, tracks: int = 2, *, seed: int = 0) -> Path:
        """Make an album of short masters, each with audio of its own."""
        place = self.library / folder
        place.mkdir(parents=True, exist_ok=True)
        for number in range(1, tracks + 1):
            master(place / f"{number:02}.flac", seed + number)
        return place

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """An engine that has not begun; its store is this thread's."""
        store = Store.open(self.database, now=datetime.now(UTC))
        try:
            setup = Setup(
                self.database,
                self.policy,
                self.limits,
                self.tools,
                self.set_up,
                self.patience,
            )
            yield Engine(setup, store, Events(now=datetime.now(UTC)))
        finally:
            store.close()

    def run(
        self,
        prepare: Callable[[Engine], None] | None = None,
        until: Callable[[Engine], bool] = lambda engine: engine.idle,
        *,
        audit: bool = True,
    ) -> Ran:
        """Audit everything, or do what else is to be done, until it rests."""
        with self.engine() as engine, _no_longer_than(engine, PATIENCE_S) as expired:
            if prepare:
                prepare(engine)
            if audit:
                engine.auditor.audit_all()
            engine.run(until)
            assert not expired.is_set()
            assert self.faulty or () == engine.pipeline.aside.problems
            row = next(each for each in engine.store.libraries.all() if each.name == "music")
            return Ran(
                Counter({name: n for (_, _, name), n in engine.recorder.counts.items()}),
                row.report,
                engine.events.since(0),
                tuple(problem.what for problem in engine.auditor.problems),
            )

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store, to be read or prepared while no engine runs."""
        store = Store.open(self.database, now=datetime.now(UTC))
        try:
            yield store
        finally:
            store.close()

    @property
    def library_id(self) -> int:
        with self.store() as store:
            return next(each.id for each in store.libraries.all() if each.name == "music")

    def holds(self) -> list[Hold]:
        with self.store() as store:
            return [hold for _, hold in store.holds.all_open()]

    def known(self, path: str) -> KnownFile | None:
        library_id = self.library_id
        with self.store() as store:
            return store.tracks.known(library_id, PurePosixPath(path))

    def wish(self, **changes: object) -> None:
        """Change what the owner wants of the library."""
        library = replace(self.policy.libraries[0], **changes)  # type: ignore[arg-type]  # by name
        self.policy = replace(self.policy, libraries=(library,))

    def use(self, script: str) -> None:
        """Put a program in flac's place: a shell script that may call the real one as "$FLAC"."""
        program = self.base / "flac"
        real = tools().flac.executable
        program.write_text(f'#!/bin/sh\nFLAC="{real}"\n{script}\n', "utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.tools = replace(tools(), flac=replace(tools().flac, executable=program))


def master(path: Path, seed: int = 0, *, seconds: float = 0.2, level: int = 0) -> Path:
    """A short master that its target compression level makes smaller."""
    return write_flac(path, seconds=seconds, level=level, seed=seed)


def contents(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """All files below a folder with inode, mtime and bytes: whoever writes one changes it."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            status = path.stat()
            shown = os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace")
            found[shown] = (status.st_ino, status.st_mtime_ns, path.read_bytes())
    return found


@contextmanager
def _no_longer_than(engine: Engine, seconds: float) -> Iterator[threading.Event]:
    """Stop an engine that does not come to rest, and say so."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        engine.stop()
        engine.stop()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()
