"""Finds the daemon's socket, and says in words why it cannot be used."""

from __future__ import annotations

import os
import stat

from pacctl.failure import Failure
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_START = "Start it with `systemctl start pacd` (or run `pacd`)"


def places(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Where the socket may be that nobody names, in the order of the search."""
    named = (
        _below(environ.get("RUNTIME_DIRECTORY"), "pacd.sock"),
        _below(environ.get("XDG_RUNTIME_DIR"), "pacd/pacd.sock"),
    )
    return (*(each for each in named if each), "/run/pacd/pacd.sock")


def find(named: str | None, environ: Mapping[str, str]) -> str:
    """
    The socket that --socket or $PACD_SOCKET names, else the first that exists.

    What is named is never another daemon's: a slip must not prune its mirrors.

    Raises:
        Failure: There is none.
    """
    named = environ.get("PACD_SOCKET") or None if named is None else named
    if named is not None:
        return named
    tried = places(environ)
    for each in tried:
        if _may_exist(each):
            return each
    raise Failure(
        f"pacd is not running: there is no socket at {', '.join(tried)}.",
        Exit.UNREACHABLE,
        fix=f"{_START}, or name its socket with --socket or $PACD_SOCKET.",
    )


def unreachable(path: str, error: Exception) -> Failure:
    """Why a connection to this path failed, and what to do."""
    say = _SENTENCES.get(type(error))
    what, fix = say(path) if say else (f"{path} cannot be used: {error}.", "Check --socket.")
    return Failure(what, Exit.UNREACHABLE, fix=fix)


def _below(directories: str | None, name: str) -> str | None:
    # systemd.exec(5): several directories are separated by colons.
    return f"{directories.split(':', maxsplit=1)[0]}/{name}" if directories else None


def _may_exist(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116  # pathlib costs more than the rest of the search
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _refused(path: str) -> tuple[str, str]:
    """A path that is no socket refuses as one does that nobody listens on."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # as above
    except OSError:
        mode = stat.S_IFSOCK
    if not stat.S_ISSOCK(mode):
        return f"{path} is not a socket.", "Name pacd's socket with --socket."
    return f"pacd is not running: {path} was left behind by one that ended.", f"{_START}."


def _forbidden(path: str) -> tuple[str, str]:
    group = _group(path) or _group(os.path.dirname(path))  # noqa: PTH120  # as above
    what = f"You may not use {path}."
    if not group:
        return what, "Use sudo, or ask the daemon's owner for the right."
    join = f"Join the group {group} (`sudo usermod -aG {group} $USER`, then log in again)"
    return what, f"{join}, or use sudo."


def _group(path: str) -> str:
    """The group that may use a path; "" where there is none that a person should join."""
    import grp  # noqa: PLC0415  # only for this message

    try:
        gid = os.stat(path).st_gid  # noqa: PTH116  # as above
        return grp.getgrgid(gid).gr_name if gid else ""
    except (OSError, KeyError):
        return ""


# What is wrong, and the fix.
_SENTENCES: dict[type[Exception], Callable[[str], tuple[str, str]]] = {
    FileNotFoundError: lambda path: (
        f"There is no socket at {path}.",
        f"{_START}, or name another with --socket or $PACD_SOCKET.",
    ),
    NotADirectoryError: lambda path: (f"A part of {path} is a file.", "Check --socket."),
    PermissionError: _forbidden,
    ConnectionRefusedError: _refused,
    ConnectionResetError: lambda path: (
        f"pacd on {path} ended while it was asked.",
        "See `systemctl status pacd` and its log.",
    ),
    TimeoutError: lambda path: (
        f"pacd does not answer on {path}.",
        "See `systemctl status pacd` and its log.",
    ),
    BlockingIOError: lambda path: (
        f"pacd on {path} takes no more clients.",
        "Try again in a moment.",
    ),
}
