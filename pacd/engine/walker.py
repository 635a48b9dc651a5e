"""Walks libraries, each in a thread of its own; what a walk finds goes to the engine."""

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from pacd.domain.policy import MirrorPolicy
from pacd.engine.audits import Audit
from pacd.engine.inbox import Inbox
from pacd.engine.looking import FarFolders, Looked, strays, walk_around
from pacd.engine.resting import rest_keys
from pacd.engine.sweeping import own_folders, sweep, sweep_tree
from pacd.errors import PacError
from pacd.files.atomic import is_left_over
from pacd.intake.audit import FolderView, look
from pacd.intake.ignore import Ignore
from pacd.intake.overlooked import Search
from pacd.store.database import Store

_log = structlog.get_logger()

OUTSTANDING: Final = 64
"""Folders that a walk may be ahead of the engine."""


class Walker:
    """Runs one audit's walk in a thread."""

    def __init__(
        self,
        audit: Audit,
        *,
        database: Path,
        ignore: Ignore,
        inbox: Inbox,
        homes: Iterable[Path],
        found: Callable[[Audit, FolderView], None],
        mirrored: Callable[[Audit, MirrorPolicy, FolderView, bool], None],
        gone: Callable[[Audit, PurePosixPath], None],
        ended: Callable[[Audit], None],
    ) -> None:
        """
        Args:
            homes: The roots of all libraries.
            found: Called in the engine's thread for each folder that is not at rest.
            mirrored: Called there for each folder of a mirror that is to be told of, and whether
                it stands for none of the library's.
            gone: Called there for each folder on record that is not there any more.
            ended: Called there once, after the last.
        """
        self._audit = audit
        self._database = database
        self._ignore = ignore
        self._inbox = inbox
        self._search = Search(audit.policy.root, ignore, homes)
        self._found = found
        self._mirrored = mirrored
        self._gone = gone
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
                self._audit.swept = self._sweep_beside()
            store = Store.read_only(self._database)
            try:
                for view in self._restless_folders(store):
                    self._wait_for_room()
                    self._inbox.post(partial(self._take, view))
                for folder in self._vanished():
                    self._wait_for_room()
                    self._inbox.post(partial(self._take_gone, folder))
            finally:
                store.close()
        except (OSError, PacError) as error:
            self._break_off(f": {error}")
        except Exception as error:  # noqa: BLE001  # a walk that never ends would be the last
            _log.exception("fault", action="scan", status="error", library=self._audit.policy.name)
            self._break_off(f" by a fault of PAC's: {error!r}")
        self._inbox.post(partial(self._ended, self._audit))

    def _break_off(self, why: str) -> None:
        self._audit.broke_off = True
        self._audit.error = f"the walk broke off{why}"

    def _sweep_beside(self) -> bool:
        """Remove what a crash has left in the folders that no walk visits; False if not all."""
        policy = self._audit.policy
        art = (policy.artwork.root,) if policy.artwork.enabled else ()
        swept = [sweep_tree(root, is_left_over) for root in (*art, *own_folders(policy))]
        return all(swept)

    def _wait_for_room(self) -> None:
        self._ahead.acquire()
        if self._stop.is_set():
            self._ahead.release()  # what is told from here on waits for nobody: none takes it

    def _take(self, view: FolderView) -> None:
        self._ahead.release()
        self._found(self._audit, view)

    def _take_gone(self, folder: PurePosixPath) -> None:
        self._ahead.release()
        self._gone(self._audit, folder)

    def _vanished(self) -> Iterator[PurePosixPath]:
        """Yield the folders on record that the walk has not met and that hold nothing now."""
        for name in self._audit.unseen:
            folder = PurePosixPath(name)
            if self._audit.error or self._stop.is_set():
                return
            if look(self._audit.policy.root, folder, self._ignore) == FolderView(folder):
                yield folder

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
                sweep(mirror.root, view.path, view.scratch, is_left_over)
            yield mirror, view, True

    def _tell(self, found: Iterable[tuple[MirrorPolicy, FolderView, bool]]) -> None:
        for mirror, view, stray in found:
            self._wait_for_room()
            self._inbox.post(partial(self._take_mirror, mirror, view, stray=stray))

    def _restless_folders(self, store: Store) -> Iterator[FolderView]:
        """Yield the folders that differ from what is remembered of them at rest."""
        audit = self._audit
        far = FarFolders()
        keys = rest_keys(store, audit.library_id, audit.policy)
        unseen = store.folders.all(audit.library_id, keys, audit.below)
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
            audit.overlook(self._search.among(view))
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
                sweep(root, view.path, view.scratch, is_left_over)
