"""Gives a new file the owner, mode, attributes and times of the one it replaces."""

import errno
import os
import stat
from typing import Final

from pacd.errors import FailureKind, PacError

_ACL: Final = "system.posix_acl_access"

_MUST_KEEP: Final = ("user.", _ACL)
"""Attributes that people set; others (labels, capabilities) are the system's to give."""


class OwnershipError(PacError):
    """A file's owner, group or attributes cannot be carried over; it was left alone."""

    kind = FailureKind.PERMISSION


def carry_over(name: str, old: int, new: int, *, keep_mtime: bool) -> None:
    """
    Make one open file look like another.

    Args:
        name: Of the old file, for the message.
        old, new: File descriptors.

    Raises:
        OwnershipError: This user may not.
    """
    before, after = os.fstat(old), os.fstat(new)
    try:
        if (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid):
            os.fchown(new, before.st_uid, before.st_gid)
        os.fchmod(new, stat.S_IMODE(before.st_mode))  # after chown, which clears set-id bits
        _carry_attributes(old, new)
    except PermissionError as error:
        raise OwnershipError(
            f"the owner, group or attributes of {name} cannot be kept by this user: "
            "run pacd as the owner of the files, or give it CAP_CHOWN and CAP_FOWNER"
        ) from error
    if keep_mtime:
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))


def _carry_attributes(old: int, new: int) -> None:
    names = _names(old)
    if _ACL in set(_names(new)) - set(names):
        os.removexattr(new, _ACL)  # the folder's default ACL gave it one
    for name in names:
        try:
            os.setxattr(new, name, os.getxattr(old, name))
        except OSError:
            if name.startswith(_MUST_KEEP):
                raise


def _names(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise
