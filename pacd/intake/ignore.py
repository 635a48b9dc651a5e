"""Which names are left alone, and why; reads nothing."""

import fnmatch
from collections.abc import Iterable
from typing import Final

# Names that copying, downloading and tagging programs give to files they have not finished
# (facts of each program: syncthing, rsync, Transmission, qBittorrent, Firefox, rclone, aria2,
# libFLAC's metadata_edit and flac's tmp,fl-ac+en'c), and folders that a NAS, a desktop or a
# file system keeps for itself.  tests/unit/intake/test_ignore.py has them as a table.
_FILES: Final = (
    ("._*", "a macOS resource file"),
    (".*", "a hidden file"),
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
    (".*", "a hidden folder"),
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

    def file(self, name: str) -> str | None:
        """Return why a file is left alone, a clause, or None."""
        return self._files.reason(name)

    def folder(self, name: str) -> str | None:
        """Return why a folder is left alone with all it holds, a clause, or None."""
        return self._folders.reason(name)


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
