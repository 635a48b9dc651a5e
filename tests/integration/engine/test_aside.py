"""Faults of PAC's own at one folder; a record that no PAC has written stands for them."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.engine.dispatch import Running
from pacd.engine.engine import Engine
from pacd.engine.visit import Urgency
from pacd.intake.debounce import Place
from pacd.protocol.documents import Problem
from tests.integration.engine.site import Site

A = Place("music", PurePosixPath("A"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site.make(tmp_path)
    site.faulty = True
    return site


def _garble(site: Site, folder: str) -> None:
    """Let reading what is known of a folder's files raise what nobody has foreseen."""
    names = [path.stat().st_ino for path in (site.library / folder).iterdir()]
    with closing(sqlite3.connect(site.database)) as store, store:
        for inode in names:
            store.execute("UPDATE flac_checks SET verdict = 'garbled' WHERE inode = ?", [inode])
        store.execute("UPDATE folders SET fingerprint = NULL")


def test_w33_a_fault_at_one_folder_stops_no_other(site: Site) -> None:
    """D2, w33: the folder is left alone and told; all others come to rest, the daemon lives on."""
    for folder in ("A", "B", "C"):
        site.album(folder, 1)
    site.run()
    _garble(site, "B")
    site.album("C", 2, seed=5)
    ran = site.run()
    (problem,) = ran.problems

    assert {"test": 2, "recompress": 2} == ran.actions
    assert "PAC failed at the folder B of library music: ValueError: 'garbled'" in problem
    assert 2 == len(_at_rest(site))


def test_w33_a_folder_that_was_set_aside_is_tried_again(site: Site) -> None:
    """D2, w33: by each audit; once the fault is gone it comes to rest, and the problem ends."""
    site.album("A", 1)
    site.album("B", 1)
    site.run()
    _garble(site, "B")
    told: list[Problem] = []

    def mends(engine: Engine) -> bool:
        if engine.idle and engine.auditor.problems and not told:
            told.extend(engine.auditor.problems)
            with closing(sqlite3.connect(site.database)) as store, store:
                store.execute("UPDATE flac_checks SET verdict = 'intact'")
            engine.auditor.audit_all()
        return engine.idle and bool(told)

    ran = site.run(until=mends)

    assert 1 == len(told)
    assert () == ran.problems
    assert 2 == len(_at_rest(site))


def test_w33_a_fault_at_a_folder_of_a_library_that_was_removed(site: Site) -> None:
    """D2, w33: the settings no longer know the library while its folder is under way."""
    site.album("A", 1)
    failed: list[Place] = []

    def fails(engine: Engine) -> bool:
        if engine.pipeline.visits and not failed:
            failed.extend(engine.pipeline.visits)
            engine.adopt(replace(site.policy, libraries=()))
            with engine.pipeline.aside.trying(failed[0]):
                raise ValueError
        return engine.idle

    site.run(until=fails)

    assert [A] == failed


def test_w33_a_folder_waits_for_what_workers_still_do_to_it(site: Site) -> None:
    """D2, w33: wanted again, it is visited when its item has come back; nothing is done twice."""
    site.album("A", 1)
    go = site.base / "go"
    site.use(f'while [ ! -e {go} ]; do sleep 0.05; done\nexec "$FLAC" "$@"')
    turns: list[dict[int, Running]] = []

    def fails(engine: Engine) -> bool:
        engine.inbox.post(lambda: None)  # a turn more: nothing else makes one
        if engine.pool.running():
            turns.append(engine.dispatch.running.copy())
            if 2 == len(turns):
                engine.pipeline.want(A, Urgency.LIVE)
            if 5 == len(turns):
                go.touch()
            if 1 == len(turns):
                with engine.pipeline.aside.trying(A):
                    raise ValueError
        return engine.idle

    ran = site.run(until=fails)

    assert len(turns) >= 5
    assert all(running.keys() == turns[0].keys() for running in turns[:5])
    assert {"test": 1, "recompress": 1} == ran.actions
    assert () == ran.problems
    assert 1 == len(_at_rest(site))


def _at_rest(site: Site) -> list[str]:
    with closing(sqlite3.connect(site.database)) as store:
        rows = store.execute("SELECT folder FROM folders WHERE fingerprint IS NOT NULL").fetchall()
    return sorted(str(path) for (path,) in rows)
