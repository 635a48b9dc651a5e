"""A mirror or an art root that PAC may not write: one problem, no hold of masters, goes on."""

import os
from pathlib import Path

import pytest

from pacd.domain.hold import Cause
from pacd.engine.engine import Engine
from tests.audio import Art, dress, png
from tests.integration.engine.site import Site
from tests.integration.rights import no_override, without_override

FIX = f"by user {os.geteuid()}"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Two albums with covers, and folders for them in a mirror."""
    made = Site.make(tmp_path, mirror=True, artwork=True)
    made.set_up = without_override
    for number, folder in enumerate("AB"):
        for path in made.album(folder, 2, seed=5 * number).iterdir():
            tags = {"ALBUM": folder, "ARTIST": "One"}
            dress(path, tags, [Art(png(2, 2, seed=number))])
        (tmp_path / "phone" / folder).mkdir(parents=True)
    (tmp_path / "art").mkdir()
    return made


def told(engine: Engine) -> list[str]:
    """What the engine says once it has looked after its disks again."""
    engine.minder.next_s = 0.0
    engine.minder.look()
    return [problem.what for problem in engine.minder.problems]


def run(site: Site) -> tuple[dict[str, int], list[str]]:
    """What was done until it rested, and what is said then."""
    said: list[list[str]] = []

    def rested(engine: Engine) -> bool:
        if engine.idle:
            said.append(told(engine))
        return engine.idle

    with no_override():
        ran = site.run(until=rested)
    return dict(ran.actions), said[-1]


def outputs(site: Site) -> int:
    return len(list((site.base / "phone").rglob("*.opus")))


def test_w23_a_mirror_that_may_not_be_written_holds_no_master(site: Site) -> None:
    """w23, M8, L3: one problem; masters are kept, outputs wait and come by themselves."""
    phone = site.base / "phone"
    shut = (phone, phone / "A", phone / "B")
    for folder in shut:
        folder.chmod(0o555)
    done, said = run(site)
    held, made = site.holds(), outputs(site)
    for folder in shut:
        folder.chmod(0o755)
    after, still = run(site)

    assert ([], 0) == (held, made)
    assert {"test": 4, "recompress": 4, "export-artwork": 2, "mirror-encode": 4} == done
    assert [f"{phone} cannot be written {FIX}: 4 pieces of work wait for it."] == said
    assert ({"mirror-encode": 4}, []) == (after, still)
    assert 4 == outputs(site)


def test_w23_a_folder_of_a_mirror_that_may_not_be_written(site: Site) -> None:
    """w23, M8: below a root that may be: that folder is named, and the others are made."""
    folder = site.base / "phone" / "A"
    folder.chmod(0o555)
    _, said = run(site)

    assert [] == site.holds()
    assert [f"{folder} cannot be written {FIX}: 2 pieces of work wait for it."] == said
    assert 2 == outputs(site)


def test_f7_an_art_root_that_may_not_be_written_holds_no_master(site: Site) -> None:
    """F7, w23: covers wait as outputs do."""
    art = site.base / "art"
    art.chmod(0o555)
    done, said = run(site)
    held = site.holds()
    art.chmod(0o755)
    after, still = run(site)

    assert [] == held
    assert (4, 2) == (done["mirror-encode"], done["export-artwork"])
    assert [f"{art} cannot be written {FIX}: 2 pieces of work wait for it."] == said
    assert ({"export-artwork": 2}, []) == (after, still)


def test_h1_a_master_that_may_not_be_read_is_held(site: Site) -> None:
    """H1: that is the library's side, also where the mirror is shut as well."""
    for folder in ("", "A", "B"):
        (site.base / "phone" / folder).chmod(0o555)
    (site.library / "A" / "01.flac").chmod(0)
    run(site)

    assert [(Cause.PERMISSION, "A/01.flac")] == [(h.cause, str(h.path)) for h in site.holds()]
