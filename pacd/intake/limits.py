"""How much of inotify the kernel grants, and how to be granted more; reads /proc, keeps nothing."""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchdog.observers.inotify_c import InotifyConstants, inotify_add_watch, inotify_init

_PROC: Final = Path("/proc")

# user_namespaces(7): the map of the first user namespace; any other one has limits of its own
# besides the machine's (Linux, kernel/ucount.c: all up to the first are counted).
_FIRST_NAMESPACE: Final = ["0", "0", "4294967295"]

ROOMY: Final = 524_288
"""Watches that do for nearly every collection; at 1 KiB of kernel memory for each that is used."""


@dataclass(frozen=True, slots=True)
class Limit:
    """
    A limit of inotify's for each user.

    Attributes:
        key: How sysctl calls it.
        value: None where /proc does not tell.
        nested: Whether this process lives in a user namespace, as many containers do.
    """

    key: str
    value: int | None
    nested: bool

    def raised_to(self, wanted: int) -> str:
        """Say how to raise it: a line for a shell, and what to know about it."""
        line = f"{self.key}={wanted}"
        if self.key.startswith("user."):
            where = " in this user namespace, as its root"
        elif self.nested:
            where = " on the host: a container cannot"
        else:
            where = " as root (for a container, on its host)"
        lasting = f"the same line in /etc/sysctl.d/90-pacd.conf keeps it: {line}"
        return f"sysctl -w {line}{where}; {lasting}. PAC goes on by itself."


def watches() -> Limit:
    """How many folders all programs of this user may watch."""
    return _limit("watches")


def instances() -> Limit:
    """How many inotify instances all programs of this user may have."""
    return _limit("instances")


def enough(limit: Limit, folders: int) -> int:
    """How many watches to ask for: room for twice the folders beside whatever used it up."""
    return max(ROOMY, (limit.value or 0) + 2 * folders)


def refusal(folder: Path) -> int:
    """
    Try to watch one folder more.

    Returns:
        0, or why it cannot be: ENOSPC without watches left, EMFILE without instances.
    """
    instance = inotify_init()
    if instance == -1:
        return errno.EMFILE
    try:
        if inotify_add_watch(instance, os.fsencode(folder), InotifyConstants.IN_DELETE_SELF) != -1:
            return 0
        return errno.ENOSPC
    finally:
        os.close(instance)


def _limit(what: str) -> Limit:
    """The machine's limit, or that of the user namespace where it is lower."""
    nested = _words(_PROC / "self" / "uid_map") not in ([], _FIRST_NAMESPACE)
    shared = Limit(f"fs.inotify.max_user_{what}", _number("fs/inotify/max_user_" + what), nested)
    own = Limit(f"user.max_inotify_{what}", _number("user/max_inotify_" + what), nested)
    if own.value is not None and shared.value is not None and own.value < shared.value:
        return own
    return shared


def _number(name: str) -> int | None:
    with suppress(ValueError, IndexError):
        return int(_words(_PROC / "sys" / name)[0])
    return None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text("ascii").split()
    except OSError:
        return []
