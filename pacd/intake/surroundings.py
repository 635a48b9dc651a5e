"""What a library lies on, and what is mounted in it: where inotify hears of every change."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pacd.intake.mounts import Mount, MountTable

_UNHEARD: Final = "where changes by other machines give no events"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    The mounts of one library.

    Attributes:
        mounts: The one it lies on, then those below it, by their places.
        polled: Why audits alone see some changes or all, a clause; None where inotify sees all.
        watchable: Whether watches are of any use in it.
    """

    mounts: tuple[Mount, ...]
    polled: str | None
    watchable: bool

    @classmethod
    def of(cls, root: Path, mode: str, table: MountTable) -> "Surroundings":
        """
        Look a library up.

        Args:
            mode: auto, inotify or poll: the last two are the owner's word, whatever is mounted.
        """
        real = table.real(root)
        on, below = table.holding(real), sorted(table.below(real), key=lambda each: each.point)
        mounts = (*([on] if on else []), *below)
        if mode != "auto":
            wished = "polled, as [watch] mode says" if mode == "poll" else None
            return cls(mounts, wished, watchable=mode != "poll")
        if on and table.is_network(on):
            return cls(mounts, f"on {on.kind}, {_UNHEARD}", watchable=False)
        far = next((each for each in below if table.is_network(each)), None)
        if far is None:
            return cls(mounts, None, watchable=True)
        inside = os.fsdecode(os.path.relpath(far.point, real))
        return cls(mounts, f"watched, but its {inside} is on {far.kind}, {_UNHEARD}", True)
