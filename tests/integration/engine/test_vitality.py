"""w57: whether a real engine, in a thread of its own, is told from one that is stuck or dead."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pacd.engine.engine import Engine
from pacd.engine.heralding import Herald
from pacd.engine.vitality import health
from pacd.protocol.documents import Problem, ProblemKind, Verdict
from tests.integration.engine.site import PATIENCE_S, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


@contextmanager
def _running(site: Site) -> Iterator[Engine]:
    """An engine at work in another thread; it has ended when the block has."""
    engines: list[Engine] = []
    there = threading.Event()

    def live() -> None:
        with site.engine() as engine:
            engines.append(engine)
            engine.inbox.post(there.set)
            engine.run()

    thread = threading.Thread(target=live)
    thread.start()
    assert there.wait(PATIENCE_S)
    try:
        yield engines[0]
    finally:
        engines[0].stop()
        thread.join(PATIENCE_S)


def test_w57_live_and_ready_are_two_things(site: Site) -> None:
    """w57: with a problem it is not ready, and lives; stopped it does neither; notes are none."""
    problem = Problem(what="A root is gone.", fix="Mount it.", kind=ProblemKind.ROOT_MISSING)
    overlooked = Problem(what="Music left alone.", fix="-", kind=ProblemKind.OVERLOOKED)
    with _running(site) as engine:
        well, troubled = health(engine, ()), health(engine, (problem,))
        told = health(engine, (overlooked,))
        engine.starting = True
        starting = health(engine, ())
    dead = health(engine, (problem,))

    assert (Verdict.OK, True, True) == (well.verdict, well.live, well.ready)
    assert (Verdict.DEGRADED, True, False) == (troubled.verdict, troubled.live, troubled.ready)
    assert (Verdict.OK, True, (overlooked,)) == (told.verdict, told.ready, told.problems)
    assert starting.live
    assert (Verdict.FAILED, False, False) == (dead.verdict, dead.live, dead.ready)
    assert [ProblemKind.ENGINE_DEAD, ProblemKind.ROOT_MISSING] == [
        each.kind for each in dead.problems
    ]


def test_w57_an_engine_that_is_stuck_does_not_live(site: Site) -> None:
    """w57: a thread that is there and turns no more is no living daemon."""
    gate = threading.Event()
    with _running(site) as engine:
        engine.inbox.post(lambda: gate.wait(PATIENCE_S))
        stuck = health(engine, (), answer_s=0.1)
        gate.set()
        again = health(engine, ())

    assert (Verdict.FAILED, False) == (stuck.verdict, stuck.live)
    assert "has not answered for 0.1 s" in stuck.problems[0].what
    assert again.live


def test_w55_every_change_of_state_is_a_line(site: Site) -> None:
    """w55: work and rest, a pause and its end, a problem and its end: once each."""
    site.album("A", 1)
    away, herald = site.base / "away", Herald()

    def rests(engine: Engine) -> bool:
        return herald.look(engine) or engine.idle

    def misses_it_for_a_while(engine: Engine) -> bool:
        herald.look(engine)
        engine.inbox.post(lambda: None)  # another turn
        turns.extend(engine.snapshot.problems)
        return len(turns) == 3

    turns: list[Problem] = []
    with capture_logs() as told:
        site.run(until=rests)
        site.run(lambda engine: engine.set_pause(None, "anna"), lambda each: not herald.look(each))
        site.run(lambda engine: engine.end_pause("anna"), rests)
        site.library.rename(away)
        site.run(until=misses_it_for_a_while)
        away.rename(site.library)
        site.run(until=rests)
    states = [line["state"] for line in told if line["event"] == "state"]
    # That it looks through the library comes between where a look takes as long as a turn.
    lasting = [state for state in states if state != "scanning"]
    problems = [(line["event"], line["kind"]) for line in told if "problem" in line["event"]]

    assert all(one != other for one, other in pairwise(states))
    assert ["working", "watching", "paused", "watching"] == [state for state, _ in groupby(lasting)]
    assert [("problem", "root-missing"), ("problem over", "root-missing")] == problems


def test_w55_problems_come_and_go_in_the_log() -> None:
    """w55: the same problem with another number is the same; each end is told."""
    herald = Herald()

    def unwatched(number: str) -> Problem:
        return Problem(what=f"{number} of 9,000 folders are not watched.", fix="More.")

    with capture_logs() as told:
        for found in ((), (unwatched("7"),), (unwatched("1,008"),), ()):
            herald.problems(found)

    assert [("problem", "7 of"), ("problem over", "1,008 of")] == [
        (line["event"], line["message"].partition(" 9")[0]) for line in told
    ]
