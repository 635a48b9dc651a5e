"""Disks that are read-only, as kernels leave those that failed, or full: told of, waited for."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
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


def test_w18_a_part_that_stays_read_only_is_left_to_its_retries(site: Site) -> None:
    """w18, w23: below a root that is not, it is told of, and not tried at each look."""
    said: list[list[str]] = []

    def looked(engine: Engine) -> bool:
        if engine.idle:
            said.append(told(engine))
            engine.minder.next_s = 0.0  # and the next turn soon
        return engine.idle and len(said) > 3

    with small_disk(site.library / "A"):
        site.album("A/B", 1)
        remount(site.library / "A", "ro")
        ran = site.run(until=looked)

    assert {"test": 1, "recompress": 1, "mirror-encode": 1} == ran.actions
    part = f"A part of {site.library} is read-only: 1 piece of work waits for it."
    assert [part] == said[-1]


def test_w23_nothing_is_begun_that_could_not_be_recorded(tmp_path: Path) -> None:
    """w23: less room for the database than the reserve: all waits, it is said, and goes on."""
    site = Site.make(tmp_path)
    site.album("A", 1)
    before = contents(site.library)
    said: list[Path] = []

    def stalled(engine: Engine) -> bool:
        said.extend(engine.snapshot.starved)
        return engine.stalled

    with small_disk(site.database.parent):
        site.policy = replace(site.policy, min_free_bytes=2 << 20)
        waited = site.run(until=stalled)
        untouched = contents(site.library)
        site.policy = replace(site.policy, min_free_bytes=0)
        went_on = site.run()

    assert (Counter(), before) == (waited.actions, untouched)
    assert site.database.parent in said
    assert {"test": 1, "recompress": 1} == went_on.actions
