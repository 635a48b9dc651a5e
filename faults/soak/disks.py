"""Small disks of a soak's own, in images: they fill up and go away as real ones do."""

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_MOUNT_S = 10.0
_STEP_BYTES = 4 << 20


@dataclass
class Disk:
    """
    One ext4 file system of its own, at a folder.

    Attributes:
        mounted: Whether it is there now.
    """

    image: Path
    place: Path
    size_mib: int
    mounted: bool = False

    def make(self) -> None:
        """Make the file system and mount it."""
        with self.image.open("wb") as file:
            file.truncate(self.size_mib << 20)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
        self.mount()

    def mount(self) -> None:
        """Bring it back."""
        self.place.mkdir(exist_ok=True)
        deadline_s = time.monotonic() + _MOUNT_S
        # One that was pulled lives on until the last process has closed its files.
        while not _done("mount", "-o", "loop", self.image, self.place):
            if time.monotonic() > deadline_s:
                raise SystemExit(f"{self.image} cannot be mounted: a soak needs root's rights")
            time.sleep(0.1)
        self.mounted = True

    def pull(self, *, with_folder: bool) -> None:
        """
        Take it away under whoever uses it, as a pulled plug does.

        Args:
            with_folder: Whether the folder goes too; else an empty one is left.
        """
        os.sync()
        _run("umount", "--lazy", self.place)
        self.mounted = False
        if with_folder:
            self.place.rmdir()

    def fill(self, left_bytes: int) -> None:
        """Leave so many bytes free, or none where others are quicker."""
        with self._filler.open("wb") as file, suppress(OSError):
            at = 0
            while (take := min(_STEP_BYTES, self._free_bytes() - left_bytes)) > 0:
                os.posix_fallocate(file.fileno(), at, take)
                at += take

    def _free_bytes(self) -> int:
        seen = os.statvfs(self.place)
        return seen.f_bavail * seen.f_frsize

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.place / ".filler"


def _run(name: str, *arguments: str | Path) -> None:
    subprocess.run([name, *arguments], check=True, env={**os.environ, "PATH": _SBIN})


def _done(name: str, *arguments: str | Path) -> bool:
    command = [name, *arguments]
    env = {**os.environ, "PATH": _SBIN}
    return subprocess.run(command, capture_output=True, check=False, env=env).returncode == 0
