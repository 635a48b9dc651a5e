"""A disk that is read-only, as kernels leave those that failed: told of, and waited for."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.engine.engine import Engine
from tests.integration.engine.site import Site, contents
from tests.machine import small_disk


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A library on a disk of its own, mirrored to another."""
    made = Site.make(tmp_path, mirror=True)
    made.library.rmdir()
    with small_disk(made.library):
        yield made


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def told(engine: Engine) -> list[str]:
    """What the engine says once it has looked after its disks again."""
    engine.minder.next_s = 0.0
    engine.minder.look()
    return [problem.what for problem in engine.minder.problems]


def test_masters_on_a_read_only_disk_are_mirrored_and_wait(site: Site) -> None:
    """w18, w23, M8: nothing is held, status names the disk, and work goes on once it may."""
    site.album("A", 2)
    before = contents(site.library)
    said: list[list[str]] = []

    def rested(engine: Engine) -> bool:
        if engine.idle:
            said.append(told(engine))
        return engine.idle

    remount(site.library, "ro")
    locked = site.run(until=rested)
    untouched = contents(site.library)
    remount(site.library, "rw")
    opened = site.run(until=rested)

    assert before == untouched
    assert {"test": 2, "recompress": 2, "mirror-encode": 2} == locked.actions
    assert {"recompress": 2} == {k: n for k, n in opened.actions.items() if k == "recompress"}
    assert f"The disk of {site.library} is read-only: 2 pieces of work wait for it." in said[0]
    assert [] == said[-1]
    assert [] == site.holds()
