"""A bounded pool of worker processes; the only place that starts and ends them."""

import os
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from pacd.domain.policy import WorkerLimits
from pacd.engine.line import Line, lines
from pacd.engine.worker import MEMORY_BYTES, work
from pacd.tools.signals import signal_name

IDLE_S: Final = 60.0
"""A worker with nothing to do ends after this; an idle daemon has none (B4)."""

MAX_CALLS: Final = 500
"""A worker is replaced after so many calls, so that no tool library's leak adds up."""

_END_S: Final = 5.0
"""How long a worker may clean up after SIGTERM before it is killed."""


class Phase(StrEnum):
    """What a call mostly uses; each has its limit, so that none starves another (P5)."""

    ANALYSIS = "analysis"
    ENCODE = "encode"
    ART = "art"


@dataclass(frozen=True, slots=True)
class Call:
    """
    One function call for a worker.

    Attributes:
        ticket: Given back with the answer.
        function: Importable by name; gets `arguments`, then what the pool was built with.
        limit_s: The worker is ended when the call takes longer.
        job_id: Stands in all that is logged meanwhile; None for none.
    """

    ticket: int
    phase: Phase
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    limit_s: float
    job_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came of a call.

    Attributes:
        value: What the function returned; None when the worker was lost.
        lost: How the worker was lost, a clause; "" when it answered.
        signal: The signal that ended the worker, 0 for none.
        overdue: Whether it was ended because it took too long.
        pid: Of the worker that was lost; 0 when it answered, or never was.
        started: Whether the worker ever was ready to work; without, the call says nothing of it.
    """

    ticket: int
    value: Any
    lost: str = ""
    signal: int = 0
    overdue: bool = False
    started: bool = True
    pid: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    line: Line
    since_s: float
    call: Call | None = None
    calls: int = 0
    ready: bool = False
    overdue: bool = False
    kill_at_s: float | None = None


class Pool:
    """
    Runs calls in spawned processes, one at a time in each.

    Every worker has a line of its own: one that dies or hangs takes its own call
    with it and nothing else.  Workers start when there is work and end when there
    is none for a while.  All methods but pids() belong to one thread, which must live as long
    as the pool: workers die with it (PR_SET_PDEATHSIG).
    """

    def __init__(
        self,
        limits: WorkerLimits,
        *,
        setup: Callable[[], None],
        common: tuple[Any, ...] = (),
        idle_s: float = IDLE_S,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        """
        Args:
            setup: Called once in each new worker; importable by name.
            common: Further arguments for every call, sent once to each worker.
            memory_bytes: Data that a worker may hold, and each tool of its.
        """
        self._limits = limits
        self._setup = setup
        self._common = common
        self._idle_s = idle_s
        self._memory_bytes = memory_bytes
        self._context = get_context("spawn")
        # multiprocessing starts its own helper anew when that was killed (Python 3.11,
        # resource_tracker.ensure_running), and warns: on no account may that end the engine.
        warnings.filterwarnings("ignore", "resource_tracker: process died", UserWarning)
        self._workers: list[_Worker] = []
        self._refused: list[Answer] = []
        self._pids: frozenset[int] = frozenset()

    @property
    def total(self) -> int:
        """How many calls may run at once."""
        return self._limits.total

    def room(self, phase: Phase) -> bool:
        """Whether a call of this phase may be submitted now."""
        busy = [worker.call.phase for worker in self._workers if worker.call]
        limit: int = getattr(self._limits, phase.value)
        return len(busy) < self._limits.total and busy.count(phase) < limit

    def submit(self, call: Call) -> None:
        """
        Hand a call to an idle or a new worker; there must be room.

        Where the system has none for another process, collect() reports the call as lost.
        """
        now_s = time.monotonic()
        worker = next((each for each in self._workers if self._ready(each)), None)
        try:
            worker = worker or self._start()
        except OSError as error:
            lost = error.strerror or str(error)
            self._refused.append(Answer(call.ticket, None, lost, started=False))
            return
        worker.call = call
        worker.since_s = now_s
        worker.calls += 1
        # To one that died just now, too: collect() notices, and reports the call as lost.
        worker.line.tell((call.job_id, call.function, call.arguments))

    def adopt(self, common: tuple[Any, ...]) -> None:
        """Give calls these common arguments from now on; workers that have others retire."""
        if common != self._common:
            self._common = common
            for worker in self._workers:
                worker.calls = MAX_CALLS

    def running(self) -> Mapping[int, tuple[int, float]]:
        """Return the worker's pid and the start (monotonic) of each running call, by ticket."""
        return {
            worker.call.ticket: (worker.process.pid or 0, worker.since_s)
            for worker in self._workers
            if worker.call
        }

    def pids(self) -> frozenset[int]:
        """Process ids of all workers that live; any thread may ask."""
        return self._pids

    def handles(self) -> list[Any]:
        """What to wait on with multiprocessing.connection.wait until collect() has news."""
        busy = [worker for worker in self._workers if worker.call and not worker.line.over]
        sentinels: list[Any] = [worker.process.sentinel for worker in self._workers]
        return sentinels + [worker.line for worker in busy]

    def next_deadline_s(self) -> float | None:
        """When collect() has something to do even if nothing happens (monotonic)."""
        if self._refused:
            return time.monotonic()
        return min((self._deadline_s(worker) for worker in self._workers), default=None)

    def collect(self) -> tuple[Answer, ...]:
        """Return what has been answered or lost since the last time; end what is overdue."""
        now_s = time.monotonic()
        answers, self._refused = self._refused, []
        for worker in tuple(self._workers):
            answers.extend(self._receive(worker))
            if not worker.process.is_alive():
                answers.extend(self._receive(worker))
                answers.extend(self._bury(worker))
            elif now_s >= self._deadline_s(worker):
                self._end(worker, now_s)
        return tuple(answers)

    def stop(self) -> None:
        """End all workers now; running calls are lost, their files whole."""
        for worker in self._workers:
            worker.process.terminate()
        deadline_s = time.monotonic() + _END_S
        for worker in self._workers:
            worker.process.join(max(0.0, deadline_s - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.line.close()
        self._workers.clear()
        self._pids = frozenset()

    def _ready(self, worker: _Worker) -> bool:
        usable = worker.calls < MAX_CALLS and worker.kill_at_s is None
        return worker.call is None and usable and worker.process.is_alive()

    def _start(self) -> _Worker:
        ours, theirs = lines()
        arguments = (theirs, os.getpid(), self._setup, self._common, self._memory_bytes)
        process = self._context.Process(target=work, args=arguments, daemon=True)
        try:
            process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        worker = _Worker(process, ours, time.monotonic())
        self._workers.append(worker)
        self._pids |= {process.pid or 0}
        return worker

    def _deadline_s(self, worker: _Worker) -> float:
        if worker.kill_at_s is not None:
            return worker.kill_at_s
        if worker.call:
            return worker.since_s + worker.call.limit_s
        return worker.since_s + (self._idle_s if worker.calls < MAX_CALLS else 0.0)

    def _receive(self, worker: _Worker) -> list[Answer]:
        """Take what it says; it may die, or be stopped, in the middle of its answer."""
        while worker.call and (said := worker.line.hear()) is not None:
            if not said:
                worker.ready = True
                continue
            answer = Answer(worker.call.ticket, *said)
            worker.call = None
            worker.since_s = time.monotonic()
            return [answer]
        return []

    def _bury(self, worker: _Worker) -> list[Answer]:
        self._workers.remove(worker)
        pid = worker.process.pid or 0
        self._pids -= {pid}
        worker.line.close()
        worker.process.join()
        code = worker.process.exitcode or 0
        worker.process.close()
        if worker.call is None:
            return []
        number = -code if code < 0 else 0
        how = f"signal {signal_name(number)}" if number else f"exit code {code}"
        return [Answer(worker.call.ticket, None, how, number, worker.overdue, worker.ready, pid)]

    def _end(self, worker: _Worker, now_s: float) -> None:
        """Ask a worker to end; kill it at the second call."""
        worker.overdue = worker.call is not None
        end = worker.process.terminate if worker.kill_at_s is None else worker.process.kill
        worker.kill_at_s = now_s + _END_S
        end()
