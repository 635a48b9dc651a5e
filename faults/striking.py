"""Which call is struck, and with what; counts how often it was."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faults.gate import Call
from faults.syscalls import Kind

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
        of_tool: Whether another program than PAC made that call: PAC is not told the error then.
    """

    kinds: frozenset[Kind]
    answer: int
    nth: int
    within: tuple[Path, ...]
    lasting: bool = False
    seen: int = 0
    struck: int = 0
    name: str = ""
    of_tool: bool = False

    def __call__(self, call: Call) -> int | None:
        if call.kind not in self.kinds or not any(map(self._is_within, call.paths)):
            return None
        self.seen += 1
        if self.seen < self.nth or (self.seen > self.nth and not self.lasting):
            return None
        self.struck += 1
        if self.struck == 1:
            self.name, self.of_tool = call.name, _program(call.pid) != _program(os.getpid())
        return self.answer

    def _is_within(self, path: Path) -> bool:
        return any(map(path.is_relative_to, self.within))


def _program(pid: int) -> Path:
    """What a process runs (proc(5)); nothing any more where it was killed while it waited."""
    try:
        return Path(f"/proc/{pid}/exe").readlink()
    except FileNotFoundError:
        return Path()
