"""Which call is struck, and with what; counts how often it was."""

import errno
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.gate import KILL, Call
from faults.syscalls import WRITING, Kind

ERRORS: Final = {
    "ENOSPC": errno.ENOSPC,
    "EDQUOT": errno.EDQUOT,
    "EIO": errno.EIO,
    "EROFS": errno.EROFS,
}
"""What w18 names; each can come from any of the calls that write."""

RIGHTS: Final = {"EACCES": errno.EACCES, "EPERM": errno.EPERM}
"""What makes sense only where names or attributes change."""


@dataclass(slots=True)
class Strike:
    """
    A judge that lets all calls below some folders pass but the Nth of its kinds.

    Attributes:
        answer: An errno, or KILL.
        nth: From 1.
        lasting: Whether all that come after it fail as well.
        seen, struck: Calls of its kinds so far, and those that failed.
        name: Of the first call that was struck.
    """

    kinds: frozenset[Kind]
    answer: int
    nth: int
    within: tuple[str, ...]
    lasting: bool = False
    seen: int = 0
    struck: int = 0
    name: str = ""
    calls: list[str] = field(default_factory=list)

    def __call__(self, call: Call) -> int | None:
        if call.kind not in self.kinds or not any(map(self._is_within, call.paths)):
            return None
        self.seen += 1
        self.calls.append(f"{call.name} {' '.join(call.paths)}")
        if self.seen < self.nth or (self.seen > self.nth and not self.lasting):
            return None
        self.struck += 1
        self.name = self.name or call.name
        return self.answer

    def _is_within(self, path: str) -> bool:
        return any(path == folder or path.startswith(folder + "/") for folder in self.within)


def killing(nth: int, within: Iterable[Path]) -> Strike:
    """End the process instead of its Nth writing call, of whatever kind."""
    return Strike(WRITING, KILL, nth, tuple(map(str, within)))


def failing(
    kinds: frozenset[Kind], number: int, nth: int, within: Iterable[Path], *, lasting: bool
) -> Strike:
    """Fail the Nth call of these kinds, and those behind it where it lasts."""
    return Strike(kinds, number, nth, tuple(map(str, within)), lasting=lasting)
