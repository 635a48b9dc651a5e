"""What the daemon's user may not read or enter is neither forgotten nor fatal."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.engine.site import Site
from tests.integration.rights import common_folder, give_away, nobody


@pytest.fixture
def site() -> Iterator[Site]:
    """A library at rest, the state of which belongs to nobody."""
    with common_folder() as base:
        made = Site.make(base, mirror=True, artwork=True)
        made.album("A/one", 1)
        made.album("B", 1, seed=5)
        made.run()
        give_away(made.database.parent)
        yield made


def valid(site: Site, path: str) -> bool:
    known = site.known(path)
    return known is not None and known.is_valid


@pytest.mark.parametrize("folder", ["A", "A/one"])
def test_a_locked_folder_is_said_and_not_forgotten(site: Site, folder: str) -> None:
    """L3, L5: neither what is in it, nor what is in folders below it."""
    (site.library / folder).chmod(0)
    with nobody():
        ran = site.run()
    (site.library / folder).chmod(0o755)

    assert Counter() == ran.actions
    assert valid(site, "A/one/01.flac")
    assert ran.report
    assert 1 == ran.report.files_failed
    assert 0 == ran.report.files_removed
    assert (f"{folder} could not be read: Permission denied",) == ran.report.warnings
    assert 1 == len(ran.problems)


@pytest.mark.parametrize("root", ["library", "phone", "art"])
def test_a_root_that_may_not_be_reached_is_gone_for_now(site: Site, root: str) -> None:
    """w08, W3: a problem with its fix; the engine goes on with the rest."""
    locked = site.base / "locked"
    locked.mkdir()
    (site.base / root).rename(locked / root)
    (site.base / root).symlink_to(locked / root)
    locked.chmod(0)
    with nobody():
        ran = site.run(lambda engine: engine.auditor.look_for_roots())
    locked.chmod(0o755)

    assert Counter() == ran.actions
    assert [str(site.base / root) in problem for problem in ran.problems] == [True]
    assert valid(site, "A/one/01.flac")


def test_a_root_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    """L3: a mirror and covers where no folder can be: said; masters are kept all the same."""
    site = Site.make(tmp_path, mirror=True, artwork=True)
    for name in ("phone", "art"):
        (tmp_path / name).write_bytes(b"a file stands here")
    site.album("A", 1)
    ran = site.run()

    assert {"test": 1, "recompress": 1} == ran.actions
    assert 2 == len(ran.problems)
