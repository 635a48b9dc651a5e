"""Tells finished files from files still being written; time is passed in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Final

from pacd.domain.change import Entry, Observation
from pacd.intake.mounts import on_network

ZONES_S: Final = 26 * 3600.0
"""Between the farthest time zones, UTC-12 and UTC+14: so wrong a server's clock may be."""


class Settler:
    """
    Remembers what unfinished files looked like, to compare at the next look.

    A file has settled when it looked the same twice, half the quiet time or more
    apart, and no process has it open for writing.  Its ctime counts as the first
    look: nobody can set it back.  Where a server sets it, by its own clock, only
    what is old by any clock counts so.  Linux gives no lease on files of other users
    to those without CAP_LEASE; there the two looks decide alone.
    """

    def __init__(
        self,
        quiet_s: float,
        being_written: Callable[[Path], bool],
        far: Callable[[Path], bool] = on_network,
    ) -> None:
        """
        Args:
            quiet_s: Seconds for which a file must have stayed as it is.
            being_written: Whether a process has the file open for writing.
            far: Whether another machine's clock may tell the times of a folder's files.
        """
        self._quiet_s = quiet_s
        self._being_written = being_written
        self._far = far
        self._looks: dict[Path, dict[str, _Look]] = {}

    def restless(
        self, folder: Path, entries: Iterable[Entry], *, now_s: float, wall_ns: int
    ) -> dict[str, timedelta]:
        """
        Return for how long each file that may still be written to has been seen changing.

        Args:
            folder: Absolute.
            entries: All files of the folder whose bytes are news; others have settled before,
                or are gone, and are forgotten.
            now_s: Monotonic.
            wall_ns: Unix time, to compare with ctime.

        Returns:
            By name; without the files that have settled.
        """
        before = self._looks.pop(folder, {})
        far = cache(partial(self._far, folder))  # the same for all, and no trifle to find out
        looks: dict[str, _Look] = {}
        for entry in entries:
            look = _looked(before.get(entry.name), entry.observation, now_s)
            quiet = self._aged(entry, wall_ns, far)
            quiet = quiet or now_s - look.since_s >= self._quiet_s / 2
            if not quiet or self._being_written(folder / entry.name):
                looks[entry.name] = look
        if looks:
            self._looks[folder] = looks
        return {name: timedelta(seconds=now_s - look.first_s) for name, look in looks.items()}

    def _aged(self, entry: Entry, wall_ns: int, far: Callable[[], bool]) -> bool:
        """Whether a file's last change, by its ctime, is long enough ago."""
        age_s = (wall_ns - entry.observation.ctime_ns) / 1e9
        if self._quiet_s <= age_s < self._quiet_s + ZONES_S:
            return not far()
        return age_s >= self._quiet_s


@dataclass(frozen=True, slots=True)
class _Look:
    """What a file looked like, since when, and when it was first seen restless (monotonic)."""

    observation: Observation
    since_s: float
    first_s: float


def _looked(before: _Look | None, seen: Observation, now_s: float) -> _Look:
    if before is None:
        return _Look(seen, now_s, now_s)
    return before if before.observation == seen else _Look(seen, now_s, before.first_s)
