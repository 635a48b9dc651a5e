"""Which names are left alone, and why; reads nothing."""

import fnmatch
from collections.abc import Iterable
from typing import Final

# Names that copying, downloading and tagging programs give to files they have not finished
# (facts of each program: syncthing, rsync, Transmission, qBittorrent, Firefox, rclone, aria2,
# libFLAC's metadata_edit and flac's tmp,fl-ac+en'c), and folders that a NAS, a desktop or a
# file system keeps for itself.  tests/unit/intake/test_ignore.py has them as a table.
_HIDDEN: Final = ".[!.]*"
"""
What Unix hides, but for names of two dots and more: no program makes those, and titles begin
so ("...And Justice for All").  Of one dot nobody can tell: `.38 Special` is hidden, and said.
"""

_FILES: Final = (
    ("._*", "a macOS resource file"),
    (_HIDDEN, "a hidden file"),
    ("*.part", "a download that is not finished"),
    ("*.partial", "a download that is not finished"),
    ("*.partial~", "a download that is not finished"),
    ("*.crdownload", "a download that is not finished"),
    ("*.!qB", "a download that is not finished"),
    ("*.aria2", "a download that is not finished"),
    ("~syncthing~*", "a copy that syncthing has not finished"),
    ("*.metadata_edit", "a temporary file of metaflac"),
    ("*.tmp,fl-ac+en'c", "a temporary file of flac"),
    ("*.tmp", "a temporary file"),
    ("*~", "a backup file of an editor"),
)
_FOLDERS: Final = (
    (".pacd-recycle", "PAC's recycle bin"),
    (".pacd-*", "a folder of PAC's own"),
    (".Trash*", "a recycle bin"),
    (".recycle*", "a recycle bin"),
    (".snapshot*", "snapshots of the file system"),
    (".zfs", "snapshots of the file system"),
    (".stversions", "what syncthing keeps of earlier files"),
    (".rsync-partial", "copies that rsync has not finished"),
    (".~tmp~", "copies that rsync has not finished"),
    (".git", "a repository of git"),
    (".AppleDouble", "resource files of a Mac"),
    (_HIDDEN, "a hidden folder"),
    ("@eaDir", "a folder of the NAS"),
    ("#recycle", "the NAS's recycle bin"),
    ("#snapshot", "the NAS's snapshots"),
    ("@Recycle", "the NAS's recycle bin"),
    ("@Recently-Snapshot", "the NAS's snapshots"),
    ("@tmp", "a folder of the NAS"),
    ("$RECYCLE.BIN", "the recycle bin of Windows"),
    ("$Recycle.Bin", "the recycle bin of Windows"),
    ("RECYCLER", "the recycle bin of Windows"),
    ("Network Trash Folder", "the recycle bin of a Mac"),
    ("System Volume Information", "a folder of Windows"),
    ("lost+found", "a folder of the file system"),
)

FOLDER: Final = "it is a folder; PAC looks at the files in it"
"""Why a folder that is not left alone is nothing to maintain."""

_WILD: Final = frozenset("*?[")

_OWN_REASON: Final = "named by the setting [watch] ignore"


class Ignore:
    """
    The built-in list and the owner's patterns.

    A pattern of the owner's is a shell pattern for the name of a file or a
    folder; it is compared with case.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        own = tuple((pattern, _OWN_REASON) for pattern in patterns)
        self._files = _Table(_FILES + own)
        self._folders = _Table(_FOLDERS + own)
        self._own = _Table(own)

    def file(self, name: str) -> str | None:
        """Return why a file is left alone, a clause, or None."""
        return self._files.reason(name)

    def folder(self, name: str) -> str | None:
        """Return why a folder is left alone with all it holds, a clause, or None."""
        return self._folders.reason(name)

    def doubtful(self, name: str) -> bool:
        """
        Whether nothing but its first dot has a name left alone, and not the owner either.

        What bears it may be music all the same.
        """
        hidden = f"({_HIDDEN})"
        reasons = (self.file(name), self.folder(name))
        return all(why and why.endswith(hidden) for why in reasons) and not self._own.reason(name)


class _Table:
    """
    Patterns with reasons.

    A walk asks for every name of a library, and nearly all are none of them: a look at
    a name's ends turns those down.
    """

    def __init__(self, patterns: tuple[tuple[str, str], ...]) -> None:
        self._patterns = patterns
        globs = [pattern for pattern, _ in patterns]
        self._heads = tuple(glob[:1] for glob in globs if _is_plain(glob[:1]))
        self._tails = tuple(glob[1:] for glob in globs if glob[:1] == "*" and _is_plain(glob[1:]))
        self._all_named = len(self._heads) + len(self._tails) == len(globs)

    def reason(self, name: str) -> str | None:
        likely = name.startswith(self._heads) or name.endswith(self._tails)
        if self._all_named and not likely:
            return None
        for pattern, words in self._patterns:
            if fnmatch.fnmatchcase(name, pattern):
                return f"{words} ({pattern})"
        return None


def _is_plain(text: str) -> bool:
    """Whether a part of a shell pattern stands for itself, and for something."""
    return bool(text) and not _WILD & set(text)
