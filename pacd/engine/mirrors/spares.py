"""
Finds outputs that can be renamed instead of encoded anew (M5): reads, and changes nothing.

All is told by the two trees: an output states whose audio it holds, and a name says which master
belongs there.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from pacd.domain.hold import Cause
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import MirrorPolicy
from pacd.engine.naming import Naming
from pacd.errors import PacError
from pacd.files.atomic import observe
from pacd.planning.outputs import is_far
from pacd.planning.rules import outdated
from pacd.store.database import Store


@dataclass(frozen=True, slots=True)
class Search:
    """
    What a search for a spare output came to.

    Attributes:
        spare: Holds the right audio, where no master wants it.
        awaited: A master that has to be tested first: the output may be its own.
        busy: Places in use that one is being renamed from, or replaced in, just now.
        astray: Whether one has left the place that it is on record for, by another hand.
    """

    spare: Output | None = None
    awaited: PurePosixPath | None = None
    busy: tuple[PurePosixPath, ...] = ()
    astray: bool = False


def wants_audio(facts: Facts, mirror: MirrorPolicy) -> bool:
    """Whether a sound master has no output of its audio where one belongs."""
    output = facts.outputs.get(mirror.name)
    if output is None or facts.check is None or not facts.check.integrity.sound:
        return False
    if output.state is OutputState.MISSING:
        return True
    return output.state is OutputState.OURS and output.src_md5 != facts.audio_md5


def find_spare(
    store: Store,
    library_id: int,
    naming: Naming,
    mirror: MirrorPolicy,
    facts: Facts,
    *,
    busy: Callable[[PurePosixPath], bool] = lambda _place: False,
    moved: Mapping[PurePosixPath, Output] = MappingProxyType({}),
) -> Search:
    """
    Look for an output that one master could have.

    Args:
        busy: Tells whether another master's output is being renamed from, or written to, a place.
        moved: What is to be thought of as standing in some places, by these.
    """
    awaited, astray, place = None, False, facts.outputs[mirror.name].path
    waits = [place] if busy(place) else []
    rows = store.outputs.with_audio(library_id, mirror.name, facts.audio_md5)
    there = [row.output for row in rows if row.output.path not in moved]
    there += [output for output in moved.values() if output.src_md5 == facts.audio_md5]
    for found in there:
        if found.path == place or outdated(found, mirror):
            continue
        if busy(found.path):
            waits.append(found.path)
            continue
        if found.path not in moved and not _stands(mirror, found):
            astray = True
            continue
        owner = _owner(naming, mirror, found)
        wants = _wants(store, library_id, naming, owner, found) if owner != facts.path else False
        if wants is False and not waits:
            return Search(spare=found)
        awaited = owner if wants is None else awaited
    return Search(awaited=awaited, busy=tuple(waits), astray=astray)


def _owner(naming: Naming, mirror: MirrorPolicy, output: Output) -> PurePosixPath | None:
    """The master that belongs where an output stands; below a hash the output tells it."""
    if not is_far(output.path.parts[0]):
        return naming.master_of(mirror, output.path)
    source = output.source_rel  # which may lead anywhere
    if ".." in source.parts or not os.path.lexists(naming.policy.root / source):
        return None
    places = naming.places(source.parent)
    return source if places and places[mirror.name].path == output.path.parent else None


def _stands(mirror: MirrorPolicy, output: Output) -> bool:
    """Whether the file is still as it is on record, wherever it was moved."""
    try:
        seen = observe(mirror.root / output.path)
    except (OSError, PacError):
        return False
    return output.observation is not None and output.observation.same_bytes(seen)


def _wants(
    store: Store, library_id: int, naming: Naming, owner: PurePosixPath | None, output: Output
) -> bool | None:
    """Whether the master that belongs there wants this output; None while nobody can tell."""
    if owner is None:
        return False
    try:
        seen = observe(naming.policy.root / owner)
    except (OSError, PacError):
        return None
    check = store.verdicts.check_of(seen)
    if check is None:
        # One that is not about to be tested is not to be waited for: it keeps what it has.
        failed = store.jobs.setbacks(library_id, owner.parent).get(owner, ())
        held = store.holds.in_folder(library_id, owner.parent).get(owner, ())
        untestable = any(each.action is Action.TEST for each in failed)
        restless = any(hold.cause is Cause.UNSTABLE for hold in held)
        return True if untestable or restless else None
    return not check.integrity.sound or check.audio_md5 == output.src_md5
