"""One folder on its way to rest: what is known of it, and what is under way."""

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pacd.domain.change import Entry, FolderId
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Facts
from pacd.domain.policy import LibraryPolicy
from pacd.engine.busy import Busy
from pacd.engine.flux import Flux
from pacd.engine.looking import Looked, Standing
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.planning.setbacks import LONGEST_WAIT, held_for


class Urgency(IntEnum):
    """Who goes first: what somebody waits for, then what an audit found."""

    LIVE = 0
    AUDIT = 1


class Unseen(NamedTuple):
    """A file in a mirror to be read; `master` is None where it belongs to none."""

    master: PurePosixPath | None
    mirror: str
    root: Path
    output: Output


@dataclass(slots=True)
class Visit:
    """
    The state of one folder between the first look and rest; belongs to the engine's thread.

    Attributes:
        roots: The roots that items write below, as they were at the look.
        extras: Files of the mirrors that belong to no master here and that nobody has read yet.
        doubted: Whether its root may be another's, so that nothing is done but what only reads.
        begun: When the look was.
        turn: Visits are numbered in the order of their begin.
        busy: Items that wait or run; the folder is not at rest before it is empty.
        touched: Whether something was changed since the look.
        again: Whether the folder was touched by others meanwhile.
        aside: Whether nothing more is decided of it: it only waits for items to come back.
        looking: Whether a worker is reading outputs that the store does not know.
        covers_due: Whether something has changed that decides which covers are wanted.
        covers_wait: Whether another folder is exporting to the place of one of them.
        covers_away: Whether nobody can tell which are due: their disk is away.
        flux: Masters that wait for what is under way, such as an output of their audio.
        sidecars: Facts of what is copied along with the masters.
        begun: When it was looked at.
    """

    place: Place
    library_id: int
    policy: LibraryPolicy
    urgency: Urgency
    turn: int
    looked: Looked
    facts: dict[PurePosixPath, Facts]
    begun: datetime
    roots: Mapping[Path, FolderId] = field(default_factory=dict)
    extras: tuple[Unseen, ...] = ()
    doubted: bool = False
    busy: Busy = field(default_factory=Busy)
    touched: bool = False
    again: bool = False
    aside: bool = False
    looking: bool = False
    covers_due: bool = True
    covers_wait: bool = False
    covers_away: bool = False
    flux: Flux = field(default_factory=Flux)
    sidecars: dict[PurePosixPath, Facts] = field(default_factory=dict)

    @property
    def known(self) -> Mapping[PurePosixPath, Facts]:
        """The facts of all that is maintained here, masters and sidecars."""
        return ChainMap(self.facts, self.sidecars)

    def retries(self, now: datetime) -> Iterator[datetime]:
        """
        When failed items may be tried again, also where that moment has passed meanwhile.

        What could be tried when the visit began was, or was not due.  A clock that is set back
        meanwhile makes nothing wait for it.
        """
        for facts in self.known.values():
            for setback in facts.setbacks:
                if held_for(setback) is None and setback.retry_at > self.begun:
                    yield min(setback.retry_at, now + LONGEST_WAIT)

    def restless(self, patience: timedelta = timedelta.max) -> bool:
        """Whether a file has not settled, but may within the patience there is for it."""
        return any(
            facts.restless is not None and facts.restless <= patience
            for facts in self.known.values()
        )

    @property
    def awaits(self) -> bool:
        """Whether a master waits for what is not known yet of another one, or of a mirror."""
        return any(facts.awaited for facts in self.facts.values())

    @property
    def left_open(self) -> bool:
        """Whether something may be due in the folder, however it looks."""
        return self.restless() or self.awaits

    def unseen(self) -> Iterator[Unseen]:
        """Files that stand in the mirrors' folders and the store does not know."""
        for path, facts in self.facts.items():
            for mirror in self.policy.mirrors:
                output = facts.outputs.get(mirror.name)
                if output and output.state is OutputState.UNSEEN and output.observation:
                    yield Unseen(path, mirror.name, mirror.root, output)
        yield from self.extras

    def learn(self, outputs: Sequence[Output]) -> tuple[tuple[str, Output], ...]:
        """
        Take what a worker read of the unseen outputs, in their order; nothing if it was lost.

        Returns:
            Each output with its mirror's name.
        """
        learnt = []
        for asked, output in zip(tuple(self.unseen()), outputs, strict=False):
            known = _joined(output, asked.output)
            learnt.append((asked.mirror, known))
            if asked.master is not None:
                facts = self.facts[asked.master]
                known_outputs = {**facts.outputs, asked.mirror: known}
                self.facts[asked.master] = replace(facts, outputs=known_outputs)
        if outputs:
            self.extras = ()
        return tuple(learnt)

    def agrees(self, looked: Looked) -> bool:
        """Whether what is seen now is what is known."""
        library, known = looked.library, self.known
        entries = (*library.entries, *map(Entry.of, library.beside))
        there = {library.path / entry.name: entry.observation for entry in entries}
        if there != {path: facts.observation for path, facts in known.items()}:
            return False
        return all(self._mirror_agrees(name, view) for name, view in looked.mirrors.items())

    def _mirror_agrees(self, name: str, view: FolderView | None) -> bool:
        if view is None:
            return True
        known = [facts.outputs[name] for facts in self.known.values() if name in facts.outputs]
        there = Standing(view, frozenset(output.path for output in known))
        seen = ((there.at(output.path), output.observation) for output in known)
        return all((entry and entry.observation) == expected for entry, expected in seen)


def _joined(output: Output, asked: Output) -> Output:
    """What a worker read, with what only the engine knows."""
    seen = output.observation or asked.observation
    return replace(output, observation=seen, renamed=asked.renamed, listed=asked.listed)
