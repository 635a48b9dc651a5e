"""Between what is ready and the pool: starts items while there is room, brings back outcomes."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.job import Job
from pacd.domain.outcome import Outcome
from pacd.domain.output import Output
from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.engine.backlog import Ready, Waiting
from pacd.engine.losses import failed_with
from pacd.engine.meter import LOOK
from pacd.engine.mirrors.census import Reading
from pacd.engine.pool import Answer, Call, Pool
from pacd.engine.recording import Recorder
from pacd.engine.setup import Setup
from pacd.engine.sweeping import scratch_root, sweep_after, target_root
from pacd.files.room import lack
from pacd.protocol.documents import Problem, ProblemKind
from pacd.steps import registry
from pacd.steps.look import look_at_outputs
from pacd.tools.memory import oom_kills
from pacd.tools.toolbox import Toolbox

LOOK_LIMIT_S: Final = 600.0
"""How long a worker may take to read the tags of one folder's outputs."""

SPACE_EVERY_S: Final = 5.0
"""How long an answer of the disk on its free space is believed."""

STATE_RESERVE_BYTES: Final = 64 << 20
"""
Of the disk of the database, where the reserve of the others is not less: the write-ahead log and
what outcomes add to the tables of a large library take a few MiB an hour (docs/reliability.md).
"""


@dataclass(frozen=True, slots=True)
class Running:
    """
    Work in a worker.

    Attributes:
        job_id: In the store; 0 for a look.
        oom_kills: How often the kernel had killed for want of memory when it began.
        since_s: When it began (monotonic).
    """

    work: Waiting
    job_id: int
    oom_kills: int
    since_s: float


class Dispatch:
    """All methods belong to the engine's thread."""

    def __init__(self, pool: Pool, recorder: Recorder, setup: Setup) -> None:
        self._pool = pool
        self._recorder = recorder
        self._tickets = count(1)
        self._state_dir = setup.database.parent
        self._keep_free(setup.policy.min_free_bytes)
        self._unstarted = ""
        self.ready = Ready()
        self.running: dict[int, Running] = {}

    def start(self) -> None:
        """Give workers what is ready while they have room."""
        starved = self._state.starved or set(map(_target, self.ready.parked)) <= set(self.starved)
        if self.ready.parked and not starved:
            self.ready.unpark()
        while work := self.ready.pop(self._pool.room, self._starves):
            ticket = next(self._tickets)
            self.running[ticket], call = self._prepare(ticket, work)
            self._pool.submit(call)

    def collect(self) -> Iterator[tuple[Waiting, int, Outcome | tuple[Output, ...]]]:
        """Yield what has been finished: the work, its job id, and the outcome or the outputs."""
        for answer in self._pool.collect():
            running = self.running.pop(answer.ticket)
            self._unstarted = "" if answer.started else answer.lost
            if answer.lost and answer.pid and running.work.item:
                sweep_after(running.work.item, running.work.visit.policy)
            if answer.lost:
                self._recorder.meter.lost(answer, oom_kills_before=running.oom_kills)
            name = running.work.item.action.value if running.work.item else LOOK
            took_s = time.monotonic() - running.since_s
            self._recorder.pace.note(name, took_s)
            self._recorder.meter.answered(name, took_s)
            yield running.work, running.job_id, _outcome(running, answer)

    def adopt(self, policy: DaemonPolicy) -> None:
        """Keep this reserve from now on, on the disks of these libraries alone."""
        self._keep_free(policy.min_free_bytes)
        for library in policy.libraries:
            self.watch_space(library)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps workers from being started."""
        if not self._unstarted:
            return ()
        return (
            Problem(
                kind=ProblemKind.NO_WORKER,
                what=f"No worker process can be started ({self._unstarted}), so nothing is done.",
                fix="Give the daemon room: TasksMax, MemoryMax and LimitNOFILE of its unit, or "
                "fewer [workers]; `journalctl -u pacd` tells more. PAC goes on by itself.",
            ),
        )

    @property
    def starved(self) -> Mapping[Path, str]:
        """Roots whose disks have less free than the reserve, and less of what, a clause."""
        return {**self._state.starved, **self._space.starved}

    def _keep_free(self, min_free_bytes: int) -> None:
        self._space = _Space(min_free_bytes)
        self._state = _Space(min(min_free_bytes, STATE_RESERVE_BYTES))
        self._state.look([self._state_dir])

    def watch_space(self, policy: LibraryPolicy) -> None:
        """Look at the disks that a library's items write to."""
        scratch = scratch_root(policy)
        roots = [policy.root, *(mirror.root for mirror in policy.mirrors)]
        roots += [scratch] if scratch else []
        self._space.look([*roots, policy.artwork.root] if policy.artwork.enabled else roots)

    def _starves(self, work: Waiting) -> bool:
        return bool(self._state.starved) or _target(work) in self._space.starved

    def _prepare(self, ticket: int, work: Waiting) -> tuple[Running, Call]:
        visit, item = work.visit, work.item
        if item is None or isinstance(visit, Reading):
            arguments = (tuple((root, output.path) for _, _, root, output in visit.unseen()),)
            call = Call(ticket, work.phase, read_outputs, arguments, LOOK_LIMIT_S)
            return Running(work, 0, oom_kills(), time.monotonic()), call
        now = datetime.now(UTC)
        job = Job(item, visit.known[item.path], visit.policy, now, visit.roots)
        job_id = self._recorder.started(visit.library_id, visit.policy.name, item, now=now)
        limit_s = registry.time_limit_s(job)
        call = Call(ticket, work.phase, registry.perform, (job,), limit_s, job_id)
        return Running(work, job_id, oom_kills(), time.monotonic()), call


def _target(work: Waiting) -> Path | None:
    """The root that an item writes below; None for one that needs no room."""
    return target_root(work.item, work.visit.policy) if work.item else None


class _Space:
    """Remembers which disks are nearly full, and asks them again after a while."""

    def __init__(self, min_free_bytes: int) -> None:
        self._min_free_bytes = min_free_bytes
        self._asked_s: dict[Path, float] = {}
        self._low: dict[Path, str] = {}

    @property
    def starved(self) -> Mapping[Path, str]:
        self.look(self._asked_s)
        return dict(sorted(self._low.items()))

    def look(self, roots: Iterable[Path]) -> None:
        now_s = time.monotonic()
        for root in tuple(roots):
            if now_s - self._asked_s.get(root, -SPACE_EVERY_S) < SPACE_EVERY_S:
                continue
            self._asked_s[root] = now_s
            self._low.pop(root, None)
            with suppress(OSError):  # a root that is not there is another problem
                if low := lack(root, self._min_free_bytes):
                    self._low[root] = low


def read_outputs(
    paths: tuple[tuple[Path, PurePosixPath], ...], _tools: Toolbox
) -> tuple[Output, ...]:
    """Worker's side of a look at outputs."""
    return look_at_outputs(paths)


def _outcome(running: Running, answer: Answer) -> Outcome | tuple[Output, ...]:
    item = running.work.item
    if item is None:
        return () if answer.lost else tuple(answer.value)
    if answer.lost:
        return failed_with(item, answer, running.oom_kills)
    outcome: Outcome = answer.value
    return outcome
