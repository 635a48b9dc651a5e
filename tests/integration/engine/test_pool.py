"""A pool of real processes: each loss is one call's, and nothing is left behind."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest

from pacd.domain.policy import WorkerLimits
from pacd.engine.pool import MAX_CALLS, Answer, Call, Phase, Pool
from tests.integration.engine import calls
from tests.integration.engine.processes import PATIENCE_S, alive, children, eventually, number_in

LIMIT_S = 2.0
"""For calls that never end: in time for the worker to begin, on a machine with more to do."""

LIMITS = WorkerLimits(total=2, encode=1, analysis=2, art=1)


@contextmanager
def pool(limits: WorkerLimits = LIMITS, **more: Any) -> Iterator[Pool]:
    made = Pool(limits, setup=calls.nothing, **more)
    try:
        yield made
    finally:
        made.stop()


def call(
    ticket: int,
    function: Callable[..., Any],
    *arguments: Any,
    phase: Phase = Phase.ANALYSIS,
    limit_s: float = calls.LONG_S,
) -> Call:
    return Call(ticket, phase, function, arguments, limit_s)


def answers(made: Pool, number: int = 1) -> list[Answer]:
    """Wait for so many answers, as the engine does; ordered by ticket."""
    found: list[Answer] = []
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found) < number:
        assert time.monotonic() < deadline_s
        due_s = made.next_deadline_s() or deadline_s
        wait(made.handles(), max(0.0, min(due_s, deadline_s) - time.monotonic()))
        found.extend(made.collect())
    return sorted(found, key=lambda each: each.ticket)


def ask(made: Pool, function: Callable[..., Any], *arguments: Any, limit_s: float = 60.0) -> Answer:
    made.submit(call(1, function, *arguments, limit_s=limit_s))
    return answers(made)[0]


def test_new_common_arguments_reach_every_call() -> None:
    """w41: after a reload no call gets what was common before it."""
    with pool(common=(10,)) as made:
        before = ask(made, calls.add, 1)
        made.adopt((20,))
        after = ask(made, calls.add, 1)

    assert (Answer(1, 11), Answer(1, 21)) == (before, after)


def test_w37_where_memory_is_short_a_worker_goes_before_the_daemon() -> None:
    """D2, w25: the kernel's choice does not depend on who happens to be the largest."""
    with pool() as made:
        answer = ask(made, calls.oom_score_adjustment)

    assert Answer(1, "500") == answer


def test_a_worker_that_cannot_start_blames_nobody() -> None:
    """w25: the call that it was started for is lost, and said to be no fault of its own."""
    made = Pool(LIMITS, setup=calls.fails_to_start)
    try:
        lost = ask(made, calls.double, 1)
    finally:
        made.stop()

    assert Answer(1, None, "exit code 3", started=False) == lost


def test_a_system_without_room_blames_nobody() -> None:
    """w25: where no process can be made the call is lost, and the next one goes well."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with pool() as made:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            made.submit(call(1, calls.double, 1))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        lost = answers(made)[0]

        assert Answer(1, None, "Too many open files", started=False) == lost
        assert Answer(1, 4) == ask(made, calls.double, 2)


def test_calls_are_answered() -> None:
    """P5: in processes of their own; what all calls get is sent once to each."""
    with pool(common=(10, 100)) as made:
        made.submit(call(1, calls.add, 1))
        made.submit(call(2, calls.add, 2))

        assert [Answer(1, 111), Answer(2, 112)] == answers(made, 2)
        assert {} == made.running()


@pytest.mark.parametrize(
    ("function", "arguments", "lost", "number"),
    [
        (calls.killed, (signal.SIGKILL,), "signal SIGKILL", signal.SIGKILL),
        (calls.segfault, (), "signal SIGSEGV", signal.SIGSEGV),
        (calls.killed, (signal.SIGRTMIN + 6,), "signal SIGRTMIN+6", signal.SIGRTMIN + 6),
        (calls.gone, (3,), "exit code 3", 0),
        (calls.gone, (0,), "exit code 0", 0),
        (calls.raises, (), "exit code 1", 0),
        (calls.unpicklable, (), "exit code 1", 0),
    ],
    ids=["SIGKILL", "segfault", "real-time", "_exit(3)", "_exit(0)", "exception", "unpicklable"],
)
def test_a_worker_that_dies_takes_its_own_call_alone(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    lost: str,
    number: int,
    tmp_path: Path,
) -> None:
    """w25: the others go on, and so does the pool."""
    mark, go = tmp_path / "mark", tmp_path / "go"
    os.mkfifo(go)
    with pool() as made:
        made.submit(call(1, calls.waits_for, str(mark), str(go)))
        made.submit(call(2, function, *arguments))

        assert [Answer(2, None, lost, number)] == answers(made)
        innocent = made.running()[1][0]
        go.write_bytes(b"")
        assert [Answer(1, innocent)] == answers(made)
        assert 8 == ask(made, calls.double, 4).value


def test_a_worker_killed_from_outside_is_replaced() -> None:
    """w25: also while it has nothing to do."""
    with pool() as made:
        first = ask(made, calls.whoami).value
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: not alive(first))

        assert ask(made, calls.whoami).value != first


def test_a_killed_resource_tracker_is_survived() -> None:
    """w25: multiprocessing's own helper process may be the one that is killed; it warns of it."""
    with pool() as made:
        first = ask(made, calls.whoami).value
        tracker: Any = resource_tracker._resource_tracker
        os.kill(tracker._pid, signal.SIGKILL)
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: not alive(tracker._pid) and not alive(first))

        assert 8 == ask(made, calls.double, 4).value


def test_a_hung_worker_is_ended_at_its_limit(tmp_path: Path) -> None:
    """w26: SIGTERM lets it clean up; its answer says that it was overdue."""
    with pool() as made:
        ask(made, calls.whoami)
        begin_s = time.monotonic()
        answer = ask(made, calls.waits, str(tmp_path / "mark"), limit_s=LIMIT_S)

        assert Answer(1, None, "exit code 0", overdue=True) == answer
        assert time.monotonic() - begin_s >= LIMIT_S
        assert not alive(number_in(tmp_path / "mark"))


def test_a_worker_that_hears_nothing_is_killed(tmp_path: Path) -> None:
    """w26: TERM, then KILL after a grace."""
    with pool() as made:
        ask(made, calls.whoami)
        answer = ask(made, calls.deaf, str(tmp_path / "mark"), limit_s=LIMIT_S)

        assert Answer(1, None, "signal SIGKILL", signal.SIGKILL, overdue=True) == answer
        assert 8 == ask(made, calls.double, 4).value


def test_w26_a_frozen_worker_holds_up_nobody() -> None:
    """w25, w26: it reads nothing, however much it is sent; it is killed, and others go on."""
    with pool() as made:
        frozen = ask(made, calls.whoami).value
        os.kill(frozen, signal.SIGSTOP)
        rescue = threading.Timer(PATIENCE_S, os.kill, (frozen, signal.SIGCONT))
        rescue.start()  # else the failure would be a test that never ends
        begin_s = time.monotonic()
        made.submit(call(1, calls.size, bytes(8 << 20), limit_s=1.0))
        made.submit(call(2, calls.size, bytes(8 << 20)))
        submitted_s = time.monotonic() - begin_s
        lost, innocent = answers(made, 2)
        rescue.cancel()

        assert submitted_s < PATIENCE_S / 2
        assert Answer(2, 8 << 20) == innocent
        assert Answer(1, None, "signal SIGKILL", signal.SIGKILL, overdue=True) == lost


def test_w26_half_an_answer_holds_up_nobody() -> None:
    """w25, w26: what a worker that was stopped has begun to say is waited for as all else is."""
    with pool() as made:
        made.submit(call(1, calls.stops_while_it_answers, 8 << 20))
        (frozen,) = made.pids()
        assert eventually(lambda: _state(frozen) == "T")
        rescue = threading.Timer(PATIENCE_S, os.kill, (frozen, signal.SIGCONT))
        rescue.start()  # else the failure would be a test that never ends
        begin_s = time.monotonic()
        assert () == made.collect()
        collected_s = time.monotonic() - begin_s
        os.kill(frozen, signal.SIGCONT)
        rescue.cancel()

        assert collected_s < PATIENCE_S / 2
        assert [Answer(1, bytes(8 << 20))] == answers(made)


def _state(pid: int) -> str:
    """One letter: T is stopped (proc(5), stat)."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]


def test_the_tool_of_a_hung_worker_goes_with_it(tmp_path: Path) -> None:
    """w26: no orphans."""
    mark = tmp_path / "mark"
    with pool() as made:
        ask(made, calls.whoami)
        made.submit(call(1, calls.runs_a_tool, str(mark), limit_s=1.5))
        tool = number_in(mark)
        assert alive(tool)

        assert answers(made)[0].overdue
        assert eventually(lambda: not alive(tool))


def test_the_tool_of_a_killed_worker_goes_with_it(tmp_path: Path) -> None:
    """w26: PDEATHSIG; no code of ours runs after SIGKILL."""
    mark = tmp_path / "mark"
    with pool() as made:
        made.submit(call(1, calls.runs_a_tool, str(mark)))
        tool = number_in(mark)
        os.kill(made.running()[1][0], signal.SIGKILL)

        assert "signal SIGKILL" == answers(made)[0].lost
        assert eventually(lambda: not alive(tool))


def test_limits_hold_whatever_is_asked() -> None:
    """P5: so many of each phase and in all, with many calls; every one is answered."""
    limits = WorkerLimits(total=3, encode=2, analysis=2, art=1)
    waiting = [call(n, calls.double, n, phase=list(Phase)[n % 3]) for n in range(60)]
    phases = {each.ticket: each.phase for each in waiting}
    found: dict[int, int] = {}
    most = dict.fromkeys([*Phase, "total"], 0)
    with pool(limits) as made:
        while waiting or made.running():
            for each in tuple(waiting):
                if made.room(each.phase):
                    waiting.remove(each)
                    made.submit(each)
            running = [phases[ticket] for ticket in made.running()]
            most["total"] = max(most["total"], len(running))
            for phase in Phase:
                most[phase] = max(most[phase], running.count(phase))
            found |= {each.ticket: each.value for each in answers(made)}
        workers = len(made.pids())

    assert {n: 2 * n for n in range(60)} == found
    assert most.pop("total") <= limits.total
    assert all(number <= getattr(limits, phase) for phase, number in most.items())
    assert workers <= 3


def test_room_is_for_a_phase_and_for_all(tmp_path: Path) -> None:
    """P5: one phase that is full leaves room for another, until the total is reached."""
    with pool() as made:
        made.submit(call(1, calls.waits, str(tmp_path / "1"), phase=Phase.ENCODE))

        assert [False, True, True] == [
            made.room(phase) for phase in (Phase.ENCODE, Phase.ANALYSIS, Phase.ART)
        ]
        made.submit(call(2, calls.waits, str(tmp_path / "2"), phase=Phase.ART))
        assert [False] * 3 == [made.room(phase) for phase in Phase]
        assert {1, 2} == set(made.running())


def test_idle_workers_end() -> None:
    """B4: a daemon with nothing to do has no worker; the next call starts one."""
    with pool(idle_s=0.2) as made:
        ask(made, calls.whoami)
        due_s = made.next_deadline_s()
        assert due_s is not None
        assert due_s <= time.monotonic() + 0.2
        deadline_s = time.monotonic() + PATIENCE_S
        while made.pids():
            assert time.monotonic() < deadline_s
            wait(made.handles(), 0.05)
            assert () == made.collect()

        assert set() == children()
        assert made.next_deadline_s() is None
        assert 8 == ask(made, calls.double, 4).value


def test_a_worker_is_replaced_after_many_calls() -> None:
    """w27: whatever a library leaks ends with it; the old one does not linger."""
    with pool() as made:
        first = [ask(made, calls.whoami).value for _call in range(MAX_CALLS)]
        second = ask(made, calls.whoami).value

        assert 1 == len(set(first))
        assert second != first[0]
        deadline_s = time.monotonic() + PATIENCE_S
        while made.pids() != {second}:
            assert time.monotonic() < deadline_s
            wait(made.handles(), 0.05)
            assert () == made.collect()


def test_stopping_ends_everything(tmp_path: Path) -> None:
    """w26, w28: running calls and their tools too; stopping twice is harmless."""
    mark = tmp_path / "mark"
    with pool() as made:
        made.submit(call(1, calls.runs_a_tool, str(mark)))
        tool = number_in(mark)
        made.stop()

        assert eventually(lambda: not alive(tool))
        assert set() == children()
        assert frozenset() == made.pids()
    made.stop()


def test_pids_may_be_read_by_any_thread() -> None:
    """w25, w17: a walk asks whose scratch files live, while workers come and go."""
    faults: list[BaseException] = []
    over = threading.Event()

    def read(made: Pool) -> None:
        while not over.is_set():
            try:
                made.pids()
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is the finding
                faults.append(error)
                return

    with pool() as made:
        readers = [threading.Thread(target=read, args=(made,)) for _reader in range(3)]
        for reader in readers:
            reader.start()
        for _turn in range(6):
            ask(made, calls.gone, 1)
        over.set()
        for reader in readers:
            reader.join()

    assert [] == faults


OWNER = """
import sys, threading
from pacd.domain.policy import WorkerLimits
from pacd.engine.pool import Call, Phase, Pool
from tests.integration.engine import calls

if __name__ == "__main__":
    pool = Pool(WorkerLimits(2, 2, 2, 2), setup=calls.nothing)
    pool.submit(Call(1, Phase.ANALYSIS, calls.runs_a_tool, (sys.argv[1],), 600.0))
    pool.submit(Call(2, Phase.ANALYSIS, calls.waits, (sys.argv[2],), 600.0))
    print(*pool.pids(), flush=True)
    threading.Event().wait()
"""


def test_nothing_survives_an_owner_that_is_killed(tmp_path: Path) -> None:
    """w26: SIGKILL of the daemon leaves no worker and no tool."""
    repository = Path(__file__).parents[3]
    script = tmp_path / "owner.py"
    script.write_text(OWNER, "ascii")
    marks = tmp_path / "tool", tmp_path / "hung"
    with subprocess.Popen(
        [sys.executable, str(script), *map(str, marks)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(repository)},
    ) as owner:
        assert owner.stdout
        workers = {int(pid) for pid in owner.stdout.readline().split()}
        pids = {number_in(mark) for mark in marks} | workers
        assert 3 == len(pids)
        owner.kill()

    assert eventually(lambda: not any(alive(pid) for pid in pids))


_TOLD_TO_GO = """
import os, signal, socket
from pacd.engine.worker import work
ours, theirs = socket.socketpair()
ours.detach()
work(theirs, os.getppid(), lambda: os.kill(os.getpid(), signal.SIGTERM), (), 1 << 40)
"""


def test_w30_a_worker_that_is_told_to_go_while_it_starts_says_nothing() -> None:
    """w15, w30: nothing is left open, of which Python would warn in words of its own."""
    command = [sys.executable, "-Werror", "-c", _TOLD_TO_GO]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (0, "") == (ended.returncode, ended.stderr)
