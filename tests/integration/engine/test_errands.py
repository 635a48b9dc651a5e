"""Scans that somebody asked for and follows to the end."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.plan import Action
from pacd.engine.engine import Engine
from pacd.intake.debounce import Place
from pacd.protocol.documents import EventKind
from tests.integration.engine.site import Site, master
from tests.integration.engine.test_holds import damage


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


def asking(*folders: str) -> Callable[[Engine], None]:
    """What `pacctl scan` asks of the engine."""

    def ask(engine: Engine) -> None:
        places = tuple(Place("music", PurePosixPath(folder)) for folder in folders)
        engine.auditor.errand(None, places)

    return ask


def test_a_scan_that_was_asked_for_tells_how_it_went(site: Site) -> None:
    """1.3: `scan --wait`: 0, or 2 when a file failed or is newly held for an error."""
    album = site.album("A", 1)
    site.album("B", 1, seed=5)
    codes = []

    def done(engine: Engine) -> bool:
        errand = engine.auditor.errands[1]
        if errand.done:
            assert engine.idle
            done = engine.recorder.counts - errand.before
            codes.append(errand.exit_code(done, errand.trouble))
        return errand.done

    first = site.run(asking("A"), done, audit=False)
    damage(album / "01.flac")
    site.run(asking("A", "B"), done, audit=False)
    shutil.rmtree(album)
    site.run(asking("A"), done, audit=False)

    assert ["A/01.flac"] == first.begun(Action.TEST)
    assert [0, 2, 0] == codes


def test_a_scan_of_a_folder_under_way_waits_for_its_next_visit(site: Site) -> None:
    """1.3: what came after the visit began is part of what was asked for."""
    site.policy = replace(site.policy, settle_s=0.0)
    album = site.album("A", 1)
    go = site.base / "go"
    site.use(f'until [ -e "{go}" ]; do sleep 0.01; done\nexec "$FLAC" "$@"')
    tested_when_done: list[list[str]] = []

    def follow(engine: Engine) -> bool:
        engine.inbox.post(lambda: None)
        if not engine.dispatch.running and not engine.auditor.errands:
            return False
        if not engine.auditor.errands:
            master(album / "02.flac", 9)
            asking("A")(engine)
        errand = engine.auditor.errands[1]
        if errand.audits[0].walked:
            go.touch()
        if errand.done and not tested_when_done:
            done = [each for each in engine.events.since(0) if each.kind is EventKind.ITEM_DONE]
            tested_when_done.append(
                [each.path for each in done if each.action == Action.RECOMPRESS]
            )
        return bool(tested_when_done) and engine.idle

    site.run(until=follow)

    assert [["A/01.flac", "A/02.flac"]] == tested_when_done


def test_a_scan_of_what_is_missing_ends(site: Site) -> None:
    """1.3: nothing to look at is no reason to wait for ever."""
    site.album("A", 1)
    site.run()
    ran = site.run(asking("nowhere"), lambda engine: engine.auditor.errands[1].done, audit=False)

    assert not ran.actions
