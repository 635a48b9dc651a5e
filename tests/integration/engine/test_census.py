"""Reading what stands in the mirrors: all of it, once, whatever happens to a worker."""

import os
import shutil
import signal
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.output import OutputState
from pacd.domain.policy import MirrorPolicy
from pacd.engine.engine import Engine
from pacd.engine.mirrors.census import BATCH, READ, Census, Reading
from pacd.intake.audit import look
from pacd.intake.ignore import Ignore
from pacd.steps.look import look_at_outputs
from tests.integration.engine.collector import Collector, two_mirrors
from tests.integration.engine.site import Site

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return two_mirrors(tmp_path, tmp_path / "library")


@pytest.fixture
def engine(site: Site) -> Iterator[Engine]:
    with site.engine() as made:
        yield made


class Reader:
    """Has a census of one engine, and reads for it as a worker does."""

    def __init__(self, engine: Engine) -> None:
        self.readings: deque[Reading] = deque()
        self.ended: list[str] = []
        self.store = engine.store
        (self.policy,) = engine.pipeline.policy.libraries
        self.census = Census(engine.store, engine.recorder, push=self.readings.append)
        self.census.finished = self.ended.append

    @property
    def mirror(self) -> MirrorPolicy:
        return self.policy.mirrors[0]

    def see(self, folder: str, *, stray: bool = False) -> None:
        """Tell the census of a folder of the mirror."""
        view = look(self.mirror.root, PurePosixPath(folder), Ignore(), suffix=".opus")
        self.census.take(1, self.policy, self.mirror, view, stray=stray, now=NOW)

    def read(self, deadly: str = "") -> None:
        """Answer all that is asked; nothing where it would be the death of a worker."""
        while self.readings:
            reading = self.readings.popleft()
            files = [(file.root, file.output.path) for file in reading.files]
            dies = any(path.name == deadly for _, path in files)
            self.census.learn(reading, () if dies else look_at_outputs(files), now=NOW)

    def states(self, folder: str) -> dict[str, OutputState]:
        rows = self.store.outputs.in_folder(1, self.mirror.name, PurePosixPath(folder))
        return {path.name: row.output.state for path, row in rows.items()}


def put(site: Site, folder: str, *names: str) -> None:
    """Files that PAC has not made."""
    place = site.base / "phone" / folder
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        (place / name).write_bytes(b"another's")


def test_one_deadly_file_hides_no_other(site: Site, engine: Engine) -> None:
    """M4, X2: whoever dies of a file is asked for the rest; the file itself is not PAC's."""
    names = [f"{number}.opus" for number in range(7)]
    put(site, "A", *names)
    reader = Reader(engine)
    reader.see("A")
    reader.census.walked(1, reader.policy)
    reader.read(deadly="4.opus")

    assert dict.fromkeys(names, OutputState.FOREIGN) == reader.states("A")
    assert ["music"] == reader.ended
    assert not reader.census.busy


def test_a_mirror_is_read_once_all_has_been_answered(site: Site, engine: Engine) -> None:
    """M4: not before; and another root under the same name has not been read."""
    put(site, "A", "1.opus")
    reader = Reader(engine)
    reader.see("A")
    reader.census.walked(1, reader.policy)
    complete = [reader.census.is_complete(1, reader.mirror)]
    reader.read()
    complete.append(reader.census.is_complete(1, reader.mirror))
    moved = MirrorPolicy(reader.mirror.name, site.base / "elsewhere")

    assert [False, True] == complete
    assert not reader.census.is_complete(1, moved)
    assert not reader.census.is_complete(2, reader.mirror)
    assert Reader(engine).census.is_complete(1, reader.mirror)


def test_what_is_on_record_is_not_read_again(site: Site, engine: Engine) -> None:
    """B2: also what is not PAC's; it is once it has changed."""
    put(site, "A", "1.opus", "2.opus")
    reader = Reader(engine)
    for _time in range(2):
        reader.see("A")
        reader.census.flush()
        reader.read()
    reader.see("A")
    reader.census.flush()
    assert not reader.readings
    put(site, "A", "2.opus")
    reader.see("A")
    reader.census.flush()

    assert ["A/2.opus"] == [str(file.output.path) for file in reader.readings[0].files]


def test_files_are_read_many_at_a_time(site: Site, engine: Engine) -> None:
    """B2: a worker gets a batch, whatever folders they are in."""
    for folder in ("A", "B"):
        put(site, folder, *(f"{number}.opus" for number in range(BATCH - 50)))
    reader = Reader(engine)
    reader.see("A")
    reader.see("B")
    sizes = [len(reading.files) for reading in reader.readings]
    reader.census.flush()

    assert [BATCH] == sizes
    assert [BATCH, BATCH - 100] == [len(reading.files) for reading in reader.readings]


def test_a_mirror_that_is_away_has_not_been_read(site: Site) -> None:
    """M4, M9: it is once it is back, and only then is anything encoded into it."""
    life = Collector(site.library)
    life.add("A", "01")
    site.run()
    with site.store() as store, store.transaction():  # as a release before this one left it
        store.memory.set(READ, {})
        store.outputs.forget(1, "phone", [PurePosixPath("A/01.opus")])
    (site.base / "phone").rename(site.base / "elsewhere")
    life.move(site.library / "A", site.library / "B")
    away = site.run()
    (site.base / "elsewhere").rename(site.base / "phone")

    assert {"mirror-rename": 1} == away.actions
    assert {"mirror-rename": 1} == site.run().actions


def test_w25_a_worker_killed_while_it_reads_says_nothing_of_the_file(site: Site) -> None:
    """w25, M4: the one file that it had is read by another worker, and stays PAC's."""
    collector = Collector(site.library)
    collector.add("A", "song")
    site.run()
    shutil.rmtree(site.base / "state")
    killed: list[int] = []

    def kill(engine: Engine) -> bool:
        running = engine.dispatch.running.items()
        looks = [n for n, each in running if isinstance(each.work.visit, Reading)]
        if looks and len(killed) < 2:
            killed.append(engine.pool.running()[looks[0]][0])
            os.kill(killed[-1], signal.SIGKILL)
        return engine.idle

    ran = site.run(until=kill)

    assert 2 == len(killed)
    assert 0 == ran.actions["mirror-encode"]
    assert [] == site.holds()
