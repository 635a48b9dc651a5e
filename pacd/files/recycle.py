"""
The recycle bin of a library: what was replaced lies there until its time is over.

A file's folder in the bin tells all of it (``about.json``), so that the database may be lost.
While a file is being replaced its folder bears the name of a scratch file; whatever ends that
half-way, one of two things is true, and is found out by `settle`: the original stands in its
place still, and the bin's name for it goes; or it does not, and the folder gets its own name.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from pacd.domain.recycled import Recycled
from pacd.errors import NotRegularError, SourceChangedError
from pacd.files import atomic, drafts, renaming
from pacd.files.drafts import inside, names, stands
from pacd.files.folders import MissingRootError, entered, sync_folder, within
from pacd.files.recycled_about import ABOUT, NOTHING_THERE, read_about, write_about
from pacd.files.regular import observe, require_same_bytes, require_unwritten
from pacd.files.second_names import copy_into, identity, require_kept, take_in

BIN: Final = ".pacd-recycle"
"""Beside the albums, so that it lies on their file system; never scanned (requirements 1.2)."""


@contextmanager
def keeping(target: Path, root: Path, told: Callable[[], Recycled]) -> Iterator[Callable[[], None]]:
    """
    Have a file in the bin, whole and on disk, before the block puts another in its place.

    When the block raises and the file stands in its place still, the bin is as it was; so it is
    when the block raises SourceChangedError: then nothing was put in the place of the file, and
    what others took away is theirs to keep.

    Yields what is to be called directly before that; it raises OccupiedError where somebody has
    taken the file from the bin meanwhile.

    Args:
        told: What the bin is to know of it; asked when the block begins.

    Raises:
        SourceChangedError: target is not what was recorded, or changes meanwhile.
        OccupiedError: Somebody else is at the bin.
        OSError: The disk is full, or fails.
    """
    recycled = told()
    name = recycled.path.name
    with (
        _top(target, root) as top,
        _bin(top, make=True) as folder,
        drafts.begun(folder) as (draft, inner),
    ):
        changed = False
        try:
            write_about(inner, recycled)
            with entered(top, top / target.parent.relative_to(root)) as home:
                take_in(within(home) / target.name, inner, recycled)
            kept = identity(inner, name)
            sync_folder(inner)
            sync_folder(folder)
            yield partial(require_kept, folder, f"{draft}/{name}", kept)
        except SourceChangedError:
            changed = True
            raise
        finally:
            with suppress(FileNotFoundError) if changed else nullcontext():
                _conclude(top, folder, draft, inner, recycled, changed=changed)


def settle(root: Path, gone: Callable[[str], bool]) -> bool:
    """
    Bring to an end what workers have left half-done; where one is at it still it is left alone.

    Returns:
        Whether nothing is half-done now.
    """
    settled = True
    with suppress(FileNotFoundError, MissingRootError), _bin(root) as folder:
        for name in names(folder):
            if atomic.is_scratch(name) is None:
                continue
            settled &= gone(name) and _settled(root, folder, name)
    return settled


def _settled(root: Path, folder: int, name: str) -> bool:
    with drafts.held(folder, name) as inner:
        if inner is not None:
            _conclude(root, folder, name, inner, read_about(inner))
    return inner is not None


def contents(root: Path) -> Iterator[tuple[Recycled, bool]]:
    """
    Yield what the bin tells of each file, and whether it is there; in no order.

    Raises:
        OSError: Something could not be read: then nobody can tell what lies there.
    """
    with suppress(FileNotFoundError, MissingRootError), _bin(root) as folder:
        for name in names(folder):
            if atomic.is_scratch(name) is not None:
                continue
            found = _entry(folder, name)
            if found:
                yield found


def _entry(folder: int, name: str) -> tuple[Recycled, bool] | None:
    """What a folder in the bin tells of its file; None where nothing makes sense."""
    try:
        with inside(folder, name) as inner:
            recycled = read_about(inner)
            if recycled is None:
                return None
            return replace(recycled, entry=name), stands(inner, recycled.path.name)
    except OSError as error:
        if error.errno not in NOTHING_THERE:
            raise
        return None


def retell(root: Path, recycled: Recycled) -> bool:
    """
    Have a file that lies in the bin tell of itself again; return whether it lies there.

    Raises:
        MissingRootError, StrayPathError, OSError: Nobody can tell; nothing was removed.
    """
    try:
        with _bin(root) as folder, inside(folder, recycled.entry) as inner:
            if not stands(inner, recycled.path.name):
                return False
            with suppress(FileNotFoundError):
                os.unlink(ABOUT, dir_fd=inner)
            write_about(inner, recycled)
            sync_folder(inner)
    except FileNotFoundError:
        return False
    return True


def clear_away(root: Path, entry: str) -> None:
    """Remove a folder in the bin that holds nothing but what told of its file; else do nothing."""
    with suppress(FileNotFoundError, MissingRootError), _bin(root) as folder:
        with inside(folder, entry) as inner:
            empty = set(names(inner)) <= {ABOUT}
        if empty:
            _remove(folder, entry, ABOUT)


def place_of(root: Path, recycled: Recycled) -> Path:
    """Where a file lies in the bin."""
    return root / BIN / recycled.entry / recycled.path.name


def bring_back(root: Path, recycled: Recycled) -> None:
    """
    Put a file back to where it stood, never over another; folders are made as needed.

    Raises:
        CollisionError: Something stands there.
        OSError: It could not be moved; it lies in the bin.
    """
    lies, target = place_of(root, recycled), root / recycled.path
    try:
        renaming.move(lies, target, root=root)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic.creating(target, root=root, expected=None) as scratch:
            copy_into(lies, scratch)
    forget(root, recycled)


def exchange(root: Path, recycled: Recycled, standing: Recycled) -> None:
    """
    Put a file back to where it stood; what stands there goes into the bin in its stead.

    Args:
        standing: What stands there, as the bin is to know it.

    Raises:
        SourceChangedError: Something else stands there by now.
        OccupiedError: Somebody is writing to what stands there, or is at the bin.
        OSError: It could not be done; all is as it was.
    """
    lies, target = place_of(root, recycled), root / recycled.path
    expected = observe(target)
    if not standing.is_still(expected):
        raise SourceChangedError(target)
    try:
        with (
            keeping(target, root, lambda: standing) as ask_again,
            entered(root, lies.parent) as entry,
            entered(root, target.parent) as folder,
        ):
            require_same_bytes(within(folder) / target.name, expected)
            require_unwritten(within(folder) / target.name)
            ask_again()
            os.rename(lies.name, target.name, src_dir_fd=entry, dst_dir_fd=folder)
            sync_folder(folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _exchange_across(lies, target, root, standing)
    forget(root, recycled)


def forget(root: Path, recycled: Recycled) -> None:
    """Remove a file from the bin, for good, if it is there; doing so twice is harmless."""
    with suppress(FileNotFoundError, MissingRootError), _bin(root) as folder:
        _remove(folder, recycled.entry, recycled.path.name)


def _exchange_across(lies: Path, target: Path, root: Path, standing: Recycled) -> None:
    """Exchange where the album lies on another file system than the bin."""
    way = keeping(target, root, lambda: standing)
    expected = observe(target)
    with atomic.replacing(target, expected, keep_mtime=False, root=root, giving_way=way) as scratch:
        copy_into(lies, scratch)


def _conclude(
    root: Path,
    folder: int,
    draft: str,
    inner: int,
    recycled: Recycled | None,
    *,
    changed: bool = False,
) -> None:
    """End what was begun, one way or the other; what cannot be told stays as it is."""
    if recycled is None:
        if set(names(inner)) <= {ABOUT}:
            _remove(folder, draft, ABOUT)
    elif changed or _needless(root, recycled, inner):
        _remove(folder, draft, recycled.path.name)
    else:
        os.rename(draft, recycled.entry, src_dir_fd=folder, dst_dir_fd=folder)
        sync_folder(folder)


def _needless(root: Path, recycled: Recycled, inner: int) -> bool:
    """Whether there is nothing in the bin, or only another name of what stands in its place."""
    try:
        kept = os.stat(recycled.path.name, dir_fd=inner, follow_symlinks=False)
    except FileNotFoundError:
        return True
    try:
        there = observe(root / recycled.path)
    except (FileNotFoundError, NotADirectoryError, NotRegularError):
        return False
    linked = (there.device, there.inode) == (kept.st_dev, kept.st_ino)
    return linked or recycled.is_still(there)


def _remove(folder: int, entry: str, name: str) -> None:
    """Remove a file's folder in the bin: the file first, what tells of it last."""
    with inside(folder, entry) as inner:
        for each in (name, ABOUT):
            with suppress(FileNotFoundError):
                os.unlink(each, dir_fd=inner)
    os.rmdir(entry, dir_fd=folder)
    sync_folder(folder)


@contextmanager
def _top(target: Path, root: Path) -> Iterator[Path]:
    """Hold the very root that a file's folder is in: where a disk has gone no bin is made."""
    with entered(root, root) as held:
        top = within(held)
        try:
            with entered(top, top / target.parent.relative_to(root)):
                pass
        except FileNotFoundError as error:
            raise SourceChangedError(target) from error
        yield top


@contextmanager
def _bin(root: Path, *, make: bool = False) -> Iterator[int]:
    if make:
        with suppress(FileExistsError):
            (root / BIN).mkdir(drafts.OURS_ALONE)
    with entered(root, root / BIN) as folder:
        yield folder
