"""Which library a path that a person named lies in; reads names only."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pacd.domain.policy import DaemonPolicy, LibraryPolicy
from pacd.errors import RefusedError, UnknownError
from pacd.intake.audit import ignored_folder
from pacd.intake.debounce import Place
from pacd.intake.ignore import Ignore


def by_id(policy: DaemonPolicy, ids: Mapping[str, int]) -> Mapping[int, LibraryPolicy]:
    """Give the configured libraries by their ids."""
    return {ids[each.name]: each for each in policy.libraries if each.name in ids}


def locate(policy: DaemonPolicy, path: str) -> tuple[LibraryPolicy, PurePosixPath]:
    """
    Return the library and the path below its root; a relative path is below some root.

    Raises:
        UnknownError: It lies in no library; or, relative, in none of several now.
        RefusedError: It is relative, and there in several libraries.
    """
    asked = PurePosixPath(os.path.normpath(path))
    if asked.is_absolute():
        for library in policy.libraries:
            if asked.is_relative_to(library.root):
                return library, asked.relative_to(library.root)
    elif ".." not in asked.parts and policy.libraries:
        return _having(policy, asked), asked
    raise UnknownError(f"{path} lies in no library of PAC's ({_roots(policy)}).")


def _having(policy: DaemonPolicy, asked: PurePosixPath) -> LibraryPolicy:
    """The library that a relative path means; of one that is gone only a lone library is sure."""
    there = [each for each in policy.libraries if os.path.lexists(each.root / asked)]
    there = list(policy.libraries) if len(policy.libraries) == 1 else there
    if len(there) == 1:
        return there[0]
    fix = "Give the whole path, from / on."
    if not there:
        told = f"{asked} lies in none of PAC's libraries now ({_roots(policy)})."
        raise UnknownError(told, fix=fix)
    named = ", ".join(str(each.root / asked) for each in there)
    raise RefusedError(f"{asked} is there in {len(there)} libraries: {named}.", fix=fix)


def _roots(policy: DaemonPolicy) -> str:
    return ", ".join(str(library.root) for library in policy.libraries)


def places(policy: DaemonPolicy, path: str | None) -> Iterator[Place]:
    """
    Yield the folders that a request means: a file's own, a folder, or every library.

    Raises:
        UnknownError: It lies in no library, or is not there.
        RefusedError: It lies in a folder that PAC leaves alone.
    """
    if path is None:
        for library in policy.libraries:
            yield Place(library.name, PurePosixPath())
        return
    library, relative = locate(policy, path)
    if is_folder(library.root) and not os.path.lexists(library.root / relative):
        raise UnknownError(f"{library.root / relative} is not there.")
    folder = relative if is_folder(library.root / relative) else relative.parent
    reason = ignored_folder(folder, Ignore(policy.ignore)) or _linked(library, folder)
    if reason:
        raise RefusedError(f"{library.root / folder} is left alone: {reason}.")
    yield Place(library.name, folder)


def _linked(library: LibraryPolicy, folder: PurePosixPath) -> str | None:
    for part in (folder, *folder.parents):
        if part.parts and os.path.islink(library.root / part):  # noqa: PTH114  # see is_folder()
            return f"{part.name} is a symbolic link"
    return None


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False also where nobody may look, and where none can be."""
    return os.path.isdir(path)  # noqa: PTH112  # Path.is_dir() raises there: EACCES, ENAMETOOLONG
