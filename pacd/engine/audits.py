"""Full walks of libraries, each in a thread of its own; what they find goes to the engine."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from pacd.domain.change import FolderId
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.domain.scan import ScanReport
from pacd.engine.inbox import Inbox
from pacd.engine.looking import FarFolders, Looked, strays, walk_around
from pacd.engine.survey import Tally
from pacd.engine.sweeping import own_folders, sweep, sweep_tree
from pacd.errors import PacError
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.intake.gauge import Gauge
from pacd.intake.ignore import Ignore
from pacd.protocol.documents import Problem, ProblemKind
from pacd.store.database import Store

_log = structlog.get_logger()

OUTSTANDING: Final = 64
"""Folders that a walk may be ahead of the engine."""

MAX_WARNINGS: Final = 100


@dataclass(slots=True)
class Audit:
    """
    One walk of a library or of a part of it, and how far it has come.

    The counters are written by one thread each and read by any.

    Attributes:
        below: Where it starts, relative to the root.
        forced: Whether folders at rest are looked at all the same.
        discovered: Files seen so far; `unchanged` those of folders at rest.
        tally: What became of the files of the other folders.
        places: Folders that it found and that have not come to rest since.
        unseen: Folders on record there that it has not met, with their fingerprints.
        after_crash: Whether a daemon before this one may have left scratch files among the covers.
        census: Whether all that stands in the mirrors is to be told, not only what is stray.
        gauge: Told of each folder, where it is to be known which of them are watched.
        root: Which folder it began at, and `known` how many files were on record then.
        doubt: Why it may not have been the library that it saw.
        walked: Whether the walk itself is over.
    """

    policy: LibraryPolicy
    library_id: int
    below: PurePosixPath = field(default_factory=PurePosixPath)
    forced: bool = False
    discovered: int = 0
    unchanged: int = 0
    folders: int = 0
    drift: int = 0
    tally: Tally = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    failed: int = 0
    places: set[Place] = field(default_factory=set)
    unseen: dict[str, bytes | None] = field(default_factory=dict)
    after_crash: bool = False
    census: bool = False
    gauge: Gauge | None = None
    root: FolderId | None = None
    known: int = 0
    doubt: Problem | None = None
    walked: bool = False
    error: str = ""
    started_s: float = field(default_factory=time.monotonic)

    @property
    def whole(self) -> bool:
        """Whether it covers its library."""
        return self.below == PurePosixPath()

    @property
    def thorough(self) -> bool:
        """Whether covers and orphans, wherever they are, are looked at too: not for each event."""
        return self.whole or self.forced

    @property
    def at_rest(self) -> bool:
        """Whether all that it found has come to rest."""
        return self.walked and not self.places

    @property
    def unread(self) -> tuple[Problem, ...]:
        """A problem where it, or parts of it, could not be looked at (L3, w09)."""
        if self.doubt:
            return (self.doubt,)
        if not self.warnings:
            return ()
        more = f" (and {self.failed - 1} more)" if self.failed > 1 else ""
        return (
            Problem(
                kind=ProblemKind.UNREADABLE,
                what=f"Library {self.policy.name}: {self.warnings[0]}{more}; "
                "what is there is neither maintained nor forgotten.",
                fix="Give pacd's user the right to read it (chmod, chown or setfacl), "
                "then `pacctl scan`.",
            ),
        )

    def report(self) -> ScanReport:
        """What it found (L3)."""
        counted = self.unchanged + self.tally.total() - self.tally["removed"]
        lost = f"{self.discovered} files were seen, but {counted} of them are accounted for"
        return ScanReport(
            files_discovered=self.discovered + self.failed,
            files_added=self.tally["added"],
            files_updated=self.tally["updated"],
            files_moved=self.tally["moved"] + self.tally["rejoined"],
            files_removed=max(0, self.tally["removed"] - self.tally["rejoined"]),
            files_skipped=self.unchanged + self.tally["skipped"],
            files_failed=self.failed,
            drift=self.drift,
            scan_duration_s=round(time.monotonic() - self.started_s, 3),
            warnings=(
                *self.warnings,
                *([f"{lost}: please report this"] if counted != self.discovered else []),
            ),
        )

    def log(self, report: ScanReport) -> None:
        """Write the one line of the log for a walk that is over (O1)."""
        _log.info(
            "scan",
            action="scan",
            status="error" if self.error else "ok",
            library=self.policy.name,
            path=str(self.below),
            reason=self.error or None,
            **asdict(report),
        )

    def warn(self, view: FolderView) -> None:
        """Keep what could not be looked at."""
        self.failed += len(view.warnings)
        room = MAX_WARNINGS - len(self.warnings)
        self.warnings.extend(view.warnings[: max(0, room)])


class Walker:
    """Runs one audit's walk in a thread."""

    def __init__(
        self,
        audit: Audit,
        *,
        database: Path,
        ignore: Ignore,
        inbox: Inbox,
        live_pids: Callable[[], frozenset[int]],
        found: Callable[[Audit, FolderView], None],
        mirrored: Callable[[Audit, MirrorPolicy, FolderView, bool], None],
        ended: Callable[[Audit], None],
    ) -> None:
        """
        Args:
            live_pids: Workers that live now: scratch files of others are left-overs.
            found: Called in the engine's thread for each folder that is not at rest.
            mirrored: Called there for each folder of a mirror that is to be told of, and whether
                it stands for none of the library's.
            ended: Called there once, after the last.
        """
        self._audit = audit
        self._database = database
        self._ignore = ignore
        self._inbox = inbox
        self._live_pids = live_pids
        self._found = found
        self._mirrored = mirrored
        self._ended = ended
        self._ahead = threading.Semaphore(OUTSTANDING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the walk; `ended` is called all the same."""
        self._stop.set()
        self._ahead.release()
        self._thread.join()

    def _run(self) -> None:
        try:
            if self._audit.after_crash:
                self._sweep_beside()
            store = Store.read_only(self._database)
            try:
                for view in self._restless_folders(store):
                    self._wait_for_room()
                    self._inbox.post(partial(self._take, view))
            finally:
                store.close()
        except (OSError, PacError) as error:
            self._audit.error = f"the walk broke off: {error}"
        except Exception as error:  # noqa: BLE001  # a walk that never ends would be the last
            _log.exception("fault", action="scan", status="error", library=self._audit.policy.name)
            self._audit.error = f"the walk broke off by a fault of PAC's: {error!r}"
        self._inbox.post(partial(self._ended, self._audit))

    def _sweep_beside(self) -> None:
        """Remove what a crash has left in the folders that no walk visits."""
        policy = self._audit.policy
        art = (policy.artwork.root,) if policy.artwork.enabled else ()
        for root in (*art, *own_folders(policy)):
            sweep_tree(root, self._is_gone)

    def _wait_for_room(self) -> None:
        self._ahead.acquire()
        if self._stop.is_set():
            self._ahead.release()  # what is told from here on waits for nobody: none takes it

    def _take(self, view: FolderView) -> None:
        self._ahead.release()
        self._found(self._audit, view)

    def _take_mirror(self, mirror: MirrorPolicy, view: FolderView, *, stray: bool) -> None:
        self._ahead.release()
        self._mirrored(self._audit, mirror, view, stray)

    def _in_mirrors(self, looked: Looked) -> Iterator[tuple[MirrorPolicy, FolderView, bool]]:
        policy = self._audit.policy
        for mirror in policy.mirrors if self._audit.census else ():
            view = looked.mirrors[mirror.name]
            if view and view.rows:
                yield mirror, view, False
        yield from self._swept(strays(policy, looked))

    def _swept(
        self, found: Iterable[tuple[MirrorPolicy, FolderView]]
    ) -> Iterator[tuple[MirrorPolicy, FolderView, bool]]:
        """Remove left-overs from folders that no folder of the library stands for."""
        for mirror, view in found:
            if view.scratch:
                sweep(mirror.root, view.path, view.scratch, self._is_gone)
            yield mirror, view, True

    def _tell(self, found: Iterable[tuple[MirrorPolicy, FolderView, bool]]) -> None:
        for mirror, view, stray in found:
            self._wait_for_room()
            self._inbox.post(partial(self._take_mirror, mirror, view, stray=stray))

    def _restless_folders(self, store: Store) -> Iterator[FolderView]:
        """Yield the folders that differ from what is remembered of them at rest."""
        audit = self._audit
        far = FarFolders()
        unseen = store.folders.all(audit.library_id, audit.policy.key, audit.below)
        audit.unseen = unseen
        for looked in walk_around(store, audit.library_id, audit.policy, self._ignore, audit.below):
            if self._stop.is_set():
                audit.error = "the walk was stopped"
                return
            view = looked.library
            self._tell(self._in_mirrors(looked))
            far.meet(looked)
            self._sweep(looked)
            audit.folders += view.readable
            if audit.gauge:
                audit.gauge.meet(view)
            audit.discovered += len(view.rows)
            audit.warn(view)
            folder = str(view.path)
            on_record = folder in unseen
            resting = unseen.pop(folder, None)
            if resting and not audit.forced and resting == looked.fingerprint and looked.complete:
                audit.unchanged += len(view.rows)
            elif view.rows or view.beside or view.warnings or on_record or looked.mirrored:
                yield view
        if audit.whole and not audit.warnings:  # what could not be read may be what they stand for
            self._tell(self._swept(far.strays(audit.policy)))

    def _sweep(self, looked: Looked) -> None:
        """Remove what the folder and its mirrors show of workers that are gone."""
        policy = self._audit.policy
        roots = {mirror.name: mirror.root for mirror in policy.mirrors}
        mirrored = [(roots[name], view) for name, view in looked.mirrors.items()]
        for root, view in ((policy.root, looked.library), *mirrored):
            if view and view.scratch:
                sweep(root, view.path, view.scratch, self._is_gone)

    def _is_gone(self, pid: int) -> bool:
        return pid not in self._live_pids()
