"""What kind of file system a path lies on; reads /proc/self/mountinfo."""

import os
from pathlib import Path
from typing import Final

# File systems on which changes made elsewhere give no inotify events (inotify(7)).
NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "glusterfs", "afs", "sshfs",
     "fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs", "fuse.mergerfs", "davfs"}
)  # fmt: skip

_MOUNTS: Final = Path("/proc/self/mountinfo")
_DEVICE: Final = 2  # proc(5), /proc/PID/mountinfo: fields counted from 0


def filesystem(path: Path) -> str:
    """Return the type of the file system that holds a path; "unknown" where nothing tells."""
    try:
        device = path.stat().st_dev
        lines = os.fsencode(_MOUNTS.read_text("utf-8", "surrogateescape")).splitlines()
    except OSError:
        return "unknown"
    wanted = f"{os.major(device)}:{os.minor(device)}".encode()
    for line in reversed(lines):
        before, _, after = line.partition(b" - ")
        if before.split(b" ")[_DEVICE] == wanted:
            return after.split(b" ", 1)[0].decode("ascii", "replace")
    return "unknown"
