"""What failed and waits for another try: a run, and a scan that is followed, do not end well."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.albums import make_album
from tests.e2e.running import Site
from tests.machine import small_disk


@pytest.fixture
def cramped(site: Site) -> Iterator[Path]:
    """A mirror on a disk with room for one output of an album, and no reserve."""
    site.settings["audit"] = {"min_free_mib": 0}
    with small_disk(site.mirror):
        allow(site.mirror, 4)
        site.configure()
        make_album(site.library / "Artist" / "Album", tracks=3)
        yield site.mirror


def allow(disk: Path, inodes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size=64m,nr_inodes={inodes}", disk], check=True)


def test_a_run_that_leaves_work_waiting_does_not_end_with_0(site: Site, cramped: Path) -> None:
    """1.1, 1.3, w18: also the second, where nothing fails anew; and 0 once there is room."""
    first = site.once(expected=2)
    second = site.pacd("--once")
    with site.running():
        site.pacctl("wait")
        status = site.status()
        scan = site.pacctl("scan", "--wait", check=False)
        allow(cramped, 100)
        freed = site.pacctl("scan", "--wait", check=False)
    last = site.once()

    waits = "Library main: 2 pieces of work wait to be tried again: mirror-encode failed: "
    assert first["waiting"][0].startswith(waits)
    assert (2, 0) == (second.returncode, second.stderr.count("Traceback"))
    assert waits in second.stderr
    assert "degraded" == status["state"]
    assert [f"The disk of {cramped} has no inode left"] == [
        each["what"].split(",")[0] for each in status["problems"]
    ]
    assert 2 == scan.returncode
    assert (0, "") == (freed.returncode, freed.stderr)
    assert 3 == last["counts"]["mirror"]["unchanged"]
    assert [] == last["waiting"]
