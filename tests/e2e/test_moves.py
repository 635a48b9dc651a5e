"""A library rearranged under the real daemon: its mirror follows, and nothing is encoded."""

import shutil
from pathlib import Path
from typing import Any

from tests.e2e.albums import make_album
from tests.e2e.order import assert_in_order, masters, output_of
from tests.e2e.running import QUICK, Site, until


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def assert_mirrored(site: Site, *, encoded: int) -> None:
    """Once PAC rests, every master has its output, nothing else is there, and no more was made."""
    site.pacctl("scan", "--wait")
    site.pacctl("wait")
    outputs = sorted(output_of(site, master) for master in masters(site))

    assert outputs == sorted(site.mirror.rglob("*.opus"))
    assert_in_order(site)
    assert encoded == site.status()["counts"]["mirror"]["encoded"]


def problems(site: Site) -> list[str]:
    """What is wrong, when somebody asks for a scan."""
    site.pacctl("scan", "--wait", check=False)
    found: list[dict[str, Any]] = site.status()["problems"]
    return [problem["what"] for problem in found]


def library(site: Site) -> tuple[Path, Path]:
    """Two artists with an album of two tracks each."""
    for seed, artist in enumerate(("Björk", "Can")):
        make_album(site.library / artist / "Album", seconds=0.3, seed=seed)
    return site.library / "Björk", site.library / "Can"


def test_a_library_that_is_rearranged(site: Site) -> None:
    """M5, L6: an artist renamed and tracks swapped, while the daemon runs and while it does not."""
    bjork, can = library(site)
    with site.running():
        assert_mirrored(site, encoded=4)
        bjork.rename(site.library / "Bjork")
        assert_mirrored(site, encoded=4)
        swap(*sorted((can / "Album").iterdir()))
        assert_mirrored(site, encoded=4)
    (site.library / "Bjork").rename(site.library / "BJORK")
    swap(site.library / "BJORK", can)
    with site.running():
        assert_mirrored(site, encoded=4)
        assert 0 == site.status()["counts"]["mirror"]["orphaned"]


def test_disks_that_go_and_come_back(site: Site) -> None:
    """M9, W3: each is missed and said so, nothing is forgotten, and all goes on where it was."""
    bjork, can = library(site)
    elsewhere = site.base / "elsewhere"
    with site.running(**QUICK):
        assert_mirrored(site, encoded=4)
        site.mirror.rename(elsewhere)
        swap(bjork, can)
        assert [True] == [str(site.mirror) in what for what in problems(site)]
        elsewhere.rename(site.mirror)
        assert_mirrored(site, encoded=4)
        assert [] == problems(site)
        site.library.rename(elsewhere)
        assert [True] == [str(site.library) in what for what in problems(site)]
        assert 4 == len(list(site.mirror.rglob("*.opus")))
        elsewhere.rename(site.library)
        assert_mirrored(site, encoded=4)
        until(lambda: not problems(site))  # whether it is watched again is seen at a heartbeat
        assert 0 == site.status()["counts"]["mirror"]["orphaned"]


def test_a_lost_database(site: Site) -> None:
    """M4: what was moved while it was lost is found by the mirror alone."""
    bjork, can = library(site)
    with site.running():
        assert_mirrored(site, encoded=4)
    shutil.rmtree(site.state)
    swap(bjork, can)
    (can / "Album").rename(can / "Single")
    with site.running():
        assert_mirrored(site, encoded=0)
