"""Renames and removes files of a mirror, each by one system call that harms nothing else."""

import ctypes
import errno
import os
import secrets
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId, Observation
from pacd.errors import CollisionError, PacError
from pacd.files.folders import entered, opened, sync_folder, within
from pacd.files.regular import require_untouched

# renameat2(2): Linux 3.15 and glibc 2.28.
_NOREPLACE: Final = 1
_EXCHANGE: Final = 2

# What file systems say that cannot do it: FAT before Linux 6.0, NFS, FUSE.
_CANNOT: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})


def move(source: Path, target: Path, *, root: Path, root_id: FolderId | None = None) -> None:
    """
    Give a file another name below its root; never over another file.

    Folders are made as needed, and those that are empty without it removed.  Should both be
    names of one file, on a file system that takes them for one, the name is changed.

    Raises:
        CollisionError: Something stands at target.
        MissingRootError, StrayPathError: As files.folders.entered.
        OSError: It could not be renamed; all is as it was.
    """
    with (
        entered(root, source.parent, root_id=root_id) as old,
        entered(root, target.parent, root_id=root_id, make=True) as new,
    ):
        try:
            if _is_same(old, source.name, new, target.name):
                os.rename(source.name, target.name, src_dir_fd=old, dst_dir_fd=new)
            else:
                _rename(old, source.name, new, target.name)
        except (CollisionError, OSError):
            _remove_empty(target.parent, root, root_id)
            raise
        sync_folder(new)
        sync_folder(old)
    _remove_empty(source.parent, root, root_id)


def exchange(one: Path, other: Path, *, root: Path, root_id: FolderId | None = None) -> None:
    """
    Let two files change places below their root.

    In one step where the file system can; else by way of a third name, and a crash on that
    way leaves both files whole.

    Raises:
        MissingRootError, StrayPathError: As files.folders.entered.
        OSError: One is not there, or it could not be done.
    """
    with (
        entered(root, one.parent, root_id=root_id) as first,
        entered(root, other.parent, root_id=root_id) as second,
    ):
        try:
            _renameat2(first, one.name, second, other.name, _EXCHANGE)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            third = f"~moved-{secrets.token_hex(4)}{other.suffix}"
            _rename(second, other.name, second, third)
            try:
                _rename(first, one.name, second, other.name)
            except (CollisionError, OSError):
                _rename(second, third, second, other.name)
                raise
            _rename(second, third, first, one.name)
        sync_folder(first)
        sync_folder(second)


def same_entry(one: Path, other: Path) -> bool:
    """Whether a file system takes two names in one folder for the same; False for others."""
    if one.parent != other.parent:
        return False
    if one.name == other.name:
        return True
    try:
        with opened(one.parent) as folder:
            return _is_one(folder, one.name, other.name)
    except OSError:
        return False


def remove(
    path: Path, *, root: Path, root_id: FolderId | None = None, expected: Observation | None = None
) -> None:
    """
    Remove a file below its root, and the folders that are empty without it.

    Args:
        expected: What must stand there; None for anything.

    Raises:
        SourceChangedError: Something else stands there.
        MissingRootError, StrayPathError: As files.folders.entered.
        OSError: It could not be removed.
    """
    with entered(root, path.parent, root_id=root_id) as folder:
        if expected:
            require_untouched(within(folder) / path.name, expected)
        os.unlink(path.name, dir_fd=folder)
        sync_folder(folder)
    _remove_empty(path.parent, root, root_id)


def _remove_empty(folder: Path, root: Path, root_id: FolderId | None) -> None:
    while folder != root and folder.is_relative_to(root):
        try:
            with entered(root, folder.parent, root_id=root_id) as above:
                os.rmdir(folder.name, dir_fd=above)
        except (OSError, PacError):
            return  # it holds something, may not be removed, or is not ours to reach: it stays
        folder = folder.parent


def _is_same(old: int, name: str, new: int, other: str) -> bool:
    """Whether both are names of one file that has no more hard links than one."""
    with suppress(FileNotFoundError):
        one = os.stat(name, dir_fd=old, follow_symlinks=False)
        two = os.stat(other, dir_fd=new, follow_symlinks=False)
        if (one.st_dev, one.st_ino, one.st_nlink) == (two.st_dev, two.st_ino, 1):
            return True
        return os.path.samestat(os.fstat(old), os.fstat(new)) and _is_one(new, name, other)
    return False


def _is_one(folder: int, name: str, other: str) -> bool:
    """
    Whether a folder has one file by both names: it lists one of them alone.

    Inodes do not tell: FUSE gives each name a number of its own (exfat-fuse 1.3.0,
    tests/integration/test_renaming.py).
    """
    listed = os.listdir(folder)  # of an open folder
    both = _stands(folder, name) and _stands(folder, other)
    return both and _folded(name) == _folded(other) and not (name in listed and other in listed)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _rename(old: int, name: str, new: int, other: str) -> None:
    """Rename to where nothing stands."""
    try:
        _renameat2(old, name, new, other, _NOREPLACE)
    except FileExistsError as error:
        raise CollisionError(f"{other} is there already") from error
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        if _stands(new, other):
            raise CollisionError(f"{other} is there already") from error
        os.rename(name, other, src_dir_fd=old, dst_dir_fd=new)


def _stands(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _renameat2(old: int, name: str, new: int, other: str, flags: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.renameat2(old, os.fsencode(name), new, os.fsencode(other), flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name, None, other)
