"""Walks a library and looks at its folders; reads directories, never files."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from pacd.domain.change import Entry, FolderId, Row
from pacd.intake.ignore import FOLDER, Ignore
from pacd.planning.sidecars import NO_KINDS, Kinds

MASTER_SUFFIX: Final = ".flac"
SCRATCH_PREFIX: Final = ".pacd-"
"""What PAC itself keeps in a library bears such names and is never scanned (requirements 1.2)."""

_NOT_FILES: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (
        stat.S_ISLNK,
        "it is a symbolic link; PAC works on the file itself where that is in a library",
    ),
    (stat.S_ISFIFO, "it is a pipe, not a file"),
    (stat.S_ISSOCK, "it is a socket, not a file"),
    (stat.S_ISCHR, "it is a device, not a file"),
    (stat.S_ISBLK, "it is a device, not a file"),
)


@dataclass(frozen=True, slots=True)
class FolderView:
    """
    One folder as it is now.

    Attributes:
        path: Relative to the root that was walked.
        rows: Regular files with the wanted suffix, sorted by name.
        folders: Names of folders to walk into, sorted.
        scratch: Names of temporaries of PAC's own.
        warnings: Sentences on what could not be looked at; with any, what is not
            listed may be there all the same.
        beside: Other regular files that were asked for, sorted by name.
        identity: Which folder it is; None for one that is not there.
        passed: Names of symbolic links, and of what only its first dot keeps from being
            walked or listed: there may be music behind them.
    """

    path: PurePosixPath
    rows: tuple[Row, ...] = ()
    folders: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    beside: tuple[Row, ...] = ()
    identity: FolderId | None = field(default=None, compare=False)
    passed: tuple[str, ...] = field(default=(), compare=False)

    @property
    def readable(self) -> bool:
        """Whether the folder could be listed; otherwise it cannot be watched either."""
        return bool(self.rows or self.folders or not self.warnings)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows as values, sorted by name."""
        return tuple(Entry.of(row) for row in self.rows)


def look(
    root: Path,
    folder: PurePosixPath,
    ignore: Ignore,
    *,
    suffix: str = MASTER_SUFFIX,
    beside: Kinds = NO_KINDS,
) -> FolderView:
    """
    List one folder; a missing one is empty, an unreadable one is a warning.

    Symbolic links below the root are neither followed nor listed: what is reached only
    through one is missing.

    Args:
        beside: Which other files are listed, apart from those with the suffix.
    """
    if linked_folder(root, folder.parent):
        return FolderView(folder)
    return _list(os.fspath(root), "/".join(folder.parts), ignore, suffix, beside)


def _list(root: str, folder: str, ignore: Ignore, suffix: str, beside: Kinds) -> FolderView:
    """
    List one folder; a walk does this for every folder of a library, so it works on strings.

    Args:
        folder: Relative to the root; "" for the root itself.
    """
    rows: list[Row] = []
    others: list[os.DirEntry[str]] = []
    strangers: list[os.DirEntry[str]] = []
    warnings: list[str] = []
    tail = len(suffix)
    path = PurePosixPath(folder)
    try:
        descriptor = opened_folder(f"{root}/{folder}" if folder else root, follow=not folder)
        try:
            own = os.fstat(descriptor)
            with os.scandir(descriptor) as listing:
                for item in listing:
                    name = item.name
                    if name[-tail:].lower() != suffix or ignore.file(name):
                        others.append(item)
                        continue
                    try:
                        status = item.stat(follow_symlinks=False)
                    except OSError as error:
                        warnings.append(f"{path / name} could not be looked at: {error.strerror}")
                        continue
                    if stat.S_ISREG(status.st_mode):
                        rows.append(_row(name, status))
                    else:
                        others.append(item)
                folders, scratch, passed = _sorted_out(others, strangers, ignore, suffix)
                wanted = _listed(strangers, beside, ignore, warnings, path) if strangers else ()
        finally:
            os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError):
        return FolderView(path)  # O_NOFOLLOW with O_DIRECTORY says ENOTDIR of a link
    except OSError as error:
        return FolderView(path, warnings=(f"{path} could not be read: {error.strerror}",))
    rows.sort()
    identity = (own.st_dev, own.st_ino)
    found = (tuple(rows), folders, scratch, tuple(warnings), wanted)
    return FolderView(path, *found, identity, passed)


def opened_folder(folder: str, *, follow: bool) -> int:
    """Open a folder without a trace where the owner may: not even its atime changes (w24)."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        return os.open(folder, flags | os.O_NOATIME)
    except PermissionError:
        return os.open(folder, flags)


def root_id(root: Path) -> FolderId | None:
    """Tell which folder a root is; None when it is not there."""
    try:
        status = root.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def _sorted_out(
    others: list["os.DirEntry[str]"],
    strangers: list["os.DirEntry[str]"],
    ignore: Ignore,
    suffix: str,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Tell folders to walk into, and temporaries of PAC's own, from what is no master: the rest."""
    folders: list[str] = []
    scratch: list[str] = []
    passed: list[str] = []
    for item in others:
        if item.is_dir(follow_symlinks=False):
            if not ignore.folder(item.name):
                folders.append(item.name)
            elif ignore.doubtful(item.name):
                passed.append(item.name)
        elif item.name.startswith(SCRATCH_PREFIX):
            scratch.append(item.name)
        else:
            strangers.append(item)
            alike = item.name[-len(suffix) :].lower() == suffix
            if item.is_symlink() or (alike and ignore.doubtful(item.name)):
                passed.append(item.name)
    return tuple(sorted(folders)), tuple(scratch), tuple(sorted(passed))


def _listed(
    strangers: list["os.DirEntry[str]"],
    beside: Kinds,
    ignore: Ignore,
    warnings: list[str],
    path: PurePosixPath,
) -> tuple[Row, ...]:
    """Look at the files among the rest that are asked for, and at no others."""
    rows: list[Row] = []
    for item in strangers:
        if not beside.match(item.name) or ignore.file(item.name):
            continue
        try:
            status = item.stat(follow_symlinks=False)
        except OSError as error:
            warnings.append(f"{path / item.name} could not be looked at: {error.strerror}")
            continue
        if stat.S_ISREG(status.st_mode):
            rows.append(_row(item.name, status))
    rows.sort()
    return tuple(rows)


def _row(name: str, status: os.stat_result) -> Row:
    return (
        name,
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_nlink,
    )


def walk(
    root: Path,
    ignore: Ignore,
    *,
    below: PurePosixPath | None = None,
    suffix: str = MASTER_SUFFIX,
    beside: Kinds = NO_KINDS,
) -> Iterator[FolderView]:
    """
    Look at every folder of a library or a mirror, each once, parents first (L2).

    Memory is bounded by the folders that wait, not by the files.

    Args:
        below: Start here instead of at the root.
        beside: As for look().
    """
    view = look(root, below or PurePosixPath(), ignore, suffix=suffix, beside=beside)
    yield view
    base, start = os.fspath(root), "/".join(view.path.parts)
    waiting = _below(start, view)
    while waiting:
        folder = waiting.pop()
        view = _list(base, folder, ignore, suffix, beside)
        yield view
        waiting.extend(_below(folder, view))


def _below(folder: str, view: FolderView) -> list[str]:
    """The folders of a folder, the last to be walked first."""
    prefix = f"{folder}/" if folder else ""
    return [prefix + name for name in reversed(view.folders)]


def ignored_folder(folder: PurePosixPath, ignore: Ignore) -> str | None:
    """Return why nothing in a folder is maintained, a clause, or None if it is."""
    for name in folder.parts:
        reason = ignore.folder(name)
        if reason:
            return f"its folder {name} is {reason}"
    return None


def linked_folder(root: Path, folder: PurePosixPath) -> str | None:
    """Return the first part of a folder's path that is a symbolic link, or None."""
    path = os.fspath(root)
    for name in folder.parts:
        path = f"{path}/{name}"
        if os.path.islink(path):  # noqa: PTH114  # a Path for each part would cost a walk dearly
            return name
    return None


def left_alone(
    root: Path, path: PurePosixPath, ignore: Ignore, beside: Kinds = NO_KINDS
) -> str | None:
    """
    Return why PAC does not maintain a path, a clause for people, or None if it does.

    Args:
        path: Relative to the root; need not exist.
        beside: What is maintained besides masters.
    """
    linked = linked_folder(root, path.parent)
    reason = ignored_folder(path.parent, ignore)
    if linked and not reason:
        reason = f"its folder {linked} is a symbolic link"
    return reason or _kept_from(root / path, ignore, beside)


def _kept_from(path: Path, ignore: Ignore, beside: Kinds) -> str | None:
    """Return why the thing itself is not maintained."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return f"it cannot be looked at: {error.strerror}"
    if stat.S_ISDIR(mode):
        return ignore.folder(path.name) or FOLDER
    for is_kind, words in _NOT_FILES:
        if is_kind(mode):
            return words
    if not path.name.lower().endswith(MASTER_SUFFIX) and not beside.match(path.name):
        return "PAC maintains only files whose name ends in .flac"
    return ignore.file(path.name)
