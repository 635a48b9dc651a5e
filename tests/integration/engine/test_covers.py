"""Whose cover stands in the art root where several folders, discs perhaps, want theirs there."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from pacd.engine.engine import Engine
from pacd.engine.mirrors.orphans import all_orphans
from pacd.intake.debounce import Place
from tests.audio import Art, dress, png
from tests.integration.engine.site import Site
from tests.integration.engine.test_preview import why


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Two discs of an album, each with a picture of its own; the first gave the cover."""
    made = Site.make(tmp_path, artwork=True)
    disc(made, "A/CD1", 1)
    made.run()
    disc(made, "A/CD2", 2)
    made.run()
    assert png(2, 2, seed=1) == cover(made)
    return made


def disc(site: Site, folder: str, number: int) -> None:
    (path,) = site.album(folder, 1, seed=number * 5).iterdir()
    tags = {"ALBUM": "One", "ARTIST": "A", "DISCNUMBER": str(number)}
    dress(path, tags, [Art(png(2, 2, seed=number))])


def cover(site: Site) -> bytes:
    (path,) = (site.base / "art").rglob("*.png")
    return path.read_bytes()


def ask(engine: Engine, folder: str = "") -> None:
    """As `pacctl scan`: every folder is looked at."""
    engine.auditor.walk(Place("music", PurePosixPath(folder)), forced=True)


def test_w58_why_tells_of_a_cover_that_is_not_exported(site: Site) -> None:
    """w58, F7: of the disc whose picture stands nowhere, and not of the one that gave the cover."""
    told = {folder: why(site, f"A/{folder}/01.flac").decision.reason for folder in ("CD1", "CD2")}

    assert "not exported" not in told["CD1"]
    assert told["CD2"].endswith(
        "; its cover is not exported: A/One/front.png shows that of A/CD1/01.flac; "
        "add {date} or {disc} to pattern in [artwork] to keep them apart"
    )


def test_it_stays_that_of_a_disc_that_was_moved(site: Site) -> None:
    """F7, P4: the other disc does not take its place, whoever has everything looked at."""
    (site.library / "A/CD1").rename(site.library / "A/one")
    moved = site.run()
    asked = site.run(ask, audit=False)

    assert (Counter(), Counter()) == (moved.actions, asked.actions)
    assert png(2, 2, seed=1) == cover(site)


def test_it_becomes_that_of_the_disc_that_is_left(site: Site) -> None:
    """F7: at the next audit, though nothing has changed in the folder that it is of then."""
    shutil.rmtree(site.library / "A/CD1")
    site.run()
    ran, again = site.run(), site.run(ask, audit=False)

    assert png(2, 2, seed=2) == cover(site)
    assert Counter() == ran.actions
    assert Counter() == again.actions


def paused(engine: Engine) -> None:
    engine.pause.begin(None)
    engine.inbox.post(lambda: None)


def removed(site: Site) -> None:
    """Its record is let go, and the cover is to be that of the other disc."""
    shutil.rmtree(site.library / "A/CD1")


def bared(site: Site) -> None:
    """The cover itself is gone; the first disc is to give it again."""
    next((site.base / "art").rglob("*.png")).unlink()


@pytest.mark.parametrize(("happens", "seed"), [(removed, 2), (bared, 1)])
def test_w60_what_was_to_be_exported_outlives_a_restart(
    site: Site, happens: Callable[[Site], None], seed: int
) -> None:
    """F7, D3, w60: a pause and a restart lie between the audit and the export."""
    happens(site)
    site.run(paused, until=lambda engine: engine.stalled)
    ran = site.run(lambda engine: engine.pause.end())

    assert {"export-artwork": 1} == ran.actions
    assert png(2, 2, seed=seed) == cover(site)


def test_a_scan_of_another_folder_uses_up_no_export(site: Site) -> None:
    """F7: what it finds out of folders that it does not visit is not forgotten."""
    site.album("B", 1, seed=30)
    site.run()
    shutil.rmtree(site.library / "A/CD1")
    gone = Place("music", PurePosixPath("A/CD1"))
    site.run(lambda engine: engine.inbox.touch(gone, tree=True), audit=False)
    site.run(lambda engine: ask(engine, "B"), audit=False)
    site.run()

    assert png(2, 2, seed=2) == cover(site)


@pytest.mark.parametrize("first", ["A/CD1", "A/CD2"])
def test_who_gave_it_is_found_out_anew(site: Site, first: str) -> None:
    """F7, S4: the database is lost: no disc is held because another's picture stands there."""
    shutil.rmtree(site.database.parent)
    site.database.parent.mkdir()

    asked = list[bool]()

    def meet(engine: Engine) -> None:
        engine.auditor.walk(Place("music", PurePosixPath(first)))

    def met_all(engine: Engine) -> bool:
        if engine.idle and not asked:
            asked.append(True)
            engine.auditor.audit_all()
        return engine.idle

    site.run(meet, met_all, audit=False)

    assert [] == site.holds()
    assert png(2, 2, seed=1) == cover(site)


def test_f7_a_cover_that_came_while_the_cover_folder_was_away(tmp_path: Path) -> None:
    """F7, M9, W4: its album is not at rest before its cover is there, restart or not."""
    site = Site.make(tmp_path, artwork=True)
    disc(site, "A/CD1", 1)
    site.run()
    art, elsewhere = site.base / "art", site.base / "elsewhere"
    art.rename(elsewhere)
    (two,) = site.album("B/two", 1, seed=9).iterdir()
    dress(two, {"ALBUM": "Two", "ARTIST": "B"}, [Art(png(2, 2, seed=3))])
    away = site.run()
    still_away = site.run()
    elsewhere.rename(art)
    back = site.run()

    assert 1 == len(away.problems) == len(still_away.problems)
    assert {"test": 1, "recompress": 1} == away.actions
    assert still_away.report
    assert (Counter(), 2) == (still_away.actions, still_away.report.files_skipped)
    assert {"export-artwork": 1} == back.actions
    assert png(2, 2, seed=3) == (art / "B/Two/front.png").read_bytes()
    assert Counter() == site.run().actions


def test_m9_mirrors_stay_exact_while_the_cover_folder_is_away(tmp_path: Path) -> None:
    """M9, F7: an output whose master went is an orphan then as ever, and what is in order rests."""
    site = Site.make(tmp_path, mirror=True, artwork=True)
    album = site.album("A", 3)
    dress(album / "01.flac", {"ALBUM": "One", "ARTIST": "A"}, [Art(png())])
    site.run()
    (site.base / "art").rename(site.base / "elsewhere")
    (album / "02.flac").unlink()
    away = site.run()
    again = site.run()

    assert 1 == len(away.problems) == len(again.problems)
    with site.store() as store:
        orphans = all_orphans(store, site.library_id, "phone")
        assert ["A/02.opus"] == [str(row.output.path) for row in orphans]
    assert again.report
    assert (Counter(), 2) == (again.actions, again.report.files_skipped)
