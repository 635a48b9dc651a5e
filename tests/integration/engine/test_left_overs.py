"""What workers leave behind when they are killed."""

import math
import os
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pacd.domain.outcome import Failed
from pacd.domain.plan import Action
from pacd.domain.policy import AuthenticityPolicy, SpectrogramPolicy
from pacd.engine.engine import Engine
from pacd.engine.events import Events
from pacd.engine.recording import Recorder
from pacd.errors import FailureKind
from pacd.files import atomic
from tests.audio import Art, dress, png
from tests.builders import facts, item
from tests.integration.engine.processes import alive, eventually
from tests.integration.engine.site import Site

LEFT = ".pacd-999999999-0123abcd.flac"
"""A scratch file of a process that cannot be: Linux numbers them up to 2**22."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path, artwork=True)


def test_a_killed_worker_leaves_nothing(site: Site) -> None:
    """w16: its scratch file goes with the news of its end, not with some later audit."""
    site.album("A", 1)
    mark = site.base / "mark"
    hang = f"{{ touch {mark}; exec sleep 600; }}"
    once = f'case "$*" in *--verify*) [ -e {mark} ] || {hang};; esac'
    site.use(f'{once}\nexec "$FLAC" "$@"')
    left: list[int] = []

    def killed(engine: Engine) -> bool:
        if not left and mark.exists():
            (pid,) = [pid for pid, _ in engine.pool.running().values()]
            scratch = site.library / "A" / f".pacd-{pid}-0123abcd.flac"
            scratch.touch()
            os.kill(pid, signal.SIGKILL)
            assert eventually(lambda: not alive(pid))
            left.append(pid)
        return engine.idle

    def look_again(engine: Engine) -> bool:
        engine.inbox.post(lambda: None)  # a turn more: the mark is no event
        return killed(engine)

    ran = site.run(until=look_again)

    assert 1 == ran.counts["recompressed"] + ran.counts["recompress_skipped"]
    assert [] == list(site.library.rglob(".pacd-*"))


def test_a_left_over_with_the_number_of_a_worker(site: Site) -> None:
    """w17, w39: numbers come again; what bears one is a worker's if that very process made it."""
    album = site.album("A", 1)
    release = site.base / "release"
    wait = f"n=0; until [ -e {release} ] || [ $((n+=1)) -gt 3000 ]; do sleep 0.02; done"
    site.use(f'case "$*" in *--verify*) {wait};; esac\nexec "$FLAC" "$@"')
    own: list[Path] = []
    left: list[Path] = []

    def beside_its_own(engine: Engine) -> bool:
        engine.inbox.post(lambda: None)  # a turn more: a file is no event
        if not left and (found := list(album.glob(".pacd-*"))):
            own.extend(found)
            left.append(found[0].with_name(of_another(found[0].name)))
            left[0].touch()
            engine.auditor.audit_all()
        if left and not left[0].exists() and not release.exists():
            assert own[0].exists()
            release.touch()
        return engine.idle and release.exists()

    ran = site.run(until=beside_its_own)

    assert 1 == ran.counts["recompressed"] + ran.counts["recompress_skipped"]
    assert ["01.flac"] == [each.name for each in album.iterdir()]


def of_another(name: str) -> str:
    """The name that a process before it would have given, which bore the same number."""
    found = re.fullmatch(r"(\.pacd-\d+-)([0-9a-f]{4})(.*)", name)
    assert found
    return f"{found[1]}{int(found[2], 16) ^ 1:04x}{found[3]}"


def test_what_the_daemon_itself_is_at_is_no_left_over(site: Site) -> None:
    """w17, C4: it brings files back while libraries are walked."""
    album = site.album("A", 1)

    with atomic.creating(album / "02.flac", root=site.library, expected=None) as scratch:
        site.run()
        assert scratch.exists()
        scratch.write_bytes(b"brought back")

    assert b"brought back" == (album / "02.flac").read_bytes()


def test_left_overs_of_a_crash_go_at_the_next_start(site: Site) -> None:
    """w16: also those among the covers, where no audit looks; and nobody else's file."""
    dress(site.album("A", 1) / "01.flac", {"ALBUM": "One"}, [Art(png())])
    site.run()
    (cover,) = (site.base / "art").rglob("*.png")
    scratch, foreign = cover.with_name(LEFT), cover.with_name(".pacd-notes.txt")
    for path in (scratch, foreign):
        path.touch()
    site.run()
    kept = scratch.exists()
    library_id = site.library_id
    with site.store() as store:
        store.jobs.started(library_id, item(), now=datetime.now(UTC))
    site.run()

    assert (True, False, True) == (kept, scratch.exists(), foreign.exists())


def test_left_overs_of_a_disk_that_failed_go_at_the_next_start(site: Site) -> None:
    """w16, w18: a cover could not be written, nor its scratch file removed; the daemon lived on."""
    dress(site.album("A", 1) / "01.flac", {"ALBUM": "One"}, [Art(png())])
    site.run()
    (cover,) = (site.base / "art").rglob("*.png")
    scratch = cover.with_name(LEFT)
    lost = Failed(item(Action.EXPORT_ARTWORK, "A/01.flac"), FailureKind.IO, "Input/output error")
    library_id, policy, now = site.library_id, site.policy.libraries[0], datetime.now(UTC)
    with site.store() as store:
        recorder = Recorder(store, Events(now=now))
        job = recorder.started(library_id, policy.name, lost.item, now=now)
        recorder.outcome(job, library_id, policy, facts("A/01.flac"), lost, now=now)
    scratch.touch()
    site.run()
    removed = not scratch.exists()
    scratch.touch()  # of which nobody knows: the root is not looked through at every start
    site.run()

    assert (True, True) == (removed, scratch.exists())


def test_left_overs_of_a_crash_wait_for_the_disk_of_the_library(site: Site) -> None:
    """w16, w09: the first walk finds no root and sweeps nothing; the one that finds it does."""
    dress(site.album("A", 1) / "01.flac", {"ALBUM": "One"}, [Art(png())])
    site.run()
    (cover,) = (site.base / "art").rglob("*.png")
    scratch = cover.with_name(LEFT)
    scratch.touch()
    library_id = site.library_id
    with site.store() as store:
        store.jobs.started(library_id, item(), now=datetime.now(UTC))
    away = site.library.rename(site.base / "away")
    told: list[str] = []

    def comes_back(engine: Engine) -> bool:
        if engine.idle and not told:
            told.extend(problem.what for problem in engine.auditor.problems)
            assert scratch.exists()
            away.rename(site.library)
            engine.auditor.audit_all()
        return engine.idle and bool(told)

    site.run(until=comes_back)

    assert 1 == len(told)
    assert not scratch.exists()


def crashed(site: Site) -> None:
    """Leave the state as a daemon does that was killed at work."""
    library_id = site.library_id
    with site.store() as store:
        store.jobs.started(library_id, item(), now=datetime.now(UTC))


def test_w09_where_nothing_was_drawn_yet_a_crash_stops_no_audit(site: Site) -> None:
    """w09, A5: the folder of the spectrograms comes with the first; albums are found before."""
    dress(site.album("A", 1) / "01.flac", {"ALBUM": "One"}, [Art(png())])
    site.run()
    site.wish(
        authenticity=AuthenticityPolicy(
            scratch=site.base / "state" / "scratch",
            spectrogram=SpectrogramPolicy(site.base / "pictures"),
        )
    )
    (cover,) = (site.base / "art").rglob("*.png")
    scratch = cover.with_name(LEFT)
    scratch.touch()
    crashed(site)
    site.album("B", 1, seed=9)
    ran = site.run()

    assert ((), 1, False) == (ran.problems, ran.counts["tested_ok"], scratch.exists())


def test_w16_left_overs_among_covers_that_are_away_wait_for_them(site: Site) -> None:
    """w16, w09: what could not be swept is swept by the walk that finds it again."""
    dress(site.album("A", 1) / "01.flac", {"ALBUM": "One"}, [Art(png())])
    site.run()
    (cover,) = (site.base / "art").rglob("*.png")
    scratch = cover.with_name(LEFT)
    scratch.touch()
    crashed(site)
    away = (site.base / "art").rename(site.base / "away")
    told: list[str] = []

    def comes_back(engine: Engine) -> bool:
        if engine.idle and not told:
            told.extend(problem.what for problem in engine.auditor.problems)
            away.rename(site.base / "art")
            engine.auditor.look_for_roots()
            return False
        return engine.idle

    ran = site.run(until=comes_back)

    assert [True] == ["cover folder" in each for each in told]
    assert ((), False) == (ran.problems, scratch.exists())


def test_w09_a_walk_that_broke_off_is_told_until_one_goes_to_its_end(site: Site) -> None:
    """w09, L3: here the database cannot be opened; a one-shot run fails by the problem."""
    site.album("A", 1)
    site.run()
    away = site.database.with_name("away")

    def hide(engine: Engine) -> None:
        engine.anchor.next_s = math.inf  # else it is put back, and all begins anew
        site.database.rename(away)

    def found(engine: Engine) -> bool:
        if engine.idle and away.exists():
            away.rename(site.database)
        return engine.idle

    broken = site.run(hide, found)

    assert [True] == ["the walk broke off: " in each for each in broken.problems]
    assert () == site.run().problems
