"""
Reads whatever stands in the mirrors, so that nothing is encoded that need only be renamed (M4).

The mirrors' truth is in their files: before the first encode into a mirror all of them are read,
and later those that an audit finds where no master belongs.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from pacd.domain.output import Output, OutputState
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.mirrors.extras import unknown
from pacd.engine.mirrors.sidecars import stray_sidecars
from pacd.engine.recording import Recorder
from pacd.engine.roots import in_place, outputs_kept
from pacd.engine.visit import Unseen, Urgency
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.store.database import Store
from pacd.store.outputs import OutputRow

READ: Final = "mirrors_read"
"""Key in the store's memory: the mirrors that were read whole, as "library id/name", and where."""

BATCH: Final = 200
"""Files that one worker reads at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """
    Files of a mirror for a worker to read; goes first of all work.

    Attributes:
        stray: Whether no master belongs where they stand.
    """

    library_id: int
    policy: LibraryPolicy
    files: tuple[Unseen, ...]
    stray: bool
    urgency: Urgency = Urgency.LIVE
    turn: int = 0

    def unseen(self) -> Iterator[Unseen]:
        """The files."""
        return iter(self.files)


class Census:
    """
    All methods belong to the engine's thread.

    Attributes:
        finished: Called with a library's name when its mirrors have been read whole.
        wanted: Called with a library's name when somebody waits for that.
        strayed: Called with a folder of a library whose outputs stand for none of it any more:
            another came, or went, beside it, and it is named otherwise now (M10).
    """

    def __init__(
        self,
        store: Store,
        recorder: Recorder,
        *,
        push: Callable[[Reading], None],
    ) -> None:
        """
        Args:
            push: Has a reading given to a worker.
        """
        self._store = store
        self._recorder = recorder
        self._push = push
        self.finished: Callable[[str], None] = lambda _library: None
        self.wanted: Callable[[str], None] = lambda _library: None
        self.strayed: Callable[[Place], None] = lambda _place: None
        self._read: dict[str, str] = store.memory.get(READ, {})
        self._gathered: dict[tuple[int, str, bool], deque[Unseen]] = {}
        self._policies: dict[int, LibraryPolicy] = {}
        self._outstanding: Counter[int] = Counter()
        self._walked: dict[int, LibraryPolicy] = {}

    @property
    def busy(self) -> bool:
        """Whether files wait to be read."""
        return any(self._outstanding.values()) or any(self._gathered.values())

    def is_complete(self, library_id: int, mirror: MirrorPolicy) -> bool:
        """Whether all that stands in a mirror is on record."""
        return self._read.get(_key(library_id, mirror)) == str(mirror.root)

    def take(
        self,
        library_id: int,
        policy: LibraryPolicy,
        mirror: MirrorPolicy,
        view: FolderView,
        *,
        stray: bool,
        now: datetime,
    ) -> None:
        """Have what is new in a folder of a mirror read; where it is stray, all are orphans."""
        outputs = self._store.outputs
        rows = outputs.in_folder(library_id, mirror.name, view.path)
        there = {view.path / entry.name for entry in view.entries}
        if stray and not view.warnings:
            orphans = [path for path in there & rows.keys() if _is_wanted(rows[path])]
            with self._store.transaction():
                outputs.forget(library_id, mirror.name, rows.keys() - there)
                outputs.orphaned(library_id, mirror.name, orphans, now=now)
            for folder in {rows[path].output.source_rel.parent for path in orphans}:
                if not folder.is_absolute() and ".." not in folder.parts:  # tags are anybody's
                    self.strayed(Place(policy.name, folder))
            for folder in stray_sidecars(self._store, library_id, mirror, view, now=now):
                self.strayed(Place(policy.name, folder))
        waiting = self._gathered.setdefault((library_id, mirror.name, stray), deque())
        self._policies[library_id] = policy
        waiting.extend(
            Unseen(None, mirror.name, mirror.root, output) for output in unknown(view, rows)
        )
        while len(waiting) >= BATCH:
            self._send(library_id, waiting, stray=stray)

    def flush(self) -> None:
        """Have all read that waits for its batch to fill; called at the end of each walk."""
        for (library_id, _, stray), waiting in self._gathered.items():
            while waiting:
                self._send(library_id, waiting, stray=stray)

    def walked(self, library_id: int, policy: LibraryPolicy) -> None:
        """Note that a walk has shown all that stands in a library's mirrors."""
        self._walked[library_id] = policy
        self.flush()
        self._complete(library_id)

    def learn(self, reading: Reading, outputs: Sequence[Output], *, now: datetime) -> None:
        """Keep what a worker read; what a lost worker did not is read in smaller parts."""
        library_id, files = reading.library_id, reading.files
        self._outstanding[library_id] -= 1
        if outputs:
            self._keep(reading, outputs, now)
        elif len(files) > 1:
            for part in (files[: len(files) // 2], files[len(files) // 2 :]):
                self._give(Reading(library_id, reading.policy, part, reading.stray))
        else:  # whoever reads it dies of it: PAC has not made such
            lost = (Output(file.output.path, OutputState.FOREIGN) for file in files)
            self._keep(reading, tuple(lost), now)
        self._complete(library_id)

    def _keep(self, reading: Reading, outputs: Sequence[Output], now: datetime) -> None:
        mirrors = (file.mirror for file in reading.files)
        learnt = tuple(zip(mirrors, outputs, strict=False))
        with self._store.transaction():
            self._recorder.outputs(reading.library_id, learnt)
            if reading.stray:
                for mirror, output in learnt:
                    self._store.outputs.orphaned(reading.library_id, mirror, [output.path], now=now)

    def _send(self, library_id: int, waiting: deque[Unseen], *, stray: bool) -> None:
        batch = tuple(islice(waiting, BATCH))
        for _file in batch:
            waiting.popleft()
        self._give(Reading(library_id, self._policies[library_id], batch, stray))

    def _give(self, reading: Reading) -> None:
        self._outstanding[reading.library_id] += 1
        self._push(reading)

    def _complete(self, library_id: int) -> None:
        """Remember that those mirrors that are there are on record once nothing of them waits."""
        if library_id not in self._walked or self._outstanding[library_id]:
            return
        policy = self._walked.pop(library_id)
        read = {
            _key(library_id, mirror): str(mirror.root)
            for mirror in policy.mirrors
            if in_place(mirror.root, outputs_kept(self._store, library_id, mirror))
        }
        if self._read != self._read | read:
            self._read |= read
            with self._store.transaction():
                self._store.memory.set(READ, self._read)
        self.finished(policy.name)


def _is_wanted(row: OutputRow) -> bool:
    """Whether an output is on record as one that a master wants; what is not PAC's never is."""
    return row.output.state is OutputState.OURS and row.orphaned_at is None


def _key(library_id: int, mirror: MirrorPolicy) -> str:
    return f"{library_id}/{mirror.name}"
