"""Real file systems of other machines, in images that are mounted for a test."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_SIZE_BYTES = 64 << 20
# Linux, include/uapi/linux/ext4.h: EXT4_IOC_SHUTDOWN, and EXT4_GOING_FLAGS_NOLOGFLUSH.
_SHUTDOWN = 0x8004587D
_NO_FLUSH = (2).to_bytes(4, "little")
_SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Kind:
    """
    A file system.

    Attributes:
        make: Called with the image.
        mount: Each called with a loop device and a folder, until one does it.
    """

    make: Sequence[str]
    mount: Sequence[Sequence[str]]


KINDS = {
    "vfat": Kind(("mkfs.vfat",), [("mount", "-t", "vfat", "-o", "utf8")]),
    "exfat": Kind(("mkfs.exfat",), [("mount", "-t", "exfat"), ("mount.exfat-fuse",)]),
    # ntfs-3g refuses what Windows does when told to (ntfs-3g(8), windows_names).
    "ntfs": Kind(("mkntfs", "-q", "-F", "-f"), [("ntfs-3g", "-o", "windows_names")]),
    # The nearest to FAT where the kernel has none: one file for `a` and `A`, listed as `a`.
    "ntfs without case": Kind(
        ("mkntfs", "-q", "-F", "-f"), [("lowntfs-3g", "-o", "windows_names,ignore_case")]
    ),
}


@contextmanager
def mounted(name: str, base: Path) -> Iterator[Path]:
    """A new, empty file system at base/mnt; the test is skipped where none can be mounted."""
    kind = KINDS[name]
    image, folder = base / "image", base / "mnt"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(_SIZE_BYTES)
    if not _done(*kind.make, image):
        pytest.skip(f"{kind.make[0]} is not to be had here")
    loop = _said("losetup", "--find", "--show", image)
    if not loop:
        pytest.skip("no loop device may be used here")
    try:
        if not any(_done(*each, loop, folder) for each in kind.mount):
            pytest.skip(f"{name} cannot be mounted here: neither the kernel nor FUSE takes it")
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
    finally:
        subprocess.run([_program("losetup") or "losetup", "--detach", loop], check=True)


@dataclass(frozen=True)
class Disk:
    """A disk that can be taken out and put back in, as it was."""

    loop: str
    place: Path

    def mount(self) -> None:
        if not _done("mount", "-t", "ext4", self.loop, self.place):
            pytest.skip("ext4 cannot be mounted here")

    def unmount(self) -> None:
        subprocess.run(["umount", self.place], check=True)

    def make_read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", self.place], check=True)

    def fail(self) -> None:
        """From now on whatever is asked of it is an I/O error, until it is unmounted."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _NO_FLUSH)
        finally:
            os.close(descriptor)


@contextmanager
def thin_disk(base: Path) -> Iterator[Path]:
    """An empty disk that claims 64 MiB and has 5: it takes what is written, and then loses it."""
    pool = base / "pool"
    pool.mkdir()
    if not _done("mount", "-t", "tmpfs", "-o", "size=6m", "pacd-test", pool):
        pytest.skip("this user may not mount a small disk")
    try:
        # A journal that cannot be written would make it read-only, for all to see.
        bare = ("-O", "^has_journal")
        with ext4(pool, base / "disk", *bare, size_bytes=_SIZE_BYTES) as disk:
            yield disk.place
    finally:
        subprocess.run(["umount", pool], check=True)


@contextmanager
def ext4(
    base: Path,
    place: Path | None = None,
    *options: str,
    size_bytes: int = _SIZE_BYTES // 8,
) -> Iterator[Disk]:
    """A new, empty disk at place, or base/disk; the test is skipped where none can be mounted."""
    image, place = base / "image", place or base / "disk"
    place.mkdir(exist_ok=True)
    with image.open("wb") as file:
        file.truncate(size_bytes)
    if not _done("mkfs.ext4", "-q", "-F", *options, image):
        pytest.skip("mkfs.ext4 is not to be had here")
    loop = _said("losetup", "--find", "--show", image)
    if not loop:
        pytest.skip("no loop device may be used here")
    disk = Disk(loop, place)
    try:
        disk.mount()
        yield disk
    finally:
        if os.path.ismount(place):
            disk.unmount()
        subprocess.run([_program("losetup") or "losetup", "--detach", loop], check=True)


def _program(name: str) -> str | None:
    return shutil.which(name, path=_SBIN)


def _run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str] | None:
    program = _program(name)
    if program is None:
        return None
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def _done(name: str, *arguments: str | Path) -> bool:
    done = _run(name, *arguments)
    return done is not None and done.returncode == 0


def _said(name: str, *arguments: str | Path) -> str:
    done = _run(name, *arguments)
    return done.stdout.strip() if done and done.returncode == 0 else ""
