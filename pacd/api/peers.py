"""Who is at the other end of a connection, and what that caller may do."""

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Rights(IntEnum):
    """What a caller may do; each level includes those below it."""

    NONE = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Peer:
    """
    The credentials of the process that connected, as the kernel gives them.

    Attributes:
        groups: Its primary and supplementary groups.
    """

    pid: int
    uid: int
    groups: frozenset[int]

    @property
    def who(self) -> str:
        """The caller in words, for the history and the log."""
        return f"uid {self.uid} pid {self.pid}"


NOBODY: Final = 65_534  # /proc/sys/kernel/overflowuid: a user this namespace cannot name
_ROOT: Final = 0
_UCRED: Final = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_GID: Final = struct.Struct("I")
_MOST_BYTES: Final = 1_024  # Python 3.11's getsockopt takes no more: 256 groups
_SO_PEERGROUPS: Final = 59  # asm-generic/socket.h, Linux 4.13; Python has no name for it


def peer_of(connection: socket.socket) -> Peer:
    """Read the credentials; they are those of the moment of connect()."""
    pid, uid, gid = _UCRED.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    )
    return Peer(pid, uid, frozenset({gid, *_supplementary(connection)}))


def _supplementary(connection: socket.socket) -> tuple[int, ...]:
    """A kernel without it, or a peer with more groups than fit: the primary group must do."""
    try:
        found = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_BYTES)
    except OSError:
        return ()
    return tuple(gid for (gid,) in _GID.iter_unpack(found))


def rights(peer: Peer, *, owner_uid: int, group_gid: int) -> Rights:
    """
    What a caller may do (X1).

    Args:
        owner_uid: The daemon's user.
        group_gid: The group of the socket file.
    """
    if peer.uid in {_ROOT, owner_uid}:
        return Rights.WRITE
    if peer.uid == NOBODY or group_gid not in peer.groups:
        return Rights.NONE
    return Rights.READ
