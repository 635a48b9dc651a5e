"""Tells the process that made a file from others that have borne its number, or will."""

from pathlib import Path
from typing import Final

# proc(5), /proc/pid/stat: fields 3 and 22, behind a name that may hold any byte.
_STATE, _START = 0, 19
_ENDED: Final = frozenset({b"Z", b"X"})  # nobody has waited for it yet


def mark_of(pid: int) -> str | None:
    """
    Four hex digits that stand for the process which bears a number now; None where none does.

    They are of the moment it began, in ticks of 10 ms since the machine did.  Another process of
    this number has the same once in 65,536 times: then what it left is taken for the work of
    this one until that has ended.

    Raises:
        OSError: Nobody can tell.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None  # the last: of another user, on a /proc with hidepid=1
    return None if told[_STATE] in _ENDED else f"{int(told[_START]) & 0xFFFF:04x}"
