"""A year of a collector's life: whatever is done to a library, its mirrors follow it exactly."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
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
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.engine import Engine
from pacd.files.tags import PacTags
from pacd.intake.debounce import Place
from pacd.protocol.documents import EventKind
from tests.integration.engine.bystanders import (
    Asked,
    Others,
    asked_about,
    beside_outputs,
    copies_in_step,
    disown,
    music,
    wanted_copies_of,
)
from tests.integration.engine.collector import (
    Collector,
    audio_in,
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
SIDECARS = st.sampled_from(
    ["01.lrc", "01.de.lrc", "Song.lrc", "song.LRC", "Cafe\u0301.lrc", "a:b.lrc", "cover.jpg"]
)
NUMBERS = st.integers(0, 1_000)
MIRRORS = st.sampled_from([0, 1])
MANY: Final = 14
"""Masters beyond which none is added."""

told: Counter[str] = Counter()


class Year(RuleBasedStateMachine):
    """Any order of changes, with any number of them between two looks of the engine."""

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(tempfile.mkdtemp(prefix="pac-year-"))
        self.site = two_mirrors(self.base, self.base / "library", prune=True)
        self.life = Collector(self.site.library)
        self.others = Others()
        self.audited = False
        self.unseen = False

    @property
    def policy(self) -> LibraryPolicy:
        return self.site.policy.libraries[0]

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

    @rule(folder=FOLDERS, name=SIDECARS)
    def write_sidecar(self, folder: str, name: str) -> None:
        if len(self.life.sidecars()) < MANY:
            self.life.write(folder, name)

    @precondition(lambda self: self.life.sidecars())
    @rule(number=NUMBERS)
    def edit_sidecar(self, number: int) -> None:
        path = _pick(self.life.sidecars(), number)
        self.life.write(str(path.parent), path.name)

    @precondition(lambda self: self.life.sidecars())
    @rule(number=NUMBERS)
    def remove_sidecar(self, number: int) -> None:
        self.life.remove(_pick(self.life.sidecars(), number))

    @precondition(lambda self: self.life.sidecars())
    @rule(number=NUMBERS, folder=FOLDERS, name=SIDECARS, again=st.booleans())
    def rename_sidecar(self, number: int, folder: str, name: str, *, again: bool) -> None:
        path = _pick(self.life.sidecars(), number)
        moved = self.life.move(path, self.life.library / folder / name)
        if moved and again:
            self.life.write(str(path.parent), path.name)

    @precondition(lambda self: len(self.life.sidecars()) > 1)
    @rule(number=NUMBERS, other=NUMBERS)
    def swap_sidecars(self, number: int, other: int) -> None:
        found = {_pick(self.life.sidecars(), each) for each in (number, other)}
        if len(found) > 1:
            self.life.rotate(sorted(found))

    @rule(which=MIRRORS, folder=FOLDERS, name=st.sampled_from(["notes.txt", "theirs", "my.lrc"]))
    def leave_file_beside(self, which: int, folder: str, name: str) -> None:
        """A file of somebody's, music or not, where none of PAC's belongs."""
        mirror = self.policy.mirrors[which]
        path = mirror.root / folder / (name if "." in name else name + mirror.extension)
        self._put(path, music(path.suffix) if name == "theirs" else b"mine")

    @rule(which=MIRRORS, number=NUMBERS, is_music=st.booleans())
    def leave_file_in_the_way(self, which: int, number: int, *, is_music: bool) -> None:
        """A file of somebody's in the place of an output or a copy, over it if it is there."""
        mirror = self.policy.mirrors[which]
        wanted = [*wanted_of(self.policy, mirror), *wanted_copies_of(self.policy, mirror)]
        if wanted:
            path = mirror.root / wanted[number % len(wanted)]
            is_output = path.suffix == mirror.extension
            self._put(path, music(path.suffix) if is_output and is_music else b"theirs")

    @rule(which=MIRRORS, number=NUMBERS)
    def edit_copy(self, which: int, number: int) -> None:
        """Somebody writes into what is, or is not, a copy of PAC's: it is theirs."""
        found = beside_outputs(self.policy.mirrors[which])
        if found:
            path = _pick(found, number)
            path.write_bytes(path.read_bytes() + b", corrected")
            self.others.note(path)
            self.unseen = True

    @precondition(lambda self: self.others.files)
    @rule(number=NUMBERS)
    def remove_file_of_others(self, number: int) -> None:
        self.others.remove(_pick(sorted(self.others.files), number))
        self.unseen = True

    def _put(self, path: Path, data: bytes) -> None:
        self.others.put(path, data)
        self.unseen = True

    @precondition(lambda self: self.audited)
    @rule()
    def lose_database(self) -> None:
        shutil.rmtree(self.base / "state")
        self.audited = False

    @precondition(lambda self: self.life.masters())
    @rule(turns=st.integers(1, 60), crash=st.booleans())
    def stop_halfway(self, *, turns: int, crash: bool) -> None:
        """The daemon ends while it works: by itself, or so that its workers are lost."""
        disown(self.site, self.others)
        others = self.others.files
        kept = {
            mirror.name: audio_in(mirror, others) & self._audio_wanted(mirror)
            for mirror in self.policy.mirrors
        }
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
        self.others.unharmed()
        for mirror in self.policy.mirrors:
            assert kept[mirror.name] <= audio_in(mirror, others)

    def _audio_wanted(self, mirror: MirrorPolicy) -> Counter[str]:
        """The audio of masters whose outputs nothing stands in the way of."""
        wanted = wanted_of(self.policy, mirror).items()
        return Counter(
            pac.src_md5 for path, pac in wanted if not self.others.near(mirror.root / path)
        )

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
        self.unseen = True
        if before:
            assert before == contents(root)

    @precondition(lambda self: self.life.masters())
    @rule()
    def audit(self) -> None:
        self.run(live=False)

    @precondition(
        lambda self: self.audited and not self.unseen and self.life.touched and self.life.masters()
    )
    @rule()
    def watch(self) -> None:
        self.run(live=True)

    def run(self, *, live: bool) -> Ran:
        """Bring the library to rest, and hold everything against what should be."""
        disown(self.site, self.others)
        others = self.others.files
        before = {mirror.name: outputs_of(mirror, others) for mirror in self.policy.mirrors}
        in_step = [
            path
            for mirror in self.policy.mirrors
            for path in copies_in_step(self.policy, mirror, self.others)
        ]
        untouched = {path: _stamp(path) for path in in_step}
        ran = self._live() if live else self.site.run()
        self.audited, self.unseen = True, False
        self.life.touched.clear()
        told.update(ran.actions)
        told.update(runs=1)

        self.others.unharmed()
        assert untouched == {path: _stamp(path) for path in in_step}
        blocked = {
            asked
            for mirror in self.policy.mirrors
            for asked in (
                *self._outputs_are_right(mirror, before[mirror.name], ran),
                *self._copies_are_right(mirror),
            )
        }
        assert asked_about(self.site) == blocked
        return ran

    def _outputs_are_right(
        self, mirror: MirrorPolicy, before: dict[PurePosixPath, PacTags], ran: Ran
    ) -> Iterator[Asked]:
        """Hold the outputs of a mirror against its masters; yield those with others' in the way."""
        wanted, there = wanted_of(self.policy, mirror), outputs_of(mirror, self.others.files)
        had = Counter(pac.src_md5 for pac in before.values())
        encoded = [each.path for each in ran.events if _is_encode(each, mirror.name)]
        open_ = {path: pac for path, pac in wanted.items() if path in there}
        masters = Counter(pac.src_md5 for pac in open_.values())

        assert open_ == {path: _said(there[path]) for path in open_}
        assert (masters - had).total() == len(encoded), (mirror.name, encoded)
        left = Counter(pac.src_md5 for path, pac in there.items() if path not in wanted)
        assert left <= had - masters, mirror.name
        waiting = {pac.src_md5 for path, pac in wanted.items() if path not in there}
        assert not mirror.prune or left.keys() <= waiting, mirror.name
        with self.site.store() as store:
            rows = store.outputs.orphans(self.site.library_id, mirror.name)
            assert there.keys() - wanted.keys() == {row.output.path for row in rows}
        for path in wanted.keys() - there.keys():
            assert self.others.near(mirror.root / path), path
            yield (wanted[path].source_rel, mirror.name)

    def _copies_are_right(self, mirror: MirrorPolicy) -> Iterator[Asked]:
        """Hold copies against their sidecars; yield those with others' files in the way."""
        in_step = set(copies_in_step(self.policy, mirror, self.others))
        if mirror.prune:
            assert {*beside_outputs(mirror)} <= in_step | self.others.files.keys()
        for place, sidecar in wanted_copies_of(self.policy, mirror).items():
            path = mirror.root / place
            if path not in in_step:
                assert self.others.near(path), path
                yield (sidecar, mirror.name)

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
        for old, new in zip(self.policy.mirrors, fresh.policy.libraries[0].mirrors, strict=True):
            wanted = outputs_of(new)

            assert wanted_of(self.policy, old).keys() == wanted.keys()
            for path in wanted:
                if not self.others.near(old.root / path):
                    assert _tags(new.root / path) == _tags(old.root / path), path
            for copy in beside_outputs(new):
                there = old.root / copy.relative_to(new.root)
                assert self.others.near(there) or copy.read_bytes() == there.read_bytes(), there


def _pick(found: list[Path], number: int) -> Path:
    return found[number % len(found)]


def _is_encode(event: Any, mirror: str) -> bool:
    begun = event.kind is EventKind.ITEM_STARTED and event.action == Action.MIRROR_ENCODE
    return begun and event.mirror == mirror


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return (status.st_ino, status.st_mtime_ns)


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
            max_examples=LONG or 2,
            stateful_step_count=120 if LONG else 25,
            derandomize=not LONG,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
