"""Large libraries cost what they hold: found by the ratio of the work, not by a clock."""

import os
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest

from pacd.domain.media import AudioFormat, Tags, Track
from pacd.domain.plan import Action
from pacd.domain.verdict import Check, Integrity
from pacd.engine.engine import Engine
from pacd.engine.walker import OUTSTANDING
from pacd.engine.walks import MOST
from pacd.files.regular import observe
from pacd.intake.debounce import Place
from pacd.protocol.documents import EventKind
from tests.builders import NOW
from tests.effort import effort
from tests.integration.engine.site import Ran, Site, master

AUDIO = AudioFormat(44_100, 16, 2, 10_000_000)
PER_FOLDER = 5


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.make(tmp_path)


def fill(site: Site, files: int, *, per_folder: int = PER_FOLDER) -> None:
    """Files of no content, on record as tested and compressed; no folder is at rest yet."""
    compressed = "flac 1.4.2; level=8; verify=1; date=2026-01-01"
    with site.store() as store, store.transaction():
        library = store.libraries.sync({"music": site.library})["music"]
        for number in range(files):
            path = PurePosixPath(f"{number // per_folder:05}/{number:06}.flac")
            place = site.library / path
            place.parent.mkdir(exist_ok=True)
            place.touch()
            os.truncate(place, 20_000_000 + number)
            track = Track(AUDIO, f"{number:032x}", Tags(()), "", compression=compressed)
            check = Check(Integrity.INTACT, track.audio_md5, "", "", "flac 1.4.2", NOW)
            store.tracks.described(library, path, track, observe(place), now=NOW)
            store.verdicts.record(check, track, observe(place))


def walks(ran: Ran) -> list[str | None]:
    return [each.path for each in ran.events if each.kind is EventKind.SCAN_STARTED]


def test_a_storm_of_moved_folders_is_one_walk_and_loses_nothing(site: Site) -> None:
    """W3, w05, L6: beyond a threshold of folders the library is walked once, and all is found."""
    folders = MOST + 12
    fill(site, PER_FOLDER * folders)
    site.run()

    def move(engine: Engine) -> None:
        before = tuple(site.library.iterdir())
        after = [each.rename(each.with_name(f"{each.name} (live)")) for each in before]
        for each in (*before, *after):
            engine.inbox.touch(Place("music", PurePosixPath(each.name)), True)

    ran = site.run(move, audit=False)

    begun = walks(ran)
    assert begun.count(".") in {1, 2}  # once more for those that were told of while it went on
    assert len(begun) < 2 * MOST  # of 280: those that were told of before it, or after it began
    assert Counter() == ran.actions
    with site.store() as store:
        library = store.libraries.all()[0].id
        moved = store.folders.all(library, ())
        assert PER_FOLDER * folders == store.tracks.valid_count(library)
        assert {f"{each:05} (live)" for each in range(folders)} == set(moved) - {"."}


def test_folders_that_went_are_let_go_bit_by_bit(site: Site) -> None:
    """P5, L2, L5: commands need not wait until all of a great many is off the record."""
    fill(site, PER_FOLDER * 150)
    site.run()
    for folder in sorted(site.library.iterdir())[1:]:
        shutil.rmtree(folder)
    library, left = site.library_id, [150]

    def counted(engine: Engine) -> bool:
        left.append(len(set(engine.store.folders.all(library, ())) - {"."}))
        return engine.idle

    ran = site.run(until=counted)

    assert 1 == left[-1]
    assert OUTSTANDING >= max(before - after for before, after in pairwise(left))
    assert ran.report
    assert PER_FOLDER * 149 == ran.report.files_removed


def test_work_grows_as_the_library_does(tmp_path: Path) -> None:
    """L7, P5: four times the files, in folders or in one, are four times the work at most."""

    def cost(files: int, per_folder: int) -> int:
        base = tmp_path / f"{files}-{per_folder}"
        base.mkdir()
        site = Site.make(base)
        fill(site, files, per_folder=per_folder)
        ran: list[Ran] = []
        spent = effort(lambda: ran.append(site.run()))
        assert Counter() == ran[0].actions
        return spent

    assert cost(1_600, 10) < 5 * cost(400, 10)
    assert cost(1_600, 1_600) < 5 * cost(400, 400)


def test_each_outcome_costs_the_same_however_many_wait(tmp_path: Path) -> None:
    """P5: a folder of a thousand masters to be tested is no more work for each than a small one."""

    def turn(masters: int) -> int:
        base = tmp_path / f"{masters}"
        base.mkdir()
        site = Site.make(base)
        first = site.library / "0000.flac"
        master(first, 1)
        for number in range(1, masters):
            (site.library / f"{number:04}.flac").write_bytes(first.read_bytes())
        spent: list[int] = []

        def some_done(engine: Engine) -> bool:
            if engine.dispatch.ready.actions.get(Action.TEST, 0) > masters // 2:
                spent.append(effort(engine._turn))
            return len(spent) == 5

        site.run(until=some_done)
        return sorted(spent)[2]

    assert turn(1_200) < 1.5 * turn(300)
