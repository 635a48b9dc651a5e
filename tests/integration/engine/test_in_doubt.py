"""While another folder stands in the root's place, nothing of masters out of sight is touched."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.plan import Action
from pacd.domain.policy import FlacPolicy
from pacd.engine.engine import Engine
from pacd.engine.restoring import lying
from pacd.engine.vouching import FEW
from pacd.intake.debounce import Place
from pacd.protocol.documents import Bin
from tests.audio import Art, dress, png, write_flac
from tests.integration.engine.site import Site, contents

TAGS = {"ALBUM": "A", "ARTIST": "One"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An album with a cover, mirrored, and as many other files as make a doubt."""
    made = Site.make(tmp_path, mirror=True, artwork=True)
    (path,) = made.album("A", 1).iterdir()
    dress(path, TAGS, [Art(png(2, 2, seed=1))])
    (made.library / "rest").mkdir()
    for number in range(FEW):
        (made.library / "rest" / f"{number:02}.flac").write_bytes(b"no FLAC, quickly tested")
    made.run()
    return made


@contextmanager
def foreign(site: Site) -> Iterator[Path]:
    """Put another folder in the root's place, with a copy of its one good master."""
    away = site.base / "away"
    site.library.rename(away)
    place = site.library / "Y"
    place.mkdir(parents=True)
    shutil.copy(away / "A" / "01.flac", place / "a.flac")
    dress(place / "a.flac", TAGS, [Art(png(2, 2, seed=2))])
    yield place / "a.flac"
    shutil.rmtree(site.library)
    away.rename(site.library)


def made(site: Site) -> dict[str, tuple[int, int, bytes]]:
    """All that stands in the mirror and the art root."""
    return {**contents(site.base / "phone"), **contents(site.base / "art")}


def test_w09_nothing_of_masters_out_of_sight_is_touched(site: Site) -> None:
    """w09, W3, F7, M5: what is new is tested, and waits; its audio's output stays in its place."""
    before = made(site)
    with foreign(site):
        gone = site.run()
        meanwhile = made(site)
    back = site.run()

    assert before == meanwhile == made(site)
    assert {"test": 1} == gone.actions
    assert "is another folder than before" in gone.problems[0]
    assert ({}, ()) == (back.actions, back.problems)


def test_w09_who_says_that_it_is_the_library_has_it_worked_on(site: Site) -> None:
    """w09: what waited goes on at once, and the output of the audio follows it then."""

    def forced(engine: Engine) -> None:
        engine.auditor.walk(Place("music", PurePosixPath()), forced=True)

    with foreign(site):
        site.run()
        said = site.run(forced, audit=False)
        there = sorted(path.name for path in (site.base / "phone").rglob("*.opus"))

    assert ["Y/a.flac"] == said.begun(Action.MIRROR_RENAME)
    assert ["a.opus"] == there


def test_f6_a_bin_out_of_sight_is_not_emptied(site: Site) -> None:
    """F6, w09: the bin lies in the root: nobody has taken anything from it; nor is it asked of."""
    wishes = FlacPolicy(target_compression=1, resample_to_cd=True, resampler="ffmpeg")
    site.wish(flac=wishes)
    write_flac(site.library / "A" / "hi.flac", seconds=0.2, rate=96_000, bits=24)
    site.run()
    with foreign(site):
        site.run()
        listed = in_bin(site)
    site.run()

    assert ["flac_test_ok", "resample_ok", "mirror_encode_ok"] == events(site, "A/hi.flac")
    assert ["A/hi.flac"] == [each.path for each in listed.files]
    assert ["A/hi.flac"] == [each.path for each in in_bin(site).files]


def in_bin(site: Site) -> Bin:
    with site.engine() as engine:
        return lying(engine, now=datetime.now(UTC))


def events(site: Site, path: str) -> list[str]:
    library_id = site.library_id
    with site.store() as store:
        return [e.event for e in store.history.of(library_id, PurePosixPath(path), limit=50)][::-1]
