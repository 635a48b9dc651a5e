"""A year of a collector's life: whatever is done to a library, its mirrors follow it exactly."""

import os
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import mutagen
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pacd.domain.plan import Action
from pacd.engine.engine import Engine
from pacd.files.tags import PacTags
from pacd.intake.debounce import Place
from pacd.protocol.documents import EventKind
from tests.integration.engine.collector import (
    Collector,
    audio_in,
    audio_of,
    other_case,
    other_form,
    outputs_of,
    two_mirrors,
    wanted_of,
)
from tests.integration.engine.site import Ran, contents

LONG: Final = int(os.environ.get("PAC_LONG", "0"))
"""Years to play through, of many days each; the test suite plays a few short ones."""

FILES = st.sampled_from(["01", "02", "Song", "song", "Caf\u00e9", "Cafe\u0301", "a:b", "aux"])
FOLDERS = st.sampled_from(
    ["", "A", "a", "A/B", "A/b", "B", "\u00c4rger", "A\u0308rger", "B/CD1", "B/CD2", "C?/D"]
)
NUMBERS = st.integers(0, 1_000)
MANY: Final = 14
"""Masters beyond which none is added."""

told: Counter[str] = Counter()


class Year(RuleBasedStateMachine):
    """Any order of changes, with any number of them between two looks of the engine."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(tempfile.mkdtemp(prefix="pac-year-"))
        self.site = two_mirrors(self.base, self.base / "library")
        self.life = Collector(self.site.library)
        self.audited = False

    @initialize()
    def begin(self) -> None:
        """A small library to begin with."""
        for folder, name in (("A", "01"), ("A", "02"), ("B/CD1", "01"), ("B/CD2", "01")):
            self.life.add(folder, name)

    @rule(folder=FOLDERS, name=FILES)
    def add(self, folder: str, name: str) -> None:
        if len(self.life.masters()) < MANY:
            self.life.add(folder, name)

    @precondition(lambda self: self.life.masters())
    @rule(number=NUMBERS, folder=FOLDERS, name=FILES)
    def copy(self, number: int, folder: str, name: str) -> None:
        if len(self.life.masters()) < MANY:
            self.life.copy(_pick(self.life.masters(), number), folder, name)

    @precondition(lambda self: self.life.masters())
    @rule(number=NUMBERS, what=st.sampled_from(["retag", "repaint", "record", "remove"]))
    def change_file(self, number: int, what: str) -> None:
        getattr(self.life, what)(_pick(self.life.masters(), number))

    @precondition(lambda self: self.life.masters())
    @rule(number=NUMBERS, folder=FOLDERS, name=FILES, new=st.booleans())
    def rename_file(self, number: int, folder: str, name: str, new: bool) -> None:
        path = _pick(self.life.masters(), number)
        moved = self.life.move(path, self.life.library / folder / f"{name}.flac")
        if moved and new:
            self.life.record(path)

    @precondition(lambda self: self.life.folders())
    @rule(number=NUMBERS, to=FOLDERS)
    def move_folder(self, number: int, to: str) -> None:
        path = _pick(self.life.folders(), number)
        target = self.life.library / to
        self.life.move(path, target / path.name if target.is_dir() else target)

    @rule(number=NUMBERS, spell=st.sampled_from([other_case, other_form]), folder=st.booleans())
    def respell(self, number: int, spell: Any, folder: bool) -> None:
        found = self.life.folders() if folder else self.life.masters()
        if found:
            path = _pick(found, number)
            self.life.move(path, path.with_name(spell(path.name)))

    @precondition(lambda self: len(self.life.masters()) > 2)
    @rule(number=NUMBERS, other=NUMBERS, third=NUMBERS)
    def rotate_files(self, number: int, other: int, third: int) -> None:
        masters = self.life.masters()
        found = dict.fromkeys(_pick(masters, each) for each in (number, other, third))
        if len(found) > 1:
            self.life.rotate(list(found))

    @precondition(lambda self: len(self.life.folders()) > 1)
    @rule(number=NUMBERS, other=NUMBERS)
    def swap_folders(self, number: int, other: int) -> None:
        one, two = (_pick(self.life.folders(), each) for each in (number, other))
        if not (one.is_relative_to(two) or two.is_relative_to(one)):
            self.life.rotate([one, two])

    @precondition(lambda self: len(self.life.masters()) > 4)
    @rule(number=NUMBERS)
    def remove_folder(self, number: int) -> None:
        self.life.remove(_pick(self.life.folders(), number)) if self.life.folders() else None

    @precondition(lambda self: self.audited)
    @rule()
    def lose_database(self) -> None:
        shutil.rmtree(self.base / "state")
        self.audited = False

    @precondition(lambda self: self.life.masters())
    @rule(turns=st.integers(1, 60), crash=st.booleans())
    def stop_halfway(self, *, turns: int, crash: bool) -> None:
        """The daemon ends while it works: by itself, or so that its workers are lost."""
        policy = self.site.policy.libraries[0]
        masters = audio_of(self.life.masters())
        before = {mirror.name: audio_in(mirror) for mirror in policy.mirrors}
        left = iter(range(turns))

        def over(engine: Engine) -> bool:
            ends = next(left, None) is None
            if ends and crash:
                engine.stop()
                engine.stop()
            return ends or engine.idle

        self.site.run(until=over)
        self.audited = False
        told.update(stops=1)
        for mirror in policy.mirrors:
            assert before[mirror.name] & masters <= audio_in(mirror)

    @precondition(lambda self: self.audited and self.life.masters())
    @rule(name=st.sampled_from(["library", "phone", "car"]), is_empty=st.booleans())
    def unmount(self, name: str, *, is_empty: bool) -> None:
        """A disk is away for a while, with or without its mount point."""
        root, elsewhere = self.base / name, self.base / "elsewhere"
        before = contents(root)
        root.rename(elsewhere)
        if is_empty:
            root.mkdir()
        self.site.run()
        if is_empty:
            root.rmdir()
        elsewhere.rename(root)
        told.update(unmounts=1)
        if before:
            assert before == contents(root)

    @precondition(lambda self: self.life.masters())
    @rule()
    def audit(self) -> None:
        self.run(live=False)

    @precondition(lambda self: self.audited and self.life.touched and self.life.masters())
    @rule()
    def watch(self) -> None:
        self.run(live=True)

    def run(self, *, live: bool) -> Ran:
        """Bring the library to rest, and hold everything against what should be."""
        policy = self.site.policy.libraries[0]
        before = {mirror.name: outputs_of(mirror) for mirror in policy.mirrors}
        masters = audio_of(self.life.masters())
        ran = self._live() if live else self.site.run()
        self.audited = True
        self.life.touched.clear()
        told.update(ran.actions)
        told.update(runs=1)

        assert [] == self.site.holds()
        for mirror in policy.mirrors:
            wanted, there = wanted_of(policy, mirror), outputs_of(mirror)
            had = Counter(pac.src_md5 for pac in before[mirror.name].values())
            encoded = [each.path for each in ran.events if _is_encode(each, mirror.name)]

            assert wanted == {path: _said(there[path]) for path in wanted if path in there}
            assert (masters - had).total() == len(encoded), (mirror.name, encoded)
            left = Counter(pac.src_md5 for path, pac in there.items() if path not in wanted)
            assert left <= had - masters, mirror.name
            with self.site.store() as store:
                rows = store.outputs.orphans(self.site.library_id, mirror.name)
                assert there.keys() - wanted.keys() == {row.output.path for row in rows}
        return ran

    def _live(self) -> Ran:
        touched = sorted(self.life.touched.items())

        def touch(engine: Engine) -> None:
            for folder, tree in touched:
                engine.inbox.touch(Place("music", folder), tree)

        return self.site.run(touch, audit=False)

    def teardown(self) -> None:
        try:
            if self.life.masters():
                self.run(live=False)
                self._rests()
                self._equals_a_fresh_mirror()
        finally:
            shutil.rmtree(self.base)

    def _rests(self) -> None:
        roots = [self.base / name for name in ("library", "phone", "car")]
        before = [contents(root) for root in roots]

        assert Counter() == self.site.run().actions
        assert before == [contents(root) for root in roots]

    def _equals_a_fresh_mirror(self) -> None:
        (self.base / "fresh").mkdir()
        fresh = two_mirrors(self.base / "fresh", self.site.library)
        fresh.run()
        policy = self.site.policy.libraries[0]
        for old, new in zip(policy.mirrors, fresh.policy.libraries[0].mirrors, strict=True):
            wanted = outputs_of(new)

            assert wanted_of(policy, old).keys() == wanted.keys()
            for path in wanted:
                assert _tags(new.root / path) == _tags(old.root / path), path


def _pick(found: list[Path], number: int) -> Path:
    return found[number % len(found)]


def _is_encode(event: Any, mirror: str) -> bool:
    begun = event.kind is EventKind.ITEM_STARTED and event.action == Action.MIRROR_ENCODE
    return begun and event.mirror == mirror


def _said(pac: PacTags) -> PacTags:
    return replace(pac, encoder="", version="")


def _tags(path: Path) -> dict[str, list[Any]]:
    opened: Any = mutagen.File(path)
    return {
        key: list(value) if isinstance(value, list) else [value] for key, value in opened.items()
    }


def test_a_collectors_year() -> None:
    """M4, M5: the mirrors end as fresh ones would be, and only new audio is encoded."""
    run_state_machine_as_test(
        Year,
        settings=settings(
            max_examples=LONG or 4,
            stateful_step_count=120 if LONG else 25,
            derandomize=not LONG,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
