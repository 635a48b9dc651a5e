"""What is remembered of a library's root: the ground that a whole walk has vouched for (w09)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pacd.intake.volumes import inside, same_place
from pacd.store.database import Store


@dataclass(frozen=True, slots=True)
class Ground:
    """
    A library's root, as the store remembers it over restarts and boots.

    Attributes:
        place: As lasting() spells it, or an inode (an earlier version's); None before the first.
        files: How many masters the last whole walk saw there; None where that was not noted.
        inside: What was mounted below it, by its path from there, as inside() tells.
    """

    place: str | int | None = None
    files: int | None = None
    inside: Mapping[str, str] = field(default_factory=dict)


def recall(store: Store, library_id: int) -> Ground:
    """Return what is remembered of a library's root."""
    known = store.memory.get(_key(library_id))
    return Ground(**known) if isinstance(known, dict) else Ground(known)


def remember(store: Store, library_id: int, ground: Ground) -> None:
    """Remember a library's root, in a transaction, if it is not as it was."""
    if ground != recall(store, library_id):
        document = {"place": ground.place, "files": ground.files, "inside": dict(ground.inside)}
        with store.transaction():
            store.memory.set(_key(library_id), document)


def away(ground: Ground, root: Path) -> tuple[PurePosixPath, ...]:
    """Which of the disks inside a library are not mounted, or others in their place."""
    if not ground.inside:
        return ()
    now = inside(root)
    gone = (name for name, known in ground.inside.items() if not _stands(known, now.get(name)))
    return tuple(PurePosixPath(name) for name in gone)


def _stands(known: str, now: str | None) -> bool:
    """Whether what is mounted is what was; where either says nothing, that something is."""
    return now is not None and (not (known and now) or same_place(known, now))


def _key(library_id: int) -> str:
    return f"root {library_id}"
