"""One piece of work under one fault: what is promised is held against what came of it."""

import errno
import os
import pickle
import shutil
import subprocess
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from faults.gate import KILL, forked
from faults.looking import contents, everything, state_of, temporaries
from faults.naming import Came, misnamed
from faults.scene import Scene, StepFailedError
from faults.striking import Strike
from faults.syscalls import Kind
from pacd.engine.sweeping import sweep_tree
from pacd.errors import PacError
from pacd.files import recycle


@dataclass(slots=True)
class Tally:
    """
    The figures of a campaign.

    Attributes:
        came: How often which kind of fault came to what.
        wrong: What was promised and not kept, sentences.
    """

    faults: int = 0
    kills: int = 0
    files: int = 0
    lost: int = 0
    temporaries: int = 0
    duplicates: int = 0
    came: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Trial:
    """A scene that is played again and again, each time on a fresh copy of its files."""

    def __init__(self, scene: Scene, place: Path, tally: Tally) -> None:
        """
        Args:
            place: An empty folder.
        """
        self.scene = scene
        self.tally = tally
        self._template = place / "template"
        self._stage = place / "stage"
        self._template.mkdir(parents=True)
        scene.set_up(self._template)
        with self._staged() as base:
            self._before = state_of(base)
            scene.work(base)
            self._after = state_of(base)

    def until_clean(self, name: str, kinds: Iterable[Kind], number: int, *, lasting: bool) -> None:
        """Strike the first call of these kinds, the second, the third … until there is none."""
        for nth in count(1):
            with self._staged() as base:
                strike = Strike(frozenset(kinds), number, nth, (base,), lasting=lasting)
                if not self._struck(name, strike, base):
                    return

    def _struck(self, name: str, strike: Strike, base: Path) -> bool:
        """Play the scene once under a fault; return whether it was struck at all."""
        came = self._play(strike, base)
        if not strike.struck:
            return False
        tally, where = self.tally, f"{self.scene.name}, {name} at call {strike.nth} ({strike.name})"
        killed = strike.answer == KILL
        tally.kills += killed
        tally.faults += not killed
        tally.came[name, came.how] += 1
        tally.files += len(self._before.keys() | self._after.keys())
        wrong = [*self._harm(base), *misnamed(came, strike, self.scene)]
        if not killed and (
            left := [each for each in temporaries(base) if not _may_stay(each, strike)]
        ):
            wrong.append(f"left behind: {left}")
        if came.how == "done" and state_of(base) != self._after:
            wrong.append("it said that all was done, and it was not")
        wrong += self._mended(base)
        tally.wrong += [f"{where}: {each} [{came.how}: {came.said}]" for each in wrong]
        return True

    def _play(self, strike: Strike, base: Path) -> Came:
        said, status = forked(lambda: pickle.dumps(_played(self.scene, base)), strike, strike.kinds)
        if os.WIFSIGNALED(status):
            return Came("killed")
        came: Came = pickle.loads(said)  # noqa: S301  # our own child wrote it
        return came

    def _harm(self, base: Path) -> Iterator[str]:
        """Tell of every file that is neither old nor new; and of old ones that are nowhere."""
        found = state_of(base)
        for path in sorted(found.keys() | self._before.keys()):
            if path.startswith("bin/"):
                continue
            wanted = {self._before.get(path), self._after.get(path)}
            if found.get(path) not in wanted:
                self.tally.lost += 1
                yield f"{path} is neither old nor new: {found.get(path)}"
        if self.scene.keeps and not contents(self._before) <= everything(base):
            self.tally.lost += 1
            yield "what was there is nowhere"

    def _mended(self, base: Path) -> Iterator[str]:
        """Do what the next start does: clean up, and the work that is still due."""
        _clean_up(base)
        settled = state_of(base)
        if self.scene.keeps and not set(self._before.values()) <= set(settled.values()):
            self.tally.lost += 1
            yield "what was there is nowhere after the next start"
        try:
            self.scene.work(base)
        except (StepFailedError, PacError, OSError) as error:
            yield f"it cannot be done afterwards: {error}"
            return
        finished = state_of(base)
        if finished != self._after:
            self.tally.duplicates += 1
            yield f"done once more it is not the same: {finished} instead of {self._after}"
        if left := temporaries(base):
            self.tally.temporaries += len(left)
            yield f"left behind for good: {left}"

    @contextmanager
    def _staged(self) -> Iterator[Path]:
        subprocess.run(["cp", "--archive", self._template, self._stage], check=True)
        try:
            yield self._stage
        finally:
            shutil.rmtree(self._stage)


def _clean_up(base: Path) -> None:
    """As the engine does at its start (engine.sweeping, engine.recycling)."""
    sweep_tree(base, lambda _pid: True)
    library = base / "library"
    recycle.settle(library, lambda _pid: True)
    for recycled, whole in tuple(recycle.contents(library)):
        if not whole:
            recycle.forget(library, recycled)


def _played(scene: Scene, base: Path) -> Came:
    """Work in the child."""
    try:
        scene.work(base)
    except StepFailedError as error:
        return Came(error.failed.kind.value, error.failed.message + error.failed.words)
    except PacError as error:
        return Came(type(error).__name__, str(error))
    except OSError as error:
        return Came(errno.errorcode.get(error.errno or 0, type(error).__name__), str(error))
    except BaseException:  # noqa: BLE001  # the border of the child, as in pacd.steps.registry
        return Came("fault", traceback.format_exc())
    return Came("done")


def _may_stay(path: str, strike: Strike) -> bool:
    """Whether only the next start can remove it, or give it its name in the bin."""
    unnamed = Kind.RENAME in strike.kinds and recycle.BIN in path
    return unnamed or Kind.REMOVE in strike.kinds
