"""Replaces or creates a file whole, or not at all; the only writer into libraries and mirrors."""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from pacd.domain.change import FolderId, Observation
from pacd.errors import CollisionError, SourceChangedError
from pacd.files.attributes import carry_over
from pacd.files.folders import StrayPathError, entered, opened, sync_folder, within
from pacd.files.makers import mark_of
from pacd.files.regular import (
    being_written,
    observe,
    observe_open,
    open_own,
    open_regular,
    require_same_bytes,
    require_untouched,
    require_unwritten,
)

__all__ = [
    "SCRATCH_PREFIX",
    "SIMPLY",
    "GivingWay",
    "being_written",
    "creating",
    "is_left_over",
    "is_scratch",
    "observe",
    "observe_open",
    "open_own",
    "open_regular",
    "replacing",
    "reserve",
    "scratch_name",
    "sibling",
]

SCRATCH_PREFIX: Final = ".pacd-"

_SCRATCH_NAME: Final = re.compile(
    re.escape(SCRATCH_PREFIX) + r"(\d+)-([0-9a-f]{4})[0-9a-f]{4}(\..*)?", re.DOTALL
)
_NUMBERS: Final = count(secrets.randbelow(1 << 16))
_SUFFIX_BYTES: Final = 16

GivingWay = AbstractContextManager[Callable[[], None]]
"""Around a change of places; what it yields is asked last, and raises where nothing may change."""

SIMPLY: Final[GivingWay] = nullcontext(lambda: None)
"""What is replaced is kept nowhere."""

# A scratch file is new, ours alone, and never the other end of somebody's link (w16).
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _Scratch:
    """
    A new file beside its target, reached through one open folder.

    Attributes:
        path: Leads through that folder: also programs cannot be led elsewhere by another name
            in the place of one above.
        made: Open since it was made, and so told of each error of the disk since then: the kernel
            tells each that is open once, and no longer those that open it afterwards (fsync(2)).
            Also of one that a tool was told when it closed the file, and passed over.
    """

    path: Path
    folder: int
    made: int

    @property
    def name(self) -> str:
        return self.path.name


def scratch_name(suffix: str = "") -> str:
    """Return a name that tells whose it is, and that nothing else bears."""
    pid = os.getpid()
    return f"{SCRATCH_PREFIX}{pid}-{mark_of(pid)}{next(_NUMBERS) & 0xFFFF:04x}{suffix}"


def is_scratch(name: str) -> int | None:
    """Return the process id in the name of a scratch file, or None for any other name."""
    found = _SCRATCH_NAME.fullmatch(name)
    return int(found.group(1)) if found else None


def is_left_over(name: str) -> bool:
    """
    Whether the process that gave a name to a scratch file has ended; False for any other name.

    Names that an earlier version gave have a random number for a mark: they are left over.

    Raises:
        OSError: Nobody can tell.
    """
    found = _SCRATCH_NAME.fullmatch(name)
    return found is not None and mark_of(int(found[1])) != found[2]


@contextmanager
def replacing(
    target: Path,
    expected: Observation,
    *,
    keep_mtime: bool,
    root: Path | None = None,
    root_id: FolderId | None = None,
    giving_way: GivingWay = SIMPLY,
) -> Iterator[Path]:
    """
    Yield a scratch path that takes target's place when the block ends well.

    Owner, group, mode, extended attributes and ACL are carried over, and the
    modification time with keep_mtime.  When the block raises, or anything after it
    fails, target is untouched and the scratch file is gone.

    Args:
        root: Links are not followed below it; None for target's folder.
        root_id: Which folder root must still be; None for any.
        giving_way: Entered at the last moment, around the change of places; it may link or
            copy what target is, and takes that back at SourceChangedError (files.recycle).

    Raises:
        SourceChangedError: target is not as expected, is to be had by way of a link alone,
            or somebody is writing it.
        MissingRootError: root is not there, or another folder: a disk came or went.
        OwnershipError: What must be carried over cannot be.
    """
    with _home(target, root or target.parent, root_id) as folder:
        place = within(folder) / target.name
        require_untouched(place, expected)
        with _scratch(place, folder, mode=0o600) as scratch:
            yield scratch.path
            require_untouched(place, expected)
            with open_regular(place) as old, _reopened(scratch) as new:
                carry_over(target.name, old.fileno(), new, keep_mtime=keep_mtime)
                _sync(scratch, new)
            require_untouched(place, expected)
            with giving_way as require_kept:  # it may wait for the disk: others may write meanwhile
                require_same_bytes(place, expected)
                require_unwritten(place)
                require_kept()
                _put(scratch, target)


@contextmanager
def creating(
    target: Path, *, root: Path, expected: Observation | None, root_id: FolderId | None = None
) -> Iterator[Path]:
    """
    Yield a scratch path that becomes target when the block ends well.

    For files that PAC owns.  Folders below root are made as needed.

    Args:
        expected: What must stand there; None for nothing.
        root_id: Which folder root must still be; None for any.

    Raises:
        MissingRootError: root is not there, or another folder: a disk came or went.
        StrayPathError: A folder between root and target is a symbolic link.
        CollisionError: Something stands there that was not expected.
        SourceChangedError: What stands there has changed.
    """
    with entered(root, target.parent, root_id=root_id, make=True) as folder:
        place = within(folder) / target.name
        _require_creatable(place, target, expected)
        with _scratch(place, folder, mode=0o644) as scratch:
            yield scratch.path
            with _reopened(scratch) as new:
                _sync(scratch, new)
            _require_creatable(place, target, expected)
            _put(scratch, target)


@contextmanager
def sibling(path: Path) -> Iterator[Path]:
    """Yield another scratch path beside a scratch file; what is left of it is removed."""
    with opened(path.parent) as folder, _scratch(path, folder, mode=0o600) as scratch:
        yield scratch.path


def reserve(scratch: Path, size_bytes: int) -> None:
    """
    Ask the disk for room, to hear its own error where a tool only said that it failed.

    Raises:
        OSError: There is none, or the disk does not work.
    """
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, max(1, size_bytes))
    finally:
        os.close(descriptor)


@contextmanager
def _home(target: Path, root: Path, root_id: FolderId | None) -> Iterator[int]:
    """Enter a file's folder; what is gone, or there by way of a link alone, has changed."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(entered(root, target.parent, root_id=root_id))
        except (FileNotFoundError, StrayPathError) as error:
            raise SourceChangedError(target) from error
        yield folder


@contextmanager
def _scratch(target: Path, folder: int, *, mode: int) -> Iterator[_Scratch]:
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= _SUFFIX_BYTES else ""
    name = scratch_name(suffix)
    made = os.open(name, _NEW, mode, dir_fd=folder)
    try:
        yield _Scratch(target.with_name(name), folder, made)
    finally:
        os.close(made)
        # It bears its final name, or the disk fails: then what failed first is told, and the
        # next audit removes what is left (engine.sweeping).
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)


@contextmanager
def _reopened(scratch: _Scratch) -> Iterator[int]:
    """Open what a tool has written; it may have made the file anew."""
    with open_own(scratch.path) as file:
        yield file.fileno()


def _sync(scratch: _Scratch, new: int) -> None:
    own = os.path.samestat(os.fstat(scratch.made), os.fstat(new))
    os.fsync(scratch.made if own else new)


def _put(scratch: _Scratch, target: Path) -> None:
    folder = scratch.folder
    os.rename(scratch.name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
    sync_folder(folder)


def _require_creatable(place: Path, target: Path, expected: Observation | None) -> None:
    if expected is not None:
        require_untouched(place, expected)
    elif os.path.lexists(place):
        raise CollisionError(f"{target} is there already, and PAC did not make it")
